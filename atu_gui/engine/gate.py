"""Where a run meets the user's wishes: read once at the top of each step."""

from __future__ import annotations

import time
from collections.abc import Generator

from atu_gui.core.control import ControlState, RunControl
from atu_gui.core.events import ControlApplied, Event, Progress, RunPaused, RunResumed

_LIVE = ("tau", "unlearn_learning_rate", "align_learning_rate", "retain_weight")
_NAP = 0.1


class Clock:
    """Run time in seconds, pauses excluded."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._held = 0.0

    def seconds(self) -> float:
        """Since the start, less what was held."""
        return time.monotonic() - self._started - self._held

    def hold(self, seconds: float) -> None:
        """Leave out some time."""
        self._held += seconds


class Gate:
    """Holds the run while it is paused and tells which wishes became fact."""

    def __init__(self, control: RunControl, run_id: str, clock: Clock) -> None:
        self._control = control
        self._run_id = run_id
        self._clock = clock
        self._seen = ControlState()
        self._skips = control.read().skips

    def begin_stage(self) -> None:
        """Skips asked for before a stage do not end it."""
        self._skips = self._control.read().skips

    def skipped(self, state: ControlState) -> bool:
        """Whether the user wants to leave the stage."""
        return state.skips > self._skips

    def stopping(self) -> bool:
        """Whether the user wants to end the run; looked at between steps of anything long."""
        return self._control.read().stopping

    def pass_(self, step: int) -> Generator[Event, None, ControlState]:
        """Wait while paused, then report changes; `step` is the one about to be taken."""
        state = self._control.read()
        if state.paused and not state.stopping:
            since = time.monotonic()
            yield RunPaused(self._run_id, step - 1, "you")
            while state.paused and not state.stopping:
                # The worker serves chats between two of these.
                yield Progress("paused", "Paused", 0, 0)
                state = self._control.wait_for_change(state.generation, _NAP)
            self._clock.hold(time.monotonic() - since)
            yield RunResumed(self._run_id, step - 1)
        if state.generation != self._seen.generation:
            for name in _LIVE:
                old, new = getattr(self._seen, name), getattr(state, name)
                if old != new:
                    yield ControlApplied(self._run_id, step, name, old, new, state.generation)
            self._seen = state
        return state
