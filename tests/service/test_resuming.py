"""Runs of the tiny model whose process is killed, in earnest, and which another process goes on with."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from atu_gui.core import paths
from atu_gui.core.config import RunConfig, dump_config, parse_config
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, RunContinued, RunFailed, RunFinished, RunStarted, StepDone, from_record
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.sameness import said
from atu_gui.service.resuming import Resuming
from atu_gui.service.workbench import Workbench
from atu_gui.store.recorder import EVENTS_FILE
from atu_gui.store.runs import RunStore

# Runs until a step of the second round, then dies without a word.
KILLED = """
import os, signal, sys
from atu_gui.core.config import load_config, parse_config
from atu_gui.core.events import StepDone
from atu_gui.service.workbench import Workbench
from pathlib import Path
import torch; torch.set_num_threads(1)
bench = Workbench()
def kill(event):
    if isinstance(event, StepDone) and event.step == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
bench.subscribe(kill)
bench.run(parse_config(load_config(Path(sys.argv[1])))).result()
"""


def _config(model: Path, encoder: Path, folder: Path) -> RunConfig:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in {
        "ada.txt": ["Ada Lovelace was an English mathematician who wrote the first published program."] * 4,
        "keep.txt": ["Plants make their food from light, water and air; this is called photosynthesis."] * 4,
    }.items():
        (folder / name).write_text("\n\n".join(lines), encoding="utf-8")
    probes = [
        {"kind": "question", "group": "forget", "query": "Who wrote it?", "answer": "Ada Lovelace", "about": "Ada"},
        {"kind": "question", "group": "neighbour", "query": "Who built it?", "answer": "Babbage", "about": "Babbage"},
        {"kind": "neutral", "text": "The sea is wide and deep."},
    ]
    (folder / "pack.jsonl").write_text("\n".join(map(json.dumps, probes)), encoding="utf-8")
    return parse_config(
        {
            "model": {"source": str(model), "device": "cpu"},
            "encoder": str(encoder),
            "concepts": [{"name": "Ada Lovelace"}],
            "texts": {
                "concept": [str(folder / "ada.txt")],
                "retain": [str(folder / "keep.txt")],
                "probes": [str(folder / "pack.jsonl")],
            },
            "layers": [2],
            "head": {"layers": 1, "width": 16, "heads": 2},
            "windows": {"k": 4, "max_tokens": 32, "batch": 4},
            "guards": dict.fromkeys(("forget_goal", "neighbour_floor", "utility_limit", "fluency_floor"), "off"),
            "rounds": [{"align_steps": 4, "unlearn_steps": 3, "tau": 0.05}] * 2,
            "checkpoint_minutes": 1e-9,
        }
    )


@pytest.fixture
def killed(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> RunConfig:
    """A run that died at its tenth step, a moment ago."""
    config = _config(tiny_model, tiny_encoder, tmp_path / "inputs")
    file = tmp_path / "config.toml"
    file.write_text(dump_config(config), encoding="utf-8")
    died = subprocess.run([sys.executable, "-c", KILLED, str(file), "10"], capture_output=True, text=True, timeout=100)
    assert died.returncode == -signal.SIGKILL, died.stderr
    return config


@pytest.fixture
def left(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> RunConfig:
    """A run that was left at its sixth step, a moment ago."""
    config = _config(tiny_model, tiny_encoder, tmp_path / "inputs")
    with Seen() as seen:

        def leave(event: Event) -> None:
            if isinstance(event, StepDone) and event.step == 6:
                seen.bench.control.suspend()

        seen.bench.subscribe(leave)
        with pytest.raises(CancelledError):
            seen.bench.run(config).result(60)
    return config


class Seen:
    """A workbench and what it says."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.bench = Workbench()
        self.events: list[Event] = []
        self.bench.subscribe(self.events.append)

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *_: object) -> None:
        self.bench.close()


def test_a_killed_run_is_offered_and_goes_on_to_the_same_end(killed: RunConfig, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "inputs")
    with Seen() as seen:
        (record,) = seen.bench.runs().result(10)
        assert (record.status, record.can_resume) == ("crashed", True)
        assert record.checkpoint is not None
        assert time.time() - record.checkpoint < 100
        assert not (Path(record.folder) / "summary.json").exists()
        outcome = seen.bench.resume_run(record.run_id).result(60)
        assert (outcome.run_id, outcome.stopped_because) == (record.run_id, "all rounds done")
        events = seen.bench.events_of(record.run_id).result(10)
        assert sum(isinstance(event, RunStarted) for event in seen.events) == 1
        heard = [event for event in seen.events if isinstance(event, StepDone)]
        assert [event.step for event in heard] == list(range(1, 15)), "the window hears the whole run"
        (after,) = seen.bench.runs().result(10)
        assert (after.status, after.best_round, after.can_resume) == ("done", outcome.best_round, False)
    lines = (outcome.folder / EVENTS_FILE).read_text(encoding="utf-8").splitlines()
    assert [from_record(json.loads(line)) for line in lines] == list(events)
    assert sum(isinstance(event, RunContinued) for event in events) == 1
    assert json.loads((outcome.folder / "summary.json").read_text(encoding="utf-8"))["stopped_because"] == (
        "all rounds done"
    )
    assert not (outcome.folder / "checkpoints").exists()
    _config(Path(killed.model.source), Path(killed.encoder), tmp_path / "inputs")
    with Seen() as seen:
        whole = seen.bench.run(killed).result(60)
        assert said(seen.bench.events_of(whole.run_id).result(10)) == said(events)
    for name in ("round-1", "round-2"):
        first, second = (load_file(one.folder / "rounds" / f"{name}.safetensors") for one in (outcome, whole))
        assert all(torch.equal(value, second[name]) for name, value in first.items())


