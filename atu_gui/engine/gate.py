"""Where a run meets the user's wishes: read once at the top of each step, and before a round is judged."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field

from atu_gui.core.config import RunConfig
from atu_gui.core.control import ControlState, RunControl
from atu_gui.core.errors import Suspended
from atu_gui.core.events import CheckpointDue, ControlApplied, Event, Progress, RunPaused, RunResumed, Stage
from atu_gui.core.guarding import GuardConfig

# What a step of a stage uses: a wish for anything else waits for a step that does.
_USED = {
    "align": ("align_learning_rate",),
    "unlearn": ("tau", "unlearn_learning_rate", "retain_weight"),
    "probe": (),
}
_NAP = 0.1


class Clock:
    """Run time in seconds, pauses excluded; `before` is what was spent before this program went on with the run."""

    def __init__(self, before: float = 0.0) -> None:
        self._started = time.monotonic() - before
        self._held = 0.0

    def seconds(self) -> float:
        """Since the start, less what was held."""
        return time.monotonic() - self._started - self._held

    def hold(self, seconds: float) -> None:
        """Leave out some time."""
        self._held += seconds


@dataclass(slots=True)
class GateState:
    """What became of the wishes so far. Plain data, part of every checkpoint.

    Attributes:
        stage: The stage under way.
        round: Its round.
        steps: How many steps it intends.
        skips: Skips asked for before it began.
        guards: Goals and floors in force.
        pause_asked: The last wish to pause after some steps that was read.
        pause_step: The step after which to pause because of it.
        held: A pause was told, and not yet its end.
        told: Wishes that were told to have become fact.
        in_force: What holds now, by name.
    """

    guards: GuardConfig
    stage: Stage = "probe"
    round: int = 0
    steps: int = 0
    skips: int = 0
    pause_asked: int = 0
    pause_step: int | None = None
    held: bool = False
    told: dict[str, float] = field(default_factory=dict)
    in_force: dict[str, float | None] = field(default_factory=dict)

    @classmethod
    def at_start(cls, config: RunConfig) -> GateState:
        """Everything as planned."""
        rates = {
            "align_learning_rate": config.align.learning_rate,
            "unlearn_learning_rate": config.unlearn.learning_rate,
            "retain_weight": config.unlearn.retain_weight,
        }
        return cls(config.guards, in_force={**rates})


class Gate:
    """Holds the run while it is paused, lets it go when it is left, and tells which wishes became fact."""

    def __init__(
        self, control: RunControl, run_id: str, clock: Clock, config: RunConfig, state: GateState | None = None
    ) -> None:
        self._control = control
        self._run_id = run_id
        self._clock = clock
        self.state = state or GateState.at_start(config)

    @property
    def steps(self) -> int:
        """How many steps the stage under way intends."""
        return self.state.steps

    def begin_stage(self, stage: Stage, round_: int, steps: int, tau: float | None = None) -> int:
        """A stage begins as planned, or with the steps wished for; returns these. Earlier skips do not end it."""
        state, wish = self.state, self._control.read()
        state.skips = wish.skips
        state.stage, state.round = stage, round_
        wished = {"align": wish.align_steps, "unlearn": wish.unlearn_steps}.get(stage)
        state.steps = steps if wished is None else wished
        # A τ that the user set holds for the coming rounds too.
        state.in_force["tau"] = state.told.get("tau", tau)
        return state.steps

    @property
    def held_tau(self) -> float | None:
        """The τ that the user set and that holds in the coming rounds in place of the schedule's; None without one."""
        return self.state.told.get("tau")

    def skipped(self, state: ControlState) -> bool:
        """Whether the user wants to leave the stage."""
        return state.skips > self.state.skips

    def leaving(self) -> bool:
        """Whether the user wants to end or leave the run; looked at between steps of anything long."""
        return self._control.leaving

    def check_suspended(self) -> None:
        """Leave a stage of which nothing is kept half done.

        Raises:
            Suspended: The user wants to leave the run; it goes on from the last checkpoint.
        """
        state = self._control.read()
        if state.suspending and not state.stopping:
            raise Suspended

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
        wish, own = state.stage_steps, self.state
        if wish is not None and (wish.stage, wish.round) == (own.stage, own.round) and wish.steps != own.steps:
            old, own.steps = own.steps, wish.steps
            yield ControlApplied(self._run_id, step, "stage_steps", float(old), float(wish.steps), state.generation)
        yield from self._report(("align_steps", "unlearn_steps"), state, step)
        if done >= own.steps and not state.stopping:
            return None
        yield from self._report(_USED[own.stage], state, step)
        yield from self._report_guards(state, step)
        return state

    def guards(self, step: int) -> Generator[Event, None, GuardConfig]:
        """The goals and floors in force, changes reported."""
        yield from self._report_guards(self._control.read(), step + 1)
        return self.state.guards

    def pause_by(self, who: str, because: str) -> None:
        """Hold the run before its next step, on behalf of a guard."""
        self._control.pause(who, because)

    def is_held_by(self, who: str) -> bool:
        """Whether the run is to wait on behalf of somebody other than the user."""
        state = self._control.read()
        return state.paused and state.paused_by[0] == who

    def hold(self, step: int, *, keeps: bool = True) -> Generator[Event, None, ControlState]:
        """Wait while the run is paused; `step` is the one about to be taken.

        Args:
            step: Of the run.
            keeps: Whether the run stands where it may be kept. Where it does not, it would go on from its last
                checkpoint.

        Raises:
            Suspended: The user wants to leave the run, which has been kept.
        """
        state = self._control.read()
        if not self.state.held:
            yield from self._note_pause(state, step)
            if self.state.pause_step is not None and step > self.state.pause_step:
                self.state.pause_step = None
                self._control.pause()
                state = self._control.read()
            if state.paused and not state.stopping and not state.suspending:
                self.state.held = True
                yield RunPaused(self._run_id, step - 1, *state.paused_by)
                if keeps:
                    yield CheckpointDue(self._run_id, step - 1, certain=True)
        if self.state.held:
            state = yield from self._wait(step)
        if state.suspending and not state.stopping:
            if keeps:
                yield CheckpointDue(self._run_id, step - 1, certain=True)
            raise Suspended
        if self.state.held:
            self.state.held = False
            yield RunResumed(self._run_id, step - 1)
            yield from self._note_pause(state, step)
        return state

    def go_on_holding(self, step: int) -> Generator[Event, None, None]:
        """Where a checkpoint was written during a pause between two rounds, that pause goes on."""
        if self.state.held:
            yield from self.hold(step)

    def _wait(self, step: int) -> Generator[Event, None, ControlState]:
        since = time.monotonic()
        state = self._control.read()
        while state.paused and not (state.stopping or state.suspending):
            # The worker serves chats between two of these.
            yield Progress("paused", "Paused", 0, 0)
            state = self._control.wait_for_change(state.generation, _NAP)
        self._clock.hold(time.monotonic() - since)
        return state

    def _note_pause(self, state: ControlState, step: int) -> Generator[Event, None, None]:
        own = self.state
        if state.pause_asked != own.pause_asked:
            own.pause_asked = state.pause_asked
            own.pause_step = step - 1 + state.pause_after
            yield ControlApplied(self._run_id, step, "pause_step", None, float(own.pause_step), state.generation)

    def _report(self, names: tuple[str, ...], state: ControlState, step: int) -> Generator[Event, None, None]:
        own = self.state
        for name in names:
            wish = getattr(state, name)
            old = own.in_force.get(name)
            if wish is not None and wish != old:
                own.told[name] = own.in_force[name] = wish
                yield ControlApplied(self._run_id, step, name, old, float(wish), state.generation)

    def _report_guards(self, state: ControlState, step: int) -> Generator[Event, None, None]:
        if state.guards is None or state.guards == self.state.guards:
            return
        before, now = _figures(self.state.guards), _figures(state.guards)
        self.state.guards = state.guards
        for name, value in now.items():
            if value != before[name]:
                yield ControlApplied(self._run_id, step, name, before[name], value, state.generation)


def _figures(guards: GuardConfig) -> dict[str, float | None]:
    """The guards as numbers, as `ControlApplied` carries them."""
    return {**guards.model_dump(exclude={"action"}), "action": float(guards.action == "pause")}
