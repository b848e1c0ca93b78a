"""Writes a run's events to the store and to `events.jsonl`, in batches, on the worker's own thread.

Steps come many per second and wait for each other up to half a second; anything that changes the state of the run is
written at once, together with what waited before it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

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
from atu_gui.core.records import parse
from atu_gui.core.run_state import status_after
from atu_gui.store.rows import EventRow, RunState
from atu_gui.store.runs import RunStore

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
        self._folder = folder
        self._now = now
        # Not in the file yet, and in the file but not in the store.
        self._waiting: list[EventRow] = []
        self._unstored: list[EventRow] = []
        self._seq = len(kept)
        self._state = RunState()
        self._flushed = now()
        # Bytes of whole lines: what a write that failed left after them is written over.
        self._length = sum(len(line.encode()) + 1 for line in kept)
        # Without a buffer of Python's own, which would keep what could not be written and write it again.
        self._file = (folder / EVENTS_FILE).open("r+b" if kept else "wb", buffering=0)
        try:
            if kept:
                self._file.truncate(self._length)
                os.fsync(self._file.fileno())
                rows, self._state = replayed(kept)
                store.rewrite(run_id, rows, self._state)
        except BaseException:
            self._file.close()
            raise

    @property
    def state(self) -> RunState:
        """The run's state after the last event."""
        return self._state

    @property
    def is_behind(self) -> bool:
        """Whether something of what was recorded is only in memory, or not in the store."""
        return bool(self._waiting or self._unstored)

    @property
    def count(self) -> int:
        """Events recorded so far."""
        return self._seq

    def record(self, event: Event) -> None:
        """Take one event. It is kept in memory where it cannot be written, and written with a later one.

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
        if not isinstance(event, _MAY_WAIT) or self._now() - self._flushed >= _SECONDS_PER_BATCH:
            self.flush()

    def end(self, status: str, stopped_because: str, best_round: int) -> None:
        """Note an end that no event tells, such as a closed program.

        Raises:
            OSError: As `record`.
        """
        self._state = replace(self._state, status=status, stopped_because=stopped_because, best_round=best_round)
        self.flush()

    def flush(self) -> None:
        """Write everything that waits, first to the file, which is the truth.

        Raises:
            OSError: As `record`; nothing of what waits is lost.
        """
        self._flushed = self._now()
        if self._waiting:
            self._append("".join(row.data + "\n" for row in self._waiting).encode())
            self._unstored += self._waiting
            self._waiting = []
        self._store.append(self._run_id, self._unstored, self._state)
        self._unstored = []

    def move_to(self, store: RunStore) -> None:
        """Go on in a store that takes the place of a damaged one.

        Raises:
            OSError: As `record`.
        """
        self._store = store
        store.take_back(self._run_id)
        rows, _ = replayed(recorded_lines(self._folder))
        store.rewrite(self._run_id, rows, self._state)
        self._unstored = []
        self.flush()

    def close(self) -> None:
        """Write what waits, as far as that is possible, and close the file."""
        try:
            if self.is_behind:
                self.flush()
        except (OSError, sqlite3.Error):
            # Whoever recorded the end was told so. The run must not seem to go on.
            self._store.let_go(self._run_id)
        finally:
            with contextlib.suppress(OSError):
                self._file.close()

    def _append(self, content: bytes) -> None:
        self._file.seek(self._length)
        rest = memoryview(content)
        try:
            while rest:
                # A disk that is nearly full takes a part.
                rest = rest[self._file.write(rest) :]
        except BaseException:
            with contextlib.suppress(OSError):
                self._file.truncate(self._length)
            raise
        self._length += len(content)


def replayed(lines: Sequence[str]) -> tuple[list[EventRow], RunState]:
    """The rows of a record's lines, and how the run stood after them."""
    rows, state = [], RunState()
    for number, line in enumerate(lines, start=1):
        event = json.loads(line)
        rows.append(EventRow(number, event["event"], event.get("step"), line))
        state = _after(state, from_record(event))
    return rows, state


def recorded_lines(folder: Path) -> list[str]:
    """The lines of a run's record up to the first that is torn or damaged.

    Raises:
        OSError: There is no record, or it cannot be read.
    """
    whole = []
    for raw in (folder / EVENTS_FILE).read_bytes().split(b"\n")[:-1]:
        try:
            line = raw.decode("utf-8")
            from_record(parse(line))
        except ValueError:
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
        case RunFinished():
            return RunState(status_after(event), event.seconds, event.best_round, event.stopped_because)
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