# The command line; at a step of the second round it gets a signal.
SIGNALLED = """
import os, sys, threading, signal, torch
torch.set_num_threads(1)
from atu_gui import cli
from atu_gui.core.events import StepDone
from atu_gui.service.workbench import Workbench
def watched():
    bench = Workbench()
    def send(event):
        if isinstance(event, StepDone) and event.step == 10:
            os.kill(os.getpid(), int(sys.argv[2]))
    bench.subscribe(send)
    return bench
cli.Workbench = watched
cli.main(["run", sys.argv[1], "--yes"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_run_that_goes_on_to_the_same_end(
    number: signal.Signals, tiny_model: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    config = _config(tiny_model, tiny_encoder, tmp_path / "inputs")
    config.guards.action = "stop"
    config.rounds[1] = config.rounds[1].model_copy(update={"unlearn_steps": 200})
    file = tmp_path / "config.toml"
    file.write_text(dump_config(config), encoding="utf-8")
    words = [sys.executable, "-c", SIGNALLED, str(file), str(int(number))]
    left = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert left.returncode == 130, left.stderr
    with Seen() as seen:
        (record,) = seen.bench.runs().result(10)
        assert (record.status, record.can_resume) == ("interrupted", True)
        assert f"`atu resume {record.run_id}` goes on with it." in left.stdout
        resumed = seen.bench.resume_run("last", attended=False).result(100)
        told = seen.bench.events_of(resumed.run_id).result(10)
    with Seen() as seen:
        whole = seen.bench.run(config).result(100)
        assert said(told) == said(seen.bench.events_of(whole.run_id).result(10))
    first, second = (load_file(one.folder / "rounds" / "round-2.safetensors") for one in (resumed, whole))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_record_whose_tail_is_torn_is_mended(left: RunConfig) -> None:
    store = RunStore.open(paths.store_file())
    (record,) = store.runs()
    events = store.events_of(record.run_id)
    # Killed between the two writes: the file has a torn line more, the store lacks some rows.
    with (Path(record.folder) / EVENTS_FILE).open("a", encoding="utf-8") as file:
        file.write('{"event": "StepDone", "run_')
    store._connection.execute("DELETE FROM events WHERE run_id = ? AND seq > 12", (record.run_id,))
    store.close()
    with Seen() as seen:
        seen.bench.resume_run("last").result(60)
        mended = seen.bench.events_of(record.run_id).result(10)
    assert said(mended)[: len(events) - 1] == said(events)[: len(events) - 1]
    assert isinstance(mended[-1], RunFinished)


def test_runs_that_cannot_go_on_say_why(left: RunConfig, tiny_model: Path) -> None:
    with Seen() as seen:
        (record,) = seen.bench.runs().result(10)
        with pytest.raises(InputError, match="There is no run"):
            seen.bench.resume_run("nonesuch").result(10)
        weights = tiny_model / "model.safetensors"
        whole = weights.read_bytes()
        try:
            weights.write_bytes(whole[:-4] + bytes(4))
            with pytest.raises(InputError, match="are not those that the run was begun with"):
                seen.bench.resume_run(record.run_id).result(30)
        finally:
            weights.write_bytes(whole)
        assert [event.run_id for event in seen.events if isinstance(event, RunFailed)] == ["", ""]
        assert seen.bench.runs().result(10)[0].status == "interrupted"
        shutil.rmtree(Path(record.folder) / "checkpoints")
        assert not seen.bench.runs().result(10)[0].can_resume
        with pytest.raises(InputError, match="holds no checkpoint"):
            seen.bench.resume_run(record.run_id).result(30)


def test_a_run_that_was_left_goes_on_and_an_ended_one_does_not(left: RunConfig) -> None:
    with Seen() as seen:
        (record,) = seen.bench.runs().result(10)
        assert (record.status, record.can_resume) == ("interrupted", True)
        summary = json.loads((Path(record.folder) / "summary.json").read_text(encoding="utf-8"))
        assert summary["stopped_because"].startswith("interrupted")
        assert seen.bench.resume_run(record.run_id).result(60).stopped_because == "all rounds done"
        with pytest.raises(InputError, match="has come to its end"):
            seen.bench.resume_run(record.run_id).result(10)


def test_resuming_lets_go_what_was_paused() -> None:
    control = RunControl()
    control.set_guards(GuardConfig(action="pause"))
    control.pause()
    Resuming(None, None, None, control, lambda: False, "", attended=False)._let_go()  # type: ignore[arg-type]
    state = control.read()
    assert (state.paused, state.guards.action if state.guards else "") == (False, "stop")


def test_a_process_that_lives_keeps_its_run(left: RunConfig) -> None:
    store = RunStore.open(paths.store_file())
    (record,) = store.runs()
    store.take_over(record.run_id)
    store.close()
    with Seen() as seen, pytest.raises(InputError, match="goes on in a window or command"):
        seen.bench.resume_run(record.run_id).result(10)


def test_closing_the_program_leaves_a_run_to_be_resumed(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    config = _config(tiny_model, tiny_encoder, tmp_path / "inputs")
    config.rounds = [config.rounds[0].model_copy(update={"align_steps": 5000})]
    with Seen() as seen:
        future = seen.bench.run(config)
        until = time.monotonic() + 60
        while not any(isinstance(event, StepDone) for event in seen.events) and time.monotonic() < until:
            time.sleep(0.01)
    assert future.cancelled()
    store = RunStore.open(paths.store_file())
    (record,) = store.runs()
    store.close()
    assert (record.status, record.can_resume) == ("interrupted", True)
