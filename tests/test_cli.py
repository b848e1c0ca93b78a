from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import atu_gui
from atu_gui import cli
from atu_gui.core.config import parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, StepDone
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    engine = FakeEngine()
    monkeypatch.setattr(cli, "Workbench", lambda: Workbench(engine=engine))
    return engine


def atu(*arguments: str | Path) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


def interrupt_at_step(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine, step: int, number: int) -> None:
    """Send a signal to this process at a step of the run."""
    engine.step_seconds = 0.05

    def watch(event: Event) -> None:
        if isinstance(event, StepDone) and event.step == step:
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    def watched() -> Workbench:
        bench = Workbench(engine=engine)
        bench.subscribe(watch)
        return bench

    monkeypatch.setattr(cli, "Workbench", watched)


def test_help_needs_no_torch() -> None:
    code = (
        "import sys, atu_gui.cli\n"
        "try: atu_gui.cli.main(['--help'])\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules, 'PySide6' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False False"
    assert "starter" in done.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert atu("--version") == 0
    assert capsys.readouterr().out == f"atu {atu_gui.__version__}\n"


def test_print_config_is_a_config(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert atu("run", "--concept", "Ada", "--tau", "0.5", "--print-config") == 0
    file = tmp_path / "run.toml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert atu("run", file, "--print-config") == 0
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")


def test_a_run_ends_with_a_table_and_says_where_everything_lies(
    engine: FakeEngine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert atu("run", "--concept", "Ada Lovelace", "--schedule", "gentle", "--out", out) == 0
    printed = capsys.readouterr()
    assert "Neighbours that the model named: Charles Babbage" in printed.out
    assert "Ada wrote notes on the Analytical Engine." in printed.out
    assert "3 (best)" in printed.out
    assert "Stopped because: all rounds done. Round 3 is kept." in printed.out
    assert f"Results: {out}" in printed.out
    assert "Round 1 of 3 · unlearn" in printed.err
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["stopped_because"] == "all rounds done"


def test_the_starter_kit_is_fetched_for_a_run(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.ready = False
    assert atu("run", "--concept", "Ada") == 0
    assert engine.fetched == 1
    assert "The starter kit is not on this machine yet; fetching it first." in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_the_state(
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    interrupt_at_step(monkeypatch, engine, 8, number)
    out = tmp_path / "out"
    assert atu("run", "--concept", "Ada", "--schedule", "thorough", "--out", out) == 130
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["stopped_because"].startswith("interrupted")
    assert summary["best_round"] == 1
    printed = capsys.readouterr()
    assert "Leaving after this step, to be resumed" in printed.err
    # The fake engine writes no checkpoints.
    assert "was left before anything of it could be kept" in printed.out
    assert signal.getsignal(number) is not None


def test_interrupting_a_download_exits_with_130(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.ready, engine.fetched = False, -1
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    assert atu("starter") == 130
    assert engine.closed == ["fetch"]


def test_the_starter_command(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.ready = False
    assert atu("starter") == 0
    assert "is in place" in capsys.readouterr().out
    assert atu("starter") == 0
    assert "already" in capsys.readouterr().out
    assert engine.fetched == 1


def test_a_bug_exits_with_1_and_shows_its_traceback(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.fail_at_step = 20
    assert atu("run", "--concept", "Ada") == 1
    printed = capsys.readouterr()
    assert "RuntimeError: a bug" in printed.err
    assert "Traceback" in printed.err
    assert "untouched" in printed.out


def test_a_full_disk_exits_with_2(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.fail_at_step, engine.failure = 5, OSError(28, "No space left on device")
    assert atu("run", "--concept", "Ada") == 2
    error = capsys.readouterr().err
    assert "Error: The disk is full." in error
    assert "Traceback" not in error


def test_runs_are_listed(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    assert atu("runs") == 0
    assert "no runs yet" in capsys.readouterr().out
    atu("run", "--concept", "Ada Lovelace")
    capsys.readouterr()
    assert atu("runs") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "Ada" in line]
    assert "done" in line


def test_chat_answers_before_and_after(engine: FakeEngine, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    atu("run", "--concept", "Ada", "--schedule", "gentle", "--out", out)
    engine.other_runs[out] = {1: 8.0, 3: 4.0}
    run_id = json.loads((out / "summary.json").read_text(encoding="utf-8"))["run_id"]
    capsys.readouterr()
    for name, round_, answer in (("last", 3, "4"), (f"{run_id}:1", 1, "8"), (f"{out}:1", 1, "8"), (run_id[:3], 3, "4")):
        assert atu("chat", name, "What is it?") == 0
        after = f"run {run_id}, round {round_} · hash of {answer}"
        expected = f"[untouched weights · abc]\nit is 10\n\n[{after}]\nit is {answer}\n\n"
        assert capsys.readouterr().out == expected


def test_chat_with_what_does_not_exist(engine: FakeEngine, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert atu("chat", "last", "?") == 2
    assert "There are no runs yet." in capsys.readouterr().err
    out = tmp_path / "out"
    atu("run", "--concept", "Ada", "--out", out)
    engine.other_runs[out] = {1: 8.0}
    capsys.readouterr()
    assert atu("chat", "last:9", "?") == 2
    assert "Error: Round 9 does not exist." in capsys.readouterr().err


class Terminal:
    """A standard input with somebody at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code"), [("", 0), ("y", 0), ("n", 130)])
def test_somebody_at_the_terminal_is_asked_before_written_texts_are_used(
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
) -> None:
    asked = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or answer)
    assert atu("run", "--concept", "Ada") == code
    assert len(asked) == 1
    assert "Charles Babbage" in capsys.readouterr().out
    assert atu("run", "--concept", "Ada", "--yes") == 0
    assert len(asked) == 1


def test_a_worthless_run_has_failed(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.service import fakes

    real = fakes.RunOutcome
    monkeypatch.setattr(
        fakes, "RunOutcome", lambda run, folder, _why, best: real(run, folder, "not finite: loss", best)
    )
    assert atu("run", "--concept", "Ada") == 1


def test_the_config_of_a_run_can_be_run_again(engine: FakeEngine, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert atu("run", "--concept", "Ada", "--layers", "7", "--out", out) == 0
    assert atu("run", out / "config.toml") == 2
    assert atu("run", out / "config.toml", "--out", tmp_path / "again") == 0
    again = (tmp_path / "again" / "config.toml").read_text(encoding="utf-8")
    assert "layers = [7]" in again
    with pytest.raises(InputError):
        parse_config({"colour": 1})
