from __future__ import annotations

import contextlib
import errno
import json
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from atu_gui.core.events import (
    ChatAnswered,
    ChatToken,
    CheckpointDue,
    Progress,
    RunFailed,
    RunPaused,
    RunResumed,
    from_record,
)
from atu_gui.store.recorder import Recorder, recorded_lines
from atu_gui.store.runs import RunStore
from tests.store.samples import RUN, config, finished, started, step, whole_run


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore.open(tmp_path / "store.sqlite3")
    store.add(RUN, config(), folder=tmp_path, versions={})
    yield store
    store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(store: RunStore, tmp_path: Path, clock: Clock) -> Iterator[Recorder]:
    recorder = Recorder(store, RUN, tmp_path, now=clock)
    yield recorder
    recorder.close()


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def test_file_and_store_hold_the_same_events(recorder: Recorder, store: RunStore, tmp_path: Path) -> None:
    for event in whole_run():
        recorder.record(event)
    assert store.events_of(RUN) == whole_run()
    assert [from_record(line) for line in _lines(tmp_path)] == whole_run()


def test_steps_wait_for_half_a_second(recorder: Recorder, store: RunStore, tmp_path: Path, clock: Clock) -> None:
    recorder.record(step(1))
    clock.now += 0.4
    recorder.record(step(2))
    assert store.events_of(RUN) == []
    assert _lines(tmp_path) == []
    clock.now += 0.2
    recorder.record(step(3))
    assert len(store.events_of(RUN)) == len(_lines(tmp_path)) == 3


def test_a_change_of_state_takes_the_waiting_steps_along(recorder: Recorder, store: RunStore) -> None:
    recorder.record(step(1))
    recorder.record(RunPaused(RUN, 1, "you"))
    assert store.events_of(RUN) == [step(1), RunPaused(RUN, 1, "you")]
    assert store.find(RUN).status == "paused"
    recorder.record(RunResumed(RUN, 1))
    assert store.find(RUN).status == "running"


def test_closing_writes_what_waits(store: RunStore, tmp_path: Path, clock: Clock) -> None:
    recorder = Recorder(store, RUN, tmp_path, now=clock)
    recorder.record(step(1))
    recorder.close()
    assert store.events_of(RUN) == [step(1)]


def test_chats_and_progress_are_not_recorded(recorder: Recorder, store: RunStore) -> None:
    recorder.record(Progress("probe", "Asking", 1, 2))
    recorder.record(ChatToken(1, 0, "a"))
    recorder.record(ChatAnswered(1, 0, "a", "untouched weights", False, 1.0))
    recorder.flush()
    assert store.events_of(RUN) == []


@pytest.mark.parametrize(
    ("because", "status"), [("all rounds done", "done"), ("stopped by you", "stopped"), ("guard: x", "done")]
)
def test_how_a_run_ended(recorder: Recorder, store: RunStore, because: str, status: str) -> None:
    recorder.record(started())
    recorder.record(finished(because))
    record = store.find(RUN)
    assert (record.status, record.seconds, record.best_round) == (status, 12.0, 1)
    assert store.stopped_because(RUN) == because


def test_a_failed_run_keeps_its_last_good_round(recorder: Recorder, store: RunStore) -> None:
    recorder.record(step(2))
    recorder.record(RunFailed(RUN, "The memory is full.", "", "", 1))
    record = store.find(RUN)
    assert (record.status, record.seconds, record.best_round) == ("failed", 1.0, 1)
    assert store.stopped_because(RUN) == "failed: The memory is full."


def test_numbers_that_are_not_finite_stay_valid_json(recorder: Recorder, tmp_path: Path) -> None:
    recorder.record(replace(step(1), loss=math.nan, similarity_mean=math.inf))
    recorder.flush()
    (line,) = _lines(tmp_path)
    assert line["loss"] is None
    assert line["similarity_mean"] is None
    assert line["tau"] == 0.35


def test_what_a_checkpoint_counts_on_is_written_before_it(recorder: Recorder, store: RunStore, tmp_path: Path) -> None:
    recorder.record(step(1))
    recorder.record(CheckpointDue(RUN, 1))
    assert recorder.count == len(_lines(tmp_path)) == 1
    assert store.events_of(RUN) == [step(1)]


def test_a_record_is_gone_on_with_after_its_kept_lines(store: RunStore, tmp_path: Path, clock: Clock) -> None:
    first = Recorder(store, RUN, tmp_path, now=clock)
    for event in whole_run():
        first.record(event)
    first.close()
    with (tmp_path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "StepDo')
    lines = recorded_lines(tmp_path)
    assert len(lines) == len(whole_run())
    again = Recorder(store, RUN, tmp_path, kept=lines[:3], now=clock)
    assert (again.count, again.state.status) == (3, "running")
    assert store.events_of(RUN) == whole_run()[:3]
    assert store.find(RUN).status == "running"
    again.record(step(9))
    again.close()
    assert [from_record(line) for line in _lines(tmp_path)] == store.events_of(RUN) == [*whole_run()[:3], step(9)]


@pytest.mark.parametrize("taken", [0, 7])
def test_what_could_not_be_written_is_written_with_the_next(
    recorder: Recorder, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    """A full disk takes a part of a line, or nothing; what it took is written over."""
    first, *rest = whole_run()
    recorder.record(first)
    real = recorder._file

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def write(self, content: memoryview) -> int:
            if len(content) > 8 and taken:
                return real.write(content[:taken])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(recorder, "_file", Full())
    for event in rest[:3]:
        with contextlib.suppress(OSError):
            recorder.record(event)
    assert recorder.is_behind
    assert [from_record(line) for line in _lines(tmp_path)] == [first]
    monkeypatch.setattr(recorder, "_file", real)
    for event in rest[3:]:
        recorder.record(event)
    assert not recorder.is_behind
    assert [from_record(line) for line in _lines(tmp_path)] == whole_run()
    assert store.events_of(RUN) == whole_run()


def test_a_store_that_lags_behind_catches_up(
    recorder: Recorder, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *rest = whole_run()
    recorder.record(first)
    with monkeypatch.context() as patched:
        patched.setattr(store, "append", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("locked")))
        with pytest.raises(sqlite3.OperationalError):
            recorder.record(second)
    assert store.events_of(RUN) == [first]
    assert len(_lines(tmp_path)) == 2, "the file is the truth"
    for event in rest:
        recorder.record(event)
    assert store.events_of(RUN) == whole_run()
    assert len(_lines(tmp_path)) == len(whole_run())


def test_a_run_whose_end_could_not_be_written_does_not_seem_to_go_on(
    store: RunStore, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(store, RUN, tmp_path, now=clock)
    recorder.record(started())
    with monkeypatch.context() as patched:
        patched.setattr(recorder, "_append", lambda _content: (_ for _ in ()).throw(OSError(errno.EIO, "bad disk")))
        with pytest.raises(OSError, match="bad disk"):
            recorder.record(finished())
        recorder.close()
    assert store.find(RUN).status == "crashed"
