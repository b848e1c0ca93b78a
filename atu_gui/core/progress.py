"""How far the run is and how long it will take, from its events alone. No widgets, no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from atu_gui.core import text
from atu_gui.core.config import RunConfig
from atu_gui.core.events import (
    LIMITS,
    ControlApplied,
    Event,
    Progress,
    RoundScored,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageEnded,
    StagePlan,
    StageStarted,
    StepDone,
)
from atu_gui.core.paces import Paces, part_of

# Beginnings of the reasons that a run was meant to end for.
_DONE = ("goal", "all rounds done", "budget")
# A step that takes so many seconds, and so many times as long as those before, was held up from outside.
_ASLEEP, _HELD_UP = 60.0, 20.0


@dataclass(slots=True)
class RunProgress:
    """What the toolbar shows.

    Attributes:
        stages: The plan, probes included.
        at: Index of the stage under way, −1 before the first.
        stage_share: Share of that stage that is done.
        paused: Whether the run waits.
        paused_by: Who holds it: “you”, a guard, or quiet mode.
        ended: Words for how it ended, or "".
        failed: Whether it ended with an error.
        seconds: Run time so far.
        preparing: What goes on before the first stage.
        paces: What its parts take; give it those of an earlier run to know more at the beginning.
        limits: Which of `LIMITS` are set now.
    """

    stages: tuple[StagePlan, ...] = ()
    at: int = -1
    stage_share: float = 0.0
    paused: bool = False
    paused_by: str = "you"
    ended: str = ""
    failed: bool = False
    seconds: float = 0.0
    preparing: str = ""
    paces: Paces = field(default_factory=Paces)
    limits: frozenset[str] = frozenset()
    _steps: int = 0
    _scored_at: float = 0.0
    _in_stages: float = 0.0
    _stage_begin: tuple[int, float] | None = None
    _step_rate: float | None = None
    _step_at: float = 0.0

    @property
    def stage(self) -> StagePlan | None:
        """The stage under way."""
        return self.stages[self.at] if 0 <= self.at < len(self.stages) else None

    @property
    def rounds(self) -> int:
        """How many rounds the run intends."""
        return max((stage.round for stage in self.stages), default=0)

    @property
    def steps_per_second(self) -> float | None:
        """Speed of the stage under way."""
        return self._step_rate

    def handle(self, event: Event) -> None:
        """Take in one event; those that say nothing about progress are ignored."""
        match event:
            case RunStarted():
                self._begin(event)
            case StageStarted():
                self._enter(event)
            case StepDone():
                self._step(event)
            case Progress(job="probe") if self.stage is not None and self.stage.stage == "probe":
                self.stage_share = min(1.0, event.done / event.total) if event.total else 0.0
            case Progress(job="load" | "write" | "prepare") if self.stage is None:
                self.preparing = f"{event.what} · {text.progress(event)}".strip(" ·")
            case StageEnded():
                self._leave(event)
            case RoundScored():
                self._score(event)
            case ControlApplied():
                self.stages = replanned(self.stages, self.at, event)
                if event.field in LIMITS:
                    self.limits = self.limits - {event.field} | ({event.field} if event.new is not None else set())
            case RunPaused():
                self.paused, self.paused_by = True, event.by
            case RunResumed():
                self.paused = False
            case RunFinished():
                self.ended = event.stopped_because
                self.seconds = event.seconds
                self.paused = False
            case RunFailed():
                self.ended, self.failed, self.paused = event.message, True, False

    def words(self) -> tuple[str, str]:
        """The bold beginning and the rest of the progress line."""
        stage = self.stage
        if self.ended:
            return self._how_it_ended(), text.capital(self.ended).rstrip(".")
        if stage is None:
            return "Getting ready", self.preparing or "texts, windows and cache"
        begin = f"Round {stage.round} of {self.rounds}" if stage.round else "Untouched model"
        if self.paused:
            return f"Paused by {self.paused_by}", f"{begin[:1].lower()}{begin[1:]}, step {text.count(self._steps)}"
        if stage.stage == "probe":
            return begin, f"Probe · {text.percent(self.stage_share)} of the questions"
        done = round(self.stage_share * stage.steps)
        return begin, f"{stage.stage.capitalize()} · step {text.count(done)} of {text.count(stage.steps)}"

    def stage_left(self) -> float | None:
        """Seconds until the stage under way ends, where the pace is known."""
        stage = self.stage
        if stage is None or self.ended:
            return None
        cost = self.paces.cost(stage)
        return None if cost is None else cost * (1.0 - self.stage_share)

    def run_left(self) -> float | None:
        """Seconds until the last round that is planned, where every pace is known or can be guessed.

        A goal or a guard may end the run before that.
        """
        if self.ended or not self.stages:
            return None
        costs = [self.paces.cost(stage) for stage in self.stages[self.at + 1 :]]
        if self.stage is not None:
            costs.append(self.stage_left())
        rounds = {stage.round for stage in self.stages[max(self.at, 0) :]} - {0}
        costs.append(len(rounds) * (self.paces.of("between") or 0.0))
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    def share(self) -> float | None:
        """Share of the run's time that has passed, as far as its end is known; None where no run is under way."""
        left = self.run_left()
        return None if left is None else self.seconds / max(self.seconds + left, 1e-9)

    def may_end_early(self) -> bool:
        """Whether a guard or the budget may still end the run, or a stage of it, before its plan does.

        Goals, floors and the budget are looked at after a round, so they change nothing in the last one.
        """
        now = self.stage.round if self.stage is not None else 0
        to_come = self.stages[max(self.at, 0) :]
        another = any(stage.round > now for stage in to_come)
        unlearns = any(stage.stage == "unlearn" for stage in to_come)
        return ("active_share" in self.limits and unlearns) or (another and bool(self.limits - {"active_share"}))

    def left_words(self) -> str:
        """How long the run still takes: “at most 6:20 left”, “6:20 left” where nothing can end it early, or ""."""
        left = self.run_left()
        if left is None:
            return ""
        return f"{'at most ' if self.may_end_early() else ''}{text.duration(left)} left"

    def title(self) -> str:
        """A few words for the window's title while the run goes on, or ""."""
        stage = self.stage
        if self.ended or not self.stages:
            return ""
        where = "Paused" if self.paused else f"Round {stage.round} of {self.rounds}" if stage and stage.round else "Run"
        left = self.left_words()
        return f"{where} · {left}" if left else where

    def _how_it_ended(self) -> str:
        """A run that a guard ended, or that the user stopped, is not called done."""
        if self.failed:
            return "Run failed"
        return "Run done" if self.ended.startswith(_DONE) else "Run stopped"

    def _begin(self, event: RunStarted) -> None:
        self.stages = event.stages
        self.at, self.stage_share, self.paused, self.ended, self.failed = -1, 0.0, False, "", False
        self.seconds, self._steps, self._stage_begin, self._step_rate = 0.0, 0, None, None
        self._scored_at, self._in_stages = 0.0, 0.0
        self.paces.questions = max(1, event.forget_probes + event.neighbour_probes)
        self.limits = frozenset(event.limits)

    def _enter(self, event: StageStarted) -> None:
        wanted = (event.stage, event.round)
        found = (
            number
            for number in range(max(0, self.at), len(self.stages))
            if (self.stages[number].stage, self.stages[number].round) == wanted
        )
        self.at = next(found, self.at)
        self.stage_share, self._stage_begin, self._step_rate = 0.0, None, None
        self.paces.next_stage()

    def _step(self, event: StepDone) -> None:
        self._steps, self.seconds = event.step, event.seconds
        self.stage_share = min(1.0, event.stage_step / max(1, event.stage_steps))
        if self._stage_begin is None:
            self._stage_begin, self._step_at = (event.stage_step, event.seconds), event.seconds
            return
        first, since = self._stage_begin
        gap, self._step_at = event.seconds - self._step_at, event.seconds
        if self._step_rate is not None and gap > max(_ASLEEP, _HELD_UP / self._step_rate):
            # Some systems count the time in which they sleep, and any can stop a program: no step took that long.
            since += gap - 1 / self._step_rate
            self._stage_begin = (first, since)
        took, steps = event.seconds - since, event.stage_step - first
        if steps > 0 and took > 0:
            if self.stage is not None:
                self.paces.measure(part_of(self.stage), took / steps)
            self._step_rate = steps / took

    def _leave(self, event: StageEnded) -> None:
        self.stage_share = 1.0
        self._in_stages += event.seconds
        if event.reason != "done":
            return
        if event.stage == "probe":
            self.paces.measure("probe", event.seconds / self.paces.questions)
        elif self.stage is not None and self.stage.steps == 1:
            # Of a single step there is no time between two.
            self.paces.measure(part_of(self.stage), event.seconds)

    def _score(self, event: RoundScored) -> None:
        """What a round took beyond its stages lies between them; before round 0 the run was getting ready."""
        if event.round:
            self.paces.measure("between", max(0.0, event.seconds - self._scored_at - self._in_stages))
        self.seconds, self._scored_at, self._in_stages = event.seconds, event.seconds, 0.0


