"""The knobs of a run that may be turned while it runs.

The user's thread writes, the worker reads once at the top of each optimizer step. A change raises the
generation, which travels back in `StepDone`, so that the screen knows when a wish has become fact.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from atu_gui.core.events import Stage
from atu_gui.core.guarding import GuardConfig

# How a run says that the user ended it.
STOPPED = "stopped by you"
# What a run that became worthless says first; its numbers are no result.
NOT_FINITE = "not finite"
DISCARDED = "discarded by you"
# Who holds a run whose events cannot be written.
UNRECORDED = "a record that could not be written"
_MOST_STEPS = 10_000_000


@dataclass(frozen=True, slots=True)
class StageWish:
    """Another number of steps for one stage."""

    stage: Stage
    round: int
    steps: int


@dataclass(frozen=True, slots=True)
class ControlState:
    """What the step loop reads. None means: as planned.

    Attributes:
        generation: Rises by one with every change.
        tau: Margin of the current and later unlearn stages.
        unlearn_learning_rate: Learning rate of the unlearn steps.
        align_learning_rate: Learning rate of the align steps.
        retain_weight: λ, weight of the retain term.
        stage_steps: Steps of one stage, which has to be under way to be changed by this.
        align_steps: Steps of every align stage that begins from now on.
        unlearn_steps: Steps of every unlearn stage that begins from now on.
        guards: Goals and floors, all of them.
        pause_after: Pause after this many more steps, counted from when the step loop reads it.
        pause_asked: Rises by one with every such wish, so that the same count can be asked for again.
        paused: Wait before the next step.
        paused_by: Who holds the run, and what was seen, as a sentence; "" where the user does.
        skips: How many stages the user has skipped so far.
        stopping: End the run after this step and keep the last good round.
        discarding: With `stopping`: keep no round, go back to the untouched weights.
        suspending: Leave the run after this step; it can be resumed from its checkpoint.
    """

    generation: int = 0
    tau: float | None = None
    unlearn_learning_rate: float | None = None
    align_learning_rate: float | None = None
    retain_weight: float | None = None
    stage_steps: StageWish | None = None
    align_steps: int | None = None
    unlearn_steps: int | None = None
    guards: GuardConfig | None = None
    pause_after: int = 0
    pause_asked: int = 0
    paused: bool = False
    paused_by: tuple[str, str] = ("you", "")
    skips: int = 0
    stopping: bool = False
    discarding: bool = False
    suspending: bool = False


class RunControl:
    """A `ControlState` behind a lock."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._state = ControlState()

    def read(self) -> ControlState:
        """The state now."""
        with self._condition:
            return self._state

    def set_tau(self, tau: float | None) -> None:
        """Wish for another τ, in (−1, 1); None takes back a wish that no step has applied yet."""
        if tau is not None and not -1.0 < tau < 1.0:
            raise ValueError("τ must lie between −1 and 1")
        self._change(tau=None if tau is None else float(tau))

    def set_unlearn_learning_rate(self, rate: float) -> None:
        """Wish for another learning rate of the unlearn steps, above 0."""
        self._change(unlearn_learning_rate=_positive(rate))

    def set_align_learning_rate(self, rate: float) -> None:
        """Wish for another learning rate of the align steps, above 0."""
        self._change(align_learning_rate=_positive(rate))

    def set_retain_weight(self, weight: float) -> None:
        """Wish for another λ, 0 or above."""
        if not weight >= 0.0:
            raise ValueError("λ must be 0 or above")
        self._change(retain_weight=float(weight))

    def set_stage_steps(self, stage: Stage, round_: int, steps: int) -> None:
        """Wish for another number of steps of the stage under way; where that is over, nothing comes of it."""
        self._change(stage_steps=StageWish(stage, round_, _count(steps)))

    def set_align_steps(self, steps: int) -> None:
        """Wish for another number of steps of the align stages to come."""
        self._change(align_steps=_count(steps))

    def set_unlearn_steps(self, steps: int) -> None:
        """Wish for another number of steps of the unlearn stages to come."""
        self._change(unlearn_steps=_count(steps))

    def set_guards(self, guards: GuardConfig) -> None:
        """Wish for other goals and floors; the next round is judged by them."""
        self._change(guards=guards.model_copy())

    def pause_after(self, steps: int) -> None:
        """Go on for so many steps, then hold the run."""
        with self._condition:
            self._change(pause_after=max(1, _count(steps)), pause_asked=self._state.pause_asked + 1, paused=False)

    def pause(self, by: str = "you", because: str = "") -> None:
        """Hold the run before its next step; who else than the user holds it says why."""
        self._change(paused=True, paused_by=(by, because))

    def resume(self) -> None:
        """Let a held run go on."""
        self._change(paused=False)

    def skip_stage(self) -> None:
        """End the current stage after this step."""
        with self._condition:
            self._change(skips=self._state.skips + 1, paused=False)

    def stop(self) -> None:
        """End the run after this step; what is finished is kept."""
        self._change(stopping=True, paused=False)

    def discard(self) -> None:
        """End the run after this step and go back to the untouched weights."""
        self._change(stopping=True, discarding=True, paused=False)

    def suspend(self) -> None:
        """Leave the run after this step, to be resumed later. No wish about the run: the generation stays."""
        with self._condition:
            self._state = replace(self._state, suspending=True)

    @property
    def leaving(self) -> bool:
        """Whether the run is to be ended or left."""
        state = self.read()
        return state.stopping or state.suspending

    def restore(self, state: ControlState) -> None:
        """Go on with the wishes of a checkpoint; a wish to end that was made meanwhile stays."""
        with self._condition:
            ends = {name: getattr(self._state, name) for name in ("stopping", "discarding", "suspending")}
            self._state = replace(state, **ends)

    def wait_for_change(self, generation: int, timeout: float) -> ControlState:
        """Block up to `timeout` seconds until the generation differs from `generation`; returns the state."""
        with self._condition:
            self._condition.wait_for(lambda: self._state.generation != generation, timeout)
            return self._state

    def _change(self, **changes: object) -> None:
        with self._condition:
            new = replace(self._state, **changes)  # type: ignore[arg-type]
            self._state = replace(new, generation=self._state.generation + 1)
            self._condition.notify_all()


def _positive(value: float) -> float:
    if not value > 0.0:
        raise ValueError("a learning rate must be above 0")
    return float(value)


def _count(steps: int) -> int:
    if not 0 <= steps <= _MOST_STEPS:
        raise ValueError(f"steps are a whole number from 0 to {_MOST_STEPS:,}")
    return int(steps)
