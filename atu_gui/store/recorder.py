"""Writes a run's events to the store and to `events.jsonl`, in batches, on the worker's own thread.

Steps come many per second and wait for each other up to half a second; anything that changes the state of the run is
written at once, together with what waited before it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from atu_gui.core.control import DISCARDED, NOT_FINITE, STOPPED
from atu_gui.core.events import (
    AlignScored,
    CheckpointDue,
    ControlApplied,
    Event,
    ItemAnswered,
    RoundScored,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    StepDone,
    TextWritten,
    from_record,
    is_recorded,
    to_record,
)
from atu_gui.store.runs import EventRow, RunState, RunStore

EVENTS_FILE = "events.jsonl"
_SECONDS_PER_BATCH = 0.5
_MAY_WAIT = (StepDone, AlignScored, ControlApplied, ItemAnswered, TextWritten)


class Recorder:
    """Records one run. Close it whatever happens; what was not written by then is written."""

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        folder: Path,
        *,
        kept: Sequence[str] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`kept` are the first lines of a record that is gone on with; what file and store hold after them is removed.

        The file is the truth: the store is made to match it.
        """
        self._store = store
        self._run_id = run_id
        self._now = now
        self._waiting: list[EventRow] = []
        self._seq = len(kept)
        self._state = RunState()
        self._written = now()
        file = folder / EVENTS_FILE
        if kept:
            with file.open("r+b") as record:
                record.truncate(sum(len(line.encode()) + 1 for line in kept))
                os.fsync(record.fileno())
            rows = []
            for number, line in enumerate(kept, start=1):
                event = json.loads(line)
                rows.append(EventRow(number, event["event"], event.get("step"), line))
                self._state = _after(self._state, from_record(event))
            store.rewrite(run_id, rows, self._state)
        self._file = file.open("a" if kept else "w", encoding="utf-8")

    @property
    def state(self) -> RunState:
        """The run's state after the last event."""
        return self._state

    @property
    def count(self) -> int:
        """Events recorded so far."""
        return self._seq

    def record(self, event: Event) -> None:
        """Take one event.

        Raises:
            OSError: The disk is full (so may `sqlite3.Error` say).
        """
        if isinstance(event, CheckpointDue):
            # The checkpoint counts on every event before it, whatever becomes of this machine.
            self.flush()
            os.fsync(self._file.fileno())
        if not is_recorded(event):
            return
        self._state = _after(self._state, event)
        self._seq += 1
        step = getattr(event, "step", None)
        self._waiting.append(EventRow(self._seq, type(event).__name__, step, _as_json(event)))
        if not isinstance(event, _MAY_WAIT) or self._now() - self._written >= _SECONDS_PER_BATCH:
            self.flush()

    def end(self, status: str, stopped_because: str, best_round: int) -> None:
        """Note an end that no event tells, such as a closed program."""
        self._state = replace(self._state, status=status, stopped_because=stopped_because, best_round=best_round)
        self.flush()

    def flush(self) -> None:
        """Write everything that waits."""
        rows, self._waiting = self._waiting, []
        self._written = self._now()
        self._file.writelines(row.data + "\n" for row in rows)
        self._file.flush()
        self._store.append(self._run_id, rows, self._state)

    def close(self) -> None:
        """Write what waits and close the file."""
        try:
            if self._waiting:
                self.flush()
        finally:
            self._file.close()


def recorded_lines(folder: Path) -> list[str]:
    """The lines of a run's record up to the first that is torn or damaged.

    Raises:
        OSError: There is no record, or it cannot be read.
    """
    whole = []
    for raw in (folder / EVENTS_FILE).read_bytes().split(b"\n")[:-1]:
        try:
            line = raw.decode("utf-8")
            from_record(json.loads(line))
        except (ValueError, TypeError, AttributeError):
            break
        whole.append(line)
    return whole


def _after(state: RunState, event: Event) -> RunState:
    """The run's state after an event."""
    match event:
        case StepDone(seconds=seconds) | RoundScored(seconds=seconds):
            return replace(state, seconds=seconds)
        case RunPaused():
            return replace(state, status="paused")
        case RunResumed():
            return replace(state, status="running")
        case RunFinished(stopped_because=because):
            stopped = because.startswith((STOPPED, DISCARDED))
            status = "failed" if because.startswith(NOT_FINITE) else "stopped" if stopped else "done"
            return RunState(status, event.seconds, event.best_round, because)
        case RunFailed():
            because = f"failed: {event.message}"
            return replace(state, status="failed", best_round=event.last_good_round, stopped_because=because)
        case _:
            return state


def _as_json(event: Event) -> str:
    record = to_record(event)
    try:
        return json.dumps(record, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(record), ensure_ascii=False, allow_nan=False)


def _finite(value: object) -> object:
    """JSON has no word for a number that is not finite: it becomes null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
