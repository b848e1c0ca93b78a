"""Where nothing more can be written a run waits, or ends so that it can be resumed; nothing of its record is lost."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.control import UNRECORDED
from atu_gui.core.errors import OutputError
from atu_gui.core.events import JobFailed, Note, RunFailed, RunFinished, RunPaused, RunResumed
from atu_gui.core.locks import LOCK_FILE, FileLock
from atu_gui.core.ports import ChatRequest, Weights
from atu_gui.store.recorder import Recorder
from atu_gui.store.runs import RunStore
from tests.service.test_workbench import Bench, bench, config

__all__ = ["bench"]
FULL = OSError(errno.ENOSPC, "No space left on device", "events.jsonl")


class Disk:
    """Takes so many writes of a kind, then none until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: type, name: str, error: Exception) -> None:
        self.left = 10**9
        real: Callable[..., object] = getattr(where, name)

        def write(*given: object) -> object:
            self.left -= 1
            if self.left < 0:
                raise error
            return real(*given)

        monkeypatch.setattr(where, name, write)


@pytest.fixture(params=["file", "store"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    if request.param == "file":
        yield Disk(monkeypatch, Recorder, "_append", FULL)
    else:
        yield Disk(monkeypatch, RunStore, "append", sqlite3.OperationalError("database or disk is full"))


def _lines(folder: Path) -> list[str]:
    return (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()


def _attended(action: str, **more: object) -> RunConfig:
    return config(guards={"action": action}, **more)


def test_an_attended_run_waits_for_room_and_loses_nothing(bench: Bench, disk: Disk) -> None:
    disk.left = 6
    future = bench.workbench.run(_attended("pause"))
    bench.wait_until(lambda: bench.of(RunPaused))
    (paused,) = bench.of(RunPaused)
    assert paused.by == UNRECORDED and "full" in paused.because
    (note,) = [event for event in bench.of(Note) if event.level == "error"]
    assert note.text == paused.because and "Free some space" in note.text
    disk.left = 10**9
    bench.workbench.control.resume()
    outcome = future.result(10)
    assert outcome.best_round == 3
    assert len(bench.of(RunResumed)) == 1
    stored = bench.workbench.events_of(outcome.run_id).result(5)
    heard = [event for event in bench.events if type(event).__name__ not in ("Progress", "ModelLoaded")]
    assert list(stored) == [event for event in heard if event is not note]
    assert len(_lines(outcome.folder)) == len(stored)


def test_one_that_goes_on_too_early_waits_again(bench: Bench, disk: Disk) -> None:
    disk.left = 6
    future = bench.workbench.run(_attended("pause"))
    bench.wait_until(lambda: bench.of(RunPaused))
    bench.workbench.control.resume()
    bench.wait_until(lambda: len(bench.of(RunPaused)) == 2)
    disk.left = 10**9
    bench.workbench.control.resume()
    assert future.result(10).best_round == 3


def test_an_unattended_run_ends_with_a_sentence(bench: Bench, disk: Disk) -> None:
    disk.left = 6
    with pytest.raises(OutputError, match=r"disk.*full"):
        bench.workbench.run(_attended("stop")).result(10)
    (failed,) = bench.of(RunFailed)
    assert failed.hint.startswith("Free some space")
    (record,) = bench.workbench.runs().result(5)
    assert record.was_cut_off, "it does not seem to go on"
    disk.left = 10**9
    assert bench.workbench.run(_attended("stop")).result(10).best_round == 3


def test_a_last_event_that_cannot_be_written_is_no_end(bench: Bench, disk: Disk) -> None:
    """The checkpoints of a run go only when all of its record is written."""

    def fill(event: object) -> None:
        if type(event).__name__ == "RoundScored" and event.round == 3:  # type: ignore[attr-defined]
            disk.left = 0

    bench.workbench.subscribe(fill)
    with pytest.raises(OutputError, match=r"disk.*full"):
        bench.workbench.run(_attended("pause")).result(10)
    (record,) = bench.workbench.runs().result(5)
    assert record.was_cut_off


def test_a_run_that_could_not_begin_leaves_nothing(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr("atu_gui.service.beginning.write_card", lambda *_given: (_ for _ in ()).throw(FULL))
        with pytest.raises(OutputError, match="disk is full"):
            bench.workbench.run(config(out=str(out))).result(10)
    assert not out.exists()
    assert list(bench.workbench.runs().result(5)) == []
    assert bench.workbench.run(config(out=str(out))).result(10).folder == out


def test_a_second_run_in_a_folder_is_told_who_has_it(bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    other = FileLock(out / LOCK_FILE)
    assert other.take()
    for work in (bench.workbench.prepare(config(out=str(out))), bench.workbench.run(config(out=str(out)))):
        with pytest.raises(OutputError, match=r"Another window or command \(process \d+\) writes into"):
            work.result(10)
    assert list(out.iterdir()) == [out / LOCK_FILE], "nothing is mixed into what the other writes"
    other.release()
    assert bench.workbench.run(config(out=str(out))).result(10).folder == out
    assert not (out / LOCK_FILE).exists()


def test_a_folder_of_a_run_of_which_nothing_came_is_used_by_one_run_alone(bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "out"
    bench.engine.fail_at_step = 0
    with pytest.raises(Exception, match="a bug"):
        bench.workbench.run(config(out=str(out))).result(10)
    (out / "checkpoints" / "7").mkdir(parents=True)
    summary = out / "summary.json"
    summary.write_text('{"rounds": []}', encoding="utf-8")
    bench.engine.fail_at_step = None
    outcome = bench.workbench.run(config(out=str(out))).result(10)
    (record,) = bench.workbench.runs().result(5)
    assert record.run_id == outcome.run_id
    assert not (out / "checkpoints").exists()


LOST = RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with TORCH_USE_CUDA_DSA")


def test_a_run_whose_device_fails_ends_so_that_it_can_be_resumed(bench: Bench) -> None:
    bench.engine.fail_at_step, bench.engine.failure = 4, LOST
    with pytest.raises(Exception, match="device failed"):
        bench.workbench.run(config()).result(10)
    (failed,) = bench.of(RunFailed)
    assert failed.message == (
        "The device failed, and what was on it is lost: CUDA error: an illegal memory access was encountered."
    )
    assert "can be resumed from its last checkpoint" in failed.hint
    (record,) = bench.workbench.runs().result(5)
    assert record.was_cut_off
    assert not bench.of(RunFinished)


def test_after_a_lost_device_jobs_say_that_the_model_must_be_loaded_again(bench: Bench) -> None:
    bench.engine.fail_at_step, bench.engine.failure = 4, LOST
    with pytest.raises(Exception, match="device failed"):
        bench.workbench.run(config()).result(10)
    bench.workbench.chat(ChatRequest("Who?", (Weights(round=None),)))
    bench.wait_until(lambda: bench.of(JobFailed))
    (told,) = bench.of(JobFailed)
    assert (told.message, told.hint) == ("The model was lost when its device failed.", "Load the model again.")
    bench.workbench.load(config().model, "auto").result(10)
    bench.workbench.chat(ChatRequest("Who?", (Weights(round=None),)))
    bench.wait_until(lambda: any(type(event).__name__ == "ChatAnswered" and event.text for event in bench.events))


def test_a_chat_that_loses_the_device_is_told_and_so_is_the_next(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.workbench.load(config().model, "auto").result(10)
    with monkeypatch.context() as patched:

        def fail(*_given: object) -> Iterator[str]:
            yield "it"
            raise LOST

        patched.setattr(bench.engine, "answer", fail)
        bench.workbench.chat(ChatRequest("Who?", (Weights(round=None),)))
        bench.wait_until(lambda: bench.of(JobFailed))
    bench.workbench.chat(ChatRequest("Who?", (Weights(round=None),)))
    bench.wait_until(lambda: len(bench.of(JobFailed)) == 2)
    assert [event.message.partition(":")[0] for event in bench.of(JobFailed)] == [
        "The device failed, and what was on it is lost", "The model was lost when its device failed.",
    ]  # fmt: skip
