"""The knobs of a run that may be turned while it runs.

The user's thread writes, the worker reads once at the top of each optimizer step. A change raises the
generation, which travels back in `StepDone`, so that the screen knows when a wish has become fact.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ControlState:
    """What the step loop reads. None means: as planned.

    Attributes:
        generation: Rises by one with every change.
        tau: Margin of the current and later unlearn stages.
        unlearn_learning_rate: Learning rate of the unlearn steps.
        align_learning_rate: Learning rate of the align steps.
        retain_weight: λ, weight of the retain term.
        paused: Wait before the next step.
        skips: How many stages the user has skipped so far.
        stopping: End the run after this step and keep the last good round.
    """

    generation: int = 0
    tau: float | None = None
    unlearn_learning_rate: float | None = None
    align_learning_rate: float | None = None
    retain_weight: float | None = None
    paused: bool = False
    skips: int = 0
    stopping: bool = False


class RunControl:
    """A `ControlState` behind a lock."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._state = ControlState()

    def read(self) -> ControlState:
        """The state now."""
        with self._condition:
            return self._state

    def set_tau(self, tau: float) -> None:
        """Wish for another τ, in (−1, 1)."""
        if not -1.0 < tau < 1.0:
            raise ValueError("τ must lie between −1 and 1")
        self._change(tau=float(tau))

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

    def pause(self) -> None:
        """Hold the run before its next step."""
        self._change(paused=True)

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

    def wait_for_change(self, generation: int, timeout: float) -> ControlState:
        """Block up to `timeout` seconds until the generation differs from `generation`; returns the state."""
        with self._condition:
            self._condition.wait_for(lambda: self._state.generation != generation, timeout)
            return self._state

    def _change(self, **changes: float | int | bool) -> None:
        with self._condition:
            new = replace(self._state, **changes)  # type: ignore[arg-type]
            self._state = replace(new, generation=self._state.generation + 1)
            self._condition.notify_all()


def _positive(value: float) -> float:
    if not value > 0.0:
        raise ValueError("a learning rate must be above 0")
    return float(value)
