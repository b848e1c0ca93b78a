from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TypeVar

import pytest

from atu_gui.core import paths
from atu_gui.core.config import ModelConfig, RunConfig, load_config, parse_config
from atu_gui.core.errors import InputError, InternalError, OutputError, ResourceError
from atu_gui.core.events import (
    Event,
    JobFailed,
    ModelLoaded,
    Progress,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    StepDone,
    TextWritten,
)
from atu_gui.core.ports import UNTOUCHED, Weights, WorkbenchPort
from atu_gui.service.workbench import Workbench
from tests.service.fakes import MATERIALS, FakeEngine

T = TypeVar("T")


class Bench:
    """A workbench on the fake engine, and everything it said."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.workbench = Workbench(engine=self.engine)
        self.events: list[Event] = []
        self._news = threading.Condition()
        self.workbench.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def wait_until(self, condition: Callable[[], object]) -> None:
        with self._news:
            assert self._news.wait_for(condition, 10), self.events[-5:]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.workbench.close(5)


def config(**more: object) -> RunConfig:
    return parse_config({"concepts": [{"name": "Ada Lovelace"}], "schedule": "gentle", **more})


def test_the_port_is_spoken() -> None:
    names = [name for name in vars(WorkbenchPort) if not name.startswith("_")]
    assert all(hasattr(Workbench, name) for name in names)


def test_importing_the_service_loads_no_torch() -> None:
    code = "import sys, atu_gui.service.workbench; print('torch' in sys.modules, 'transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_run_goes_from_nothing_to_a_record(bench: Bench) -> None:
    outcome = bench.workbench.run(config()).result(10)
    assert outcome.best_round == 3
    assert outcome.stopped_because == "all rounds done"
    assert bench.engine.loads == 1
    assert bench.engine.threads == {"atu-worker"}

    (record,) = bench.workbench.runs().result(5)
    assert (record.run_id, record.status, record.best_round) == (outcome.run_id, "done", 3)
    assert [line.round for line in record.rounds] == [0, 1, 2, 3]
    recorded = bench.workbench.events_of(outcome.run_id).result(5)
    assert recorded == [event for event in bench.events if not isinstance(event, Progress | ModelLoaded)]
    assert any(isinstance(event, TextWritten) for event in recorded)


def test_the_folder_holds_config_events_texts_and_summary(bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = bench.workbench.run(config(out=str(out))).result(10)
    assert outcome.folder == out
    assert {path.name for path in out.iterdir()} == {
        "config.toml", "run.json", "events.jsonl", "texts", "summary.json",
    }  # fmt: skip
    written = parse_config(load_config(out / "config.toml"))
    assert written.layers == [10]
    assert len(written.rounds) == 3
    assert written.out == out
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["run_id"] == outcome.run_id
    assert summary["stopped_because"] == "all rounds done"
    assert [line["round"] for line in summary["rounds"]] == [0, 1, 2, 3]
    assert {"python", "atu-gui"} <= set(summary["versions"])
    lines = (out / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(bench.workbench.events_of(outcome.run_id).result(5))


def test_runs_without_a_folder_get_one_of_their_own(bench: Bench) -> None:
    first, second = (bench.workbench.run(config()).result(10) for _ in range(2))
    assert first.folder.parent == second.folder.parent == paths.runs_folder().absolute()
    assert first.folder != second.folder
    assert "ada-lovelace" in first.folder.name


def test_materials_that_were_seen_are_used_as_they_are(bench: Bench) -> None:
    materials = bench.workbench.prepare(config()).result(10)
    assert materials == MATERIALS
    outcome = bench.workbench.run(config(), materials).result(10)
    assert len(bench.of(TextWritten)) == 2
    assert bench.engine.loads == 1
    concept = (outcome.folder / "texts" / "concept.jsonl").read_text(encoding="utf-8")
    assert json.loads(concept)["text"] == "Ada wrote notes."


def test_every_run_begins_with_untouched_weights(bench: Bench) -> None:
    bench.workbench.load(ModelConfig(), "auto").result(10)
    model = bench.workbench._holding.loaded.lm
    bench.workbench.run(config(rounds=[{"align_steps": 0, "unlearn_steps": 4, "tau": 0.3}])).result(10)
    assert model.value == 6  # type: ignore[attr-defined]
    bench.workbench.run(config(rounds=[{"align_steps": 0, "unlearn_steps": 1, "tau": 0.3}])).result(10)
    assert model.value == 9  # type: ignore[attr-defined]
    assert bench.engine.loads == 1


def test_a_branch_begins_with_the_weights_of_its_parent(bench: Bench) -> None:
    parent = bench.workbench.run(config()).result(10)
    bench.engine.other_runs[parent.folder] = {1: 4.5}
    rounds = [{"align_steps": 0, "unlearn_steps": 1, "tau": 0.3}]
    branch = bench.workbench.run(config(rounds=rounds), MATERIALS, Weights(parent.run_id, 1)).result(10)
    assert bench.workbench._holding.loaded.lm.value == 3.5  # type: ignore[attr-defined]
    newest, oldest = bench.workbench.runs().result(5)
    assert (newest.run_id, newest.parent) == (branch.run_id, Weights(parent.run_id, 1))
    assert oldest.parent == UNTOUCHED
    assert bench.workbench.materials_of(branch.run_id).result(5) == MATERIALS


def test_any_round_of_any_run_can_become_current(bench: Bench) -> None:
    first = bench.workbench.run(config()).result(10)
    bench.engine.other_runs[first.folder] = {1: 4.5}
    second = bench.workbench.run(config()).result(10)
    model = bench.workbench._holding.loaded.lm
    best = model.value  # type: ignore[attr-defined]
    bench.engine.other_runs[second.folder] = {3: best}
    assert bench.workbench.return_to(Weights(first.run_id, 1)).result(5) == f"run {first.run_id}, round 1"
    assert model.value == 4.5  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="Round 9 does not exist"):
        bench.workbench.return_to(Weights(second.run_id, 9)).result(5)
    assert model.value == 4.5  # type: ignore[attr-defined]
    assert bench.workbench.return_to(Weights(second.run_id, 3)).result(5) == f"run {second.run_id}, round 3"
    assert model.value == best  # type: ignore[attr-defined]
    assert bench.workbench.return_to(UNTOUCHED).result(5) == "untouched weights"
    assert model.value == 10  # type: ignore[attr-defined]


def test_another_model_or_encoder_is_loaded(bench: Bench) -> None:
    bench.workbench.load(ModelConfig(), "auto").result(10)
    bench.workbench.run(config(encoder="other")).result(10)
    assert bench.engine.loads == 2


def test_stopping_keeps_the_last_good_round(bench: Bench) -> None:
    bench.engine.step_seconds = 0.01
    future = bench.workbench.run(config(schedule="thorough"))
    bench.wait_until(lambda: any(event.round == 2 for event in bench.of(StepDone)))
    bench.workbench.control.stop()
    outcome = future.result(10)
    assert (outcome.best_round, outcome.stopped_because) == (1, "stopped by you")
    (record,) = bench.workbench.runs().result(5)
    assert record.status == "stopped"


def test_discarding_goes_back_to_the_untouched_weights(bench: Bench) -> None:
    bench.engine.step_seconds = 0.01
    future = bench.workbench.run(config(schedule="thorough"))
    bench.wait_until(lambda: any(event.round == 2 for event in bench.of(StepDone)))
    bench.workbench.control.discard()
    outcome = future.result(10)
    assert (outcome.best_round, outcome.stopped_because) == (0, "discarded by you")
    (record,) = bench.workbench.runs().result(5)
    assert (record.status, record.best_round, record.stopped_because) == ("stopped", 0, "discarded by you")
    assert bench.workbench._holding.loaded.lm.value == 10  # type: ignore[attr-defined]


def test_a_round_that_a_guard_rejected_is_not_the_last_good_one(bench: Bench) -> None:
    bench.engine.rejected = {2}
    bench.engine.fail_at_step = 14
    with pytest.raises(InternalError):
        bench.workbench.run(config()).result(10)
    (failed,) = bench.of(RunFailed)
    assert failed.last_good_round == 1, "the run went on after round 2 because the user let it pass"
    assert bench.workbench._holding.loaded.lm.value == 10 - 6  # type: ignore[attr-defined]


def test_stopping_before_the_first_step_ends_with_an_event(bench: Bench) -> None:
    bench.engine.ready = False
    bench.engine.fetched = -1
    future = bench.workbench.run(config())
    bench.wait_until(lambda: any(event.job == "download" for event in bench.of(Progress)))
    bench.workbench.control.stop()
    with pytest.raises(CancelledError):
        future.result(10)
    assert bench.engine.closed == ["fetch"]
    assert bench.workbench.runs().result(5) == []


def test_every_run_has_fresh_knobs(bench: Bench) -> None:
    before = bench.workbench.control
    before.stop()
    outcome = bench.workbench.run(config()).result(10)
    assert bench.workbench.control is not before
    assert outcome.stopped_because == "all rounds done"


def test_the_store_answers_while_a_run_is_paused(bench: Bench) -> None:
    bench.engine.step_seconds = 0.01
    future = bench.workbench.run(config())
    bench.workbench.control.pause()
    bench.wait_until(lambda: bench.of(RunPaused))
    (record,) = bench.workbench.runs().result(5)
    assert record.status == "paused"
    bench.workbench.control.resume()
    outcome = future.result(10)
    recorded = bench.workbench.events_of(outcome.run_id).result(5)
    assert not [event for event in recorded if isinstance(event, Progress)]


def test_a_bug_fails_the_run_and_keeps_the_good_round(bench: Bench) -> None:
    bench.engine.fail_at_step = 8
    with pytest.raises(InternalError, match="RuntimeError: a bug"):
        bench.workbench.run(config()).result(10)
    (failed,) = bench.of(RunFailed)
    assert failed.last_good_round == 1
    assert "Traceback" in failed.details
    assert not bench.of(JobFailed)
    (record,) = bench.workbench.runs().result(5)
    assert (record.status, record.best_round) == ("failed", 1)
    summary = json.loads((Path(record.folder) / "summary.json").read_text(encoding="utf-8"))
    assert summary["stopped_because"].startswith("failed: ")
    # The steps of round 2 are taken back.
    assert bench.workbench._holding.loaded.lm.value == 10 - 6  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("failure", "kind", "words"),
    [
        (MemoryError(), ResourceError, "The memory is full"),
        (OSError(28, "No space left on device", "round-1.part"), OutputError, "disk is full at round-1.part"),
    ],
)
def test_what_the_machine_lacks_is_a_sentence(
    bench: Bench, failure: BaseException, kind: type[Exception], words: str
) -> None:
    bench.engine.fail_at_step, bench.engine.failure = 1, failure
    with pytest.raises(kind, match=words):
        bench.workbench.run(config()).result(10)
    assert words in bench.of(RunFailed)[0].message


def test_a_run_that_cannot_begin_fails_without_a_record(bench: Bench) -> None:
    with pytest.raises(InputError, match="Layer 34 does not exist"):
        bench.workbench.run(config(layers=[34])).result(10)
    (failed,) = bench.of(RunFailed)
    assert failed.run_id == ""
    assert "choose 1 to 30" in failed.hint
    assert bench.workbench.runs().result(5) == []
    assert list(paths.runs_folder().iterdir()) == []


def test_cheap_faults_come_before_the_model(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="No concept"):
        bench.workbench.run(RunConfig()).result(10)
    with pytest.raises(OutputError, match="is a file"):
        bench.workbench.run(config(out=str(tmp_path / "file"))).result(10)
    assert bench.engine.loads == 0


def test_a_missing_starter_kit_is_fetched_first(bench: Bench) -> None:
    bench.engine.ready = False
    bench.workbench.run(config()).result(10)
    assert bench.engine.fetched == 1
    assert bench.workbench.starter_ready()


def test_a_download_can_be_cancelled(bench: Bench) -> None:
    bench.engine.fetched = -1
    future = bench.workbench.fetch_starter()
    bench.wait_until(lambda: bench.of(Progress))
    bench.workbench.cancel()
    with pytest.raises(CancelledError):
        future.result(10)
    assert bench.engine.closed == ["fetch"]
    assert not bench.of(JobFailed)


def test_a_failing_job_says_so_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: object, _model: ModelConfig, _encoder: str) -> Iterator[Event]:
        raise MemoryError

    monkeypatch.setattr(FakeEngine, "load", broken)
    with pytest.raises(ResourceError):
        bench.workbench.load(ModelConfig(), "auto").result(10)
    (failed,) = bench.of(JobFailed)
    assert (failed.job, failed.message) == ("load", "The memory is full.")


def test_an_unknown_run_has_no_events(bench: Bench) -> None:
    with pytest.raises(InputError, match="no run"):
        bench.workbench.events_of("nope").result(5)


def test_a_subscriber_that_fails_harms_nobody(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_event: Event) -> None:
        raise ValueError("no")

    stop = bench.workbench.subscribe(broken)
    assert bench.workbench.run(config()).result(10).best_round == 3
    assert "A subscriber failed on RunStarted" in caplog.text
    stop()
    caplog.clear()
    bench.workbench.run(config()).result(10)
    assert caplog.text == ""


def test_closing_during_a_run_leaves_it_in_order() -> None:
    bench = Bench()
    bench.engine.step_seconds = 0.01
    future = bench.workbench.run(config(schedule="thorough"))
    bench.wait_until(lambda: any(event.round == 2 for event in bench.of(StepDone)))
    bench.workbench.close(5)
    assert future.cancelled() and not bench.of(RunFinished)
    assert not [thread for thread in threading.enumerate() if thread.name == "atu-worker"]


def test_a_run_that_does_not_end_in_time_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.engine.step_seconds = 0.01
    future = bench.workbench.run(config(schedule="thorough"))
    control = bench.workbench.control
    monkeypatch.setattr(control, "suspend", lambda: None)
    bench.engine.step_seconds = 0.05
    bench.wait_until(lambda: any(event.round == 2 for event in bench.of(StepDone)))
    bench.workbench.close(0.3)
    assert future.cancelled()
    (started,) = bench.of(RunStarted)
    summary = json.loads((Path(started.folder) / "summary.json").read_text(encoding="utf-8"))
    assert summary["stopped_because"] == "interrupted: the program was closed"
    assert summary["best_round"] == 1
    again = Workbench(engine=FakeEngine())
    (record,) = again.runs().result(5)
    again.close(5)
    assert (record.status, record.best_round) == ("interrupted", 1)


def test_two_windows_do_not_mark_each_others_runs(bench: Bench) -> None:
    bench.engine.step_seconds = 0.02
    future = bench.workbench.run(config())
    bench.wait_until(lambda: bench.of(StepDone))
    other = Workbench(engine=FakeEngine())
    try:
        assert [record.status for record in other.runs().result(5)] == ["running"]
    finally:
        other.close(5)
    bench.workbench.control.stop()
    future.result(10)