def replanned(stages: tuple[StagePlan, ...], at: int, event: ControlApplied) -> tuple[StagePlan, ...]:
    """The plan after a live change: `at` is the stage under way, −1 before the first."""
    kind = {"align_steps": "align", "unlearn_steps": "unlearn"}.get(event.field)
    if event.new is None or (kind is None and event.field != "stage_steps"):
        return stages
    steps = round(event.new)
    return tuple(
        replace(stage, steps=steps) if (number > at and stage.stage == kind) or (number == at and not kind) else stage
        for number, stage in enumerate(stages)
    )


def limits_of(config: RunConfig) -> tuple[str, ...]:
    """Which of `LIMITS` a config sets."""
    budget = {"budget": config.budget_seconds}
    return tuple(name for name in LIMITS if (budget | config.guards.model_dump())[name] is not None)


def planned_stages(config: RunConfig) -> tuple[StagePlan, ...]:
    """What a settled config intends, as far as it can be known before the run."""
    stages = [StagePlan("probe", 0, 0)]
    for number, plan in enumerate(config.rounds, start=1):
        stages.append(StagePlan("align", number, plan.align_steps))
        stages.append(StagePlan("unlearn", number, plan.unlearn_steps, plan.tau))
        stages.append(StagePlan("probe", number, 0))
    return tuple(stages)
