"""Where a run meets the user's wishes: read once at the top of each step, and before a round is judged."""

from __future__ import annotations

import time
from collections.abc import Generator

from atu_gui.core.config import GuardConfig, RunConfig
from atu_gui.core.control import ControlState, RunControl
from atu_gui.core.events import ControlApplied, Event, Progress, RunPaused, RunResumed, Stage

# What a step of a stage uses: a wish for anything else waits for a step that does.
_USED = {
    "align": ("align_learning_rate",),
    "unlearn": ("tau", "unlearn_learning_rate", "retain_weight"),
    "probe": (),
}
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
    """Holds the run while it is paused and tells which wishes became fact.

    Attributes:
        steps: How many steps the stage under way intends.
    """

    def __init__(self, control: RunControl, run_id: str, clock: Clock, config: RunConfig) -> None:
        self._control = control
        self._run_id = run_id
        self._clock = clock
        self._stage: tuple[Stage, int] = ("probe", 0)
        self._skips = control.read().skips
        self._guards = config.guards
        self._pause_asked = 0
        self._pause_step: int | None = None
        self._told: dict[str, float] = {}
        self._in_force: dict[str, float | None] = {
            "align_learning_rate": config.align.learning_rate,
            "unlearn_learning_rate": config.unlearn.learning_rate,
            "retain_weight": config.unlearn.retain_weight,
        }
        self.steps = 0

    def begin_stage(self, stage: Stage, round_: int, steps: int, tau: float | None = None) -> int:
        """A stage begins as planned, or with the steps wished for; returns these. Earlier skips do not end it."""
        state = self._control.read()
        self._skips = state.skips
        self._stage = (stage, round_)
        wished = {"align": state.align_steps, "unlearn": state.unlearn_steps}.get(stage)
        self.steps = steps if wished is None else wished
        # A τ that the user set holds for the coming rounds too.
        self._in_force["tau"] = self._told.get("tau", tau)
        return self.steps

    def skipped(self, state: ControlState) -> bool:
        """Whether the user wants to leave the stage."""
        return state.skips > self._skips

    def stopping(self) -> bool:
        """Whether the user wants to end the run; looked at between steps of anything long."""
        return self._control.read().stopping

    def discarding(self) -> bool:
        """Whether the user wants nothing of the run."""
        return self._control.read().discarding

    def next_step(self, step: int, done: int) -> Generator[Event, None, ControlState | None]:
        """Wait while paused, then report what changed; None where the stage has all its steps.

        Args:
            step: The step about to be taken, counted over the whole run.
            done: Steps of this stage so far.
        """
        state = yield from self.hold(step)
        wish = state.stage_steps
        if wish is not None and (wish.stage, wish.round) == self._stage and wish.steps != self.steps:
            old, self.steps = self.steps, wish.steps
            yield ControlApplied(self._run_id, step, "stage_steps", float(old), float(wish.steps), state.generation)
        yield from self._report(("align_steps", "unlearn_steps"), state, step)
        if done >= self.steps and not state.stopping:
            return None
        yield from self._report(_USED[self._stage[0]], state, step)
        yield from self._report_guards(state, step)
        return state

    def guards(self, step: int) -> Generator[Event, None, GuardConfig]:
        """The goals and floors in force, changes reported."""
        yield from self._report_guards(self._control.read(), step + 1)
        return self._guards

    def pause_by(self, who: str, because: str) -> None:
        """Hold the run before its next step, on behalf of a guard."""
        self._control.pause(who, because)

    def hold(self, step: int) -> Generator[Event, None, ControlState]:
        """Wait while the run is paused; `step` is the one about to be taken."""
        state = self._control.read()
        yield from self._note_pause(state, step)
        if self._pause_step is not None and step > self._pause_step:
            self._pause_step = None
            self._control.pause()
            state = self._control.read()
        if state.paused and not state.stopping:
            since = time.monotonic()
            yield RunPaused(self._run_id, step - 1, *state.paused_by)
            while state.paused and not state.stopping:
                # The worker serves chats between two of these.
                yield Progress("paused", "Paused", 0, 0)
                state = self._control.wait_for_change(state.generation, _NAP)
            self._clock.hold(time.monotonic() - since)
            yield RunResumed(self._run_id, step - 1)
            yield from self._note_pause(state, step)
        return state

    def _note_pause(self, state: ControlState, step: int) -> Generator[Event, None, None]:
        if state.pause_asked != self._pause_asked:
            self._pause_asked = state.pause_asked
            self._pause_step = step - 1 + state.pause_after
            yield ControlApplied(self._run_id, step, "pause_step", None, float(self._pause_step), state.generation)

    def _report(self, names: tuple[str, ...], state: ControlState, step: int) -> Generator[Event, None, None]:
        for name in names:
            wish = getattr(state, name)
            old = self._in_force.get(name)
            if wish is not None and wish != old:
                self._told[name] = self._in_force[name] = wish
                yield ControlApplied(self._run_id, step, name, old, float(wish), state.generation)

    def _report_guards(self, state: ControlState, step: int) -> Generator[Event, None, None]:
        if state.guards is None or state.guards == self._guards:
            return
        before, now = _figures(self._guards), _figures(state.guards)
        self._guards = state.guards
        for name, value in now.items():
            if value != before[name]:
                yield ControlApplied(self._run_id, step, name, before[name], value, state.generation)


def _figures(guards: GuardConfig) -> dict[str, float | None]:
    """The guards as numbers, as `ControlApplied` carries them."""
    return {**guards.model_dump(exclude={"action"}), "action": float(guards.action == "pause")}
