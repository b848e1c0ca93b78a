"""The command `atu eval` on a tiny real model and a small RWKU folder."""

from __future__ import annotations

import json
import signal
import threading
from importlib import metadata
from pathlib import Path

import pytest

from atu_gui import cli, cli_eval
from atu_gui.core.evaluation import PARTS
from atu_gui.core.events import Event, Progress
from atu_gui.core.locks import FileLock, occupy
from atu_gui.service.workbench import Workbench
from tests.engine.fake_hub import FakeHub
from tests.engine.hub_fixtures import hub, own_cache  # noqa: F401 - fixtures
from tests.engine.rwku_maker import make_target
from tests.service.fakes import FakeEngine


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return make_target(tmp_path / "7_Ada_Lovelace")


@pytest.fixture
def command(tiny_model: Path, target: Path) -> list[str | Path]:
    return ["eval", "--model", tiny_model, "--rwku", target]


def atu(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


def test_json_is_the_report_and_a_second_call_asks_nothing(
    command: list[str | Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for reading in ("rwku", "corrected"):
        assert atu(*command, "--parts", "fb,aa,mmlu,mia", "--reading", reading, "--json") == 0
        found.append(json.loads(capsys.readouterr().out))
    first, second = found
    assert (first["reading"], second["reading"]) == ("rwku", "corrected")
    assert first["targets"] == ["7_Ada_Lovelace"]
    assert "items" not in first
    assert {"forget FB", "forget AA", "MMLU accuracy", "MIA AUC loss"} <= {one["name"] for one in first["scores"]}
    assert [time["cached"] for time in first["times"]] == [0, 0, 0, 0]
    assert all(time["cached"] == time["items"] > 0 for time in second["times"])
    assert first["weights_hash"] == second["weights_hash"]
    assert len(second["differs"]) > len(first["differs"])


def test_the_table_and_the_files(command: list[str | Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "out"
    assert atu(*command, "--parts", "fb, qa", "--limit", "1", "--out", out) == 0
    printed = capsys.readouterr()
    assert "forget FB" in printed.out
    assert "at most 1 item of each part" in " ".join(printed.out.split())
    both = printed.out + printed.err
    assert both.count("fewer than 30 items") == 1
    lines = (out / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["part"] for line in lines] == ["fb", "qa"]
    assert json.loads((out / "evaluation.json").read_text(encoding="utf-8"))["limit"] == 1


@pytest.mark.parametrize("command_", ["rwku", "lm-eval"])
def test_a_folder_that_another_command_writes_into_is_refused_before_anything_is_asked(
    command: list[str | Path], command_: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    other = occupy_made(out)
    try:
        asked = [*command, "--parts", "fb"] if command_ == "rwku" else ["eval", "last", "--lm-eval", "any"]
        assert atu(*asked, "--out", out) == 2
    finally:
        other.release()
    assert f"writes into {out}." in capsys.readouterr().err
    assert list(out.iterdir()) == []


def occupy_made(folder: Path) -> FileLock:
    folder.mkdir()
    return occupy(folder)


def test_all_parts_are_asked_unless_some_are_named(
    command: list[str | Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from atu_gui.engine.probes import raw_answers

    monkeypatch.setattr(raw_answers, "NEW_TOKENS", dict.fromkeys(raw_answers.NEW_TOKENS, 2))
    assert atu(*command, "--json") == 0
    assert {time["part"] for time in json.loads(capsys.readouterr().out)["times"]} == set(PARTS)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--rwku", "nowhere"], "holds none of the RWKU files"),
        (["--parts", "fb,wisdom"], "There is no part “wisdom”."),
        (["--reading", "kind"], "There is no reading “kind”."),
        (["last"], "Either a model or a run is evaluated."),
    ],
)
def test_bad_input_is_one_sentence(
    command: list[str | Path], wrong: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert atu(*command, *wrong) == 2
    printed = capsys.readouterr()
    (error,) = [line for line in printed.err.splitlines() if line.startswith("Error: ")]
    assert words in error
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_a_target_comes_from_the_hub(
    tiny_model: Path,
    target: Path,
    hub: FakeHub,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = target.parent / "served"
    (root / "Target").mkdir(parents=True)
    target.rename(root / "Target" / target.name)
    hub.repos["datasets/jinzhuoran/RWKU"] = root
    command = ["eval", "--model", str(tiny_model), "--parts", "fb", "--json", "--rwku"]
    assert atu(*command, "hub:Ada Lovelace") == 0
    assert json.loads(capsys.readouterr().out)["targets"] == ["7_Ada_Lovelace"]
    assert atu(*command, "hub:Nobody") == 2
    assert "Error: RWKU on the hub has no target “Nobody”." in capsys.readouterr().err


def test_faults_of_the_files_are_named(
    command: list[str | Path], target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (target / "forget_level1.json").write_text('[{"query": "Ada was ___."}]', encoding="utf-8")
    assert atu(*command) == 2
    assert "item 1, field “answer”" in capsys.readouterr().err


def test_a_folder_that_cannot_be_had_is_refused_before_anything_is_asked(
    command: list[str | Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert atu(*command, "--out", tmp_path / "file" / "out") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not (tmp_path / "atu-cache").exists()


def test_a_limit_must_be_a_number_above_zero(command: list[str | Path]) -> None:
    assert atu(*command, "--limit", "0") == 2
    assert atu("eval", "--model", "x") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "x"], "Either RWKU targets or tasks of lm-eval are asked."),
        (["last", "--lm-eval", "piqa", "--rwku", "x"], "Either RWKU targets or tasks of lm-eval are asked."),
        (["--model", "x", "--lm-eval", "piqa"], "lm-eval is asked before and after a round."),
        (["last", "--lm-eval", "piqa"], "The harness lm-eval is not installed."),
    ],
)
def test_the_harness_needs_a_round_and_the_extra(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(_name: str) -> str:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", absent)
    assert atu("eval", *arguments) == 2
    printed = capsys.readouterr()
    (error,) = [line for line in printed.err.splitlines() if line.startswith("Error: ")]
    assert words in error and printed.out == ""


def test_an_interrupt_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = FakeEngine()
    engine.prompts, engine.step_seconds = 10_000, 0.001

    def interrupt(event: Event) -> None:
        if isinstance(event, Progress) and event.job == "ask" and event.done == 3:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def watched() -> Workbench:
        bench = Workbench(engine=engine)
        bench.subscribe(interrupt)
        return bench

    monkeypatch.setattr(cli_eval, "Workbench", watched)
    assert atu("eval", "--model", "starter", "--rwku", tmp_path) == 130
    assert "parts that are done are not asked again" in capsys.readouterr().err
