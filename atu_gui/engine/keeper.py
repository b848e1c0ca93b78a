"""Keeps a run while it goes on: writes a checkpoint wherever the run says that one is due, and tells of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator

from atu_gui.core.control import UNRECORDED
from atu_gui.core.errors import OutputError
from atu_gui.core.events import CheckpointDue, CheckpointWritten, Event, Note, RunFinished, is_recorded
from atu_gui.engine.checkpoints import Checkpoints, CheckpointState, Parts
from atu_gui.engine.gate import Gate

# A checkpoint that is on its way to the disk for longer is not waited for: the one that is due now is left out.
_PATIENCE = 2.0


class Keeper:
    """Lets a run's events pass and counts those that are recorded.

    Args:
        run_id: The run.
        checkpoints: Where they are written; closed at the end.
        gate: Is asked to pause where a checkpoint cannot be written.
        standing: All that a checkpoint holds, given how many events are recorded.
        recorded: Events recorded before.
    """

    def __init__(
        self,
        run_id: str,
        checkpoints: Checkpoints,
        gate: Gate,
        standing: Callable[[int], tuple[CheckpointState, Parts]],
        recorded: int,
    ) -> None:
        self._run_id = run_id
        self._checkpoints = checkpoints
        self._gate = gate
        self._standing = standing
        self._recorded = recorded
        self._step = 0
        self._held_up = 0.0

    def watch(self, course: Generator[Event, None, None]) -> Generator[Event, None, None]:
        """The same events, and those about checkpoints.

        Raises:
            OutputError: A checkpoint could not be written, and guards are not to pause the run.
        """
        with contextlib.closing(self._checkpoints), contextlib.closing(course):
            for event in course:
                # Before the event and not after it, and not at the end: nothing comes after `RunFinished`.
                if self._checkpoints.is_writing and not isinstance(event, RunFinished):
                    yield from self._look_after(0.0)
                yield from self._tell(event)
                if isinstance(event, CheckpointDue):
                    yield from self._keep(event)

    def _tell(self, event: Event) -> Generator[Event, None, None]:
        self._recorded += is_recorded(event)
        yield event

    def _keep(self, due: CheckpointDue) -> Generator[Event, None, None]:
        begun = time.monotonic()
        yield from self._look_after(None if due.certain else _PATIENCE)
        if self._checkpoints.is_writing or self._gate.is_held_by(UNRECORDED):
            # A checkpoint that counts on events which are in no record is worth nothing, and pushes out one that is.
            return
        try:
            self._checkpoints.begin(*self._standing(self._recorded))
        except OutputError as error:
            yield from self._go_without(error)
            return
        self._step, self._held_up = due.step, time.monotonic() - begun
        if due.certain:
            yield from self._look_after(None)

    def _look_after(self, timeout: float | None) -> Generator[Event, None, None]:
        """Say when the checkpoint on its way has reached the disk."""
        try:
            size = self._checkpoints.finished(timeout)
        except OutputError as error:
            yield from self._go_without(error)
            return
        if size is not None:
            yield from self._tell(CheckpointWritten(self._run_id, self._step, time.time(), size, self._held_up))

    def _go_without(self, error: OutputError) -> Generator[Event, None, None]:
        """Without checkpoints hours can be lost: the run pauses where guards may pause it, and ends where not."""
        if self._gate.state.guards.action != "pause":
            raise error
        yield from self._tell(Note("error", str(error)))
        self._gate.pause_by("a checkpoint that could not be written", str(error))
