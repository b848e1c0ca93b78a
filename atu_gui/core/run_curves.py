"""The curves of one run: every plotted number, where stages and rounds lie, which τ was applied.

It is filled from events and nothing else, so that the screen shows what happened and not what was wished for.
Plain values; no Qt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from atu_gui.core import text
from atu_gui.core.events import (
    AlignScored,
    ControlApplied,
    Event,
    GuardTripped,
    RoundScored,
    RunFailed,
    RunFinished,
    RunStarted,
    SimilaritySeen,
    Stage,
    StageEnded,
    StagePlan,
    StageStarted,
    StepDone,
    TauChosen,
)
from atu_gui.core.progress import replanned
from atu_gui.core.series import Floats, Series

# How many of the newest steps tell how long the coming ones will take.
RATE_STEPS = 200


class XAxis(Enum):
    """What the shared x axis counts."""

    STEP = "Step"
    ROUND = "Round"
    SECONDS = "Seconds"


@dataclass(frozen=True, slots=True)
class Band:
    """A stage on the step axis; `future` where nothing of it has happened yet."""

    stage: Stage
    round: int
    start: float
    end: float
    future: bool
    tau: float | None = None


@dataclass(frozen=True, slots=True)
class TauLine:
    """τ over a stretch of steps; `joined` where it follows another within the same stage."""

    start: float
    end: float
    tau: float
    round: int
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """A live change, and where the first step that took it begins."""

    step: float
    text: str


class RunCurves:
    """The curves of one run."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything, the plan included."""
        self.mean = Series()
        self.p95 = Series()
        self.batch_cosine = Series()
        self.held_out = Series()
        self.clock = Series()
        self.rounds: list[RoundScored] = []
        self.tau_lines: list[TauLine] = []
        self.flags: list[Flag] = []
        self.rejected: set[int] = set()
        self.running = False
        self.best_round: int | None = None
        self.seen: SimilaritySeen | None = None
        self._plan: tuple[StagePlan, ...] = ()
        self._done: list[Band] = []
        self._open: Band | None = None
        self._chosen: dict[int, float] = {}
        self._live_tau: float | None = None
        self._now = 0.0

    def set_plan(self, stages: tuple[StagePlan, ...]) -> None:
        """The stages the run intends."""
        self._plan = stages

    @property
    def empty(self) -> bool:
        """Whether nothing has come that could be drawn."""
        return not (len(self.clock) or self.rounds or len(self.held_out))

    @property
    def now(self) -> float:
        """The newest step."""
        return self._now

    @property
    def last_round(self) -> int:
        """The highest round that is planned or has happened."""
        planned = max((stage.round for stage in self._plan), default=0)
        return max(planned, self.rounds[-1].round if self.rounds else 0)

    @property
    def applied_tau(self) -> float | None:
        """τ of the newest unlearn step."""
        return self.tau_lines[-1].tau if self.tau_lines else None

    def add(self, event: Event) -> bool:
        """Take in an event; whether it changed anything that is drawn."""
        match event:
            case StepDone():
                self._add_step(event)
            case SimilaritySeen():
                self.seen = event
            case AlignScored():
                self.held_out.append(event.step, self.seconds_at(event.step), event.held_out_cosine)
            case StageStarted():
                self._start_stage(event)
            case StageEnded():
                self._end_stage(event)
            case TauChosen():
                self._chosen[event.round] = event.tau
            case ControlApplied():
                self._add_control(event)
            case RoundScored():
                self.rounds = sorted([*(r for r in self.rounds if r.round != event.round), event], key=_by_round)
            case GuardTripped(rejected=True):
                self.rejected.add(event.round)
            case RunStarted():
                self.clear()
                self.running = True
                self._plan = event.stages
            case RunFinished():
                self.finish()
                self.best_round = event.best_round or None
            case RunFailed():
                self.finish()
                self.best_round = event.last_good_round or None
            case _:
                return False
        return True

    def bands(self) -> list[Band]:
        """Stages in order: what has happened, what goes on, what is planned."""
        past = [*self._done, self._open] if self._open else list(self._done)
        if past and not self.running:
            return past
        end = past[-1].end if past else 0.0
        bands = list(past)
        for stage in self._still_planned():
            if stage.stage != "probe" and stage.steps > 0:
                bands.append(Band(stage.stage, stage.round, end, end + stage.steps, True, self._planned_tau(stage)))
                end += stage.steps
        return bands

    def planned_lines(self) -> list[TauLine]:
        """τ of the coming unlearn steps, as far as it is known."""
        lines = []
        if self.running and self._open and self._open.stage == "unlearn" and self.applied_tau is not None:
            lines.append(TauLine(self._now, self._open.end, self.applied_tau, self._open.round))
        for band in self.bands():
            if band.future and band.stage == "unlearn" and band.tau is not None:
                lines.append(TauLine(band.start, band.end, band.tau, band.round))
        return lines

    def next_tau(self) -> float | None:
        """The first planned τ."""
        return next((band.tau for band in self.bands() if band.future and band.tau is not None), None)

    def stage_at(self, step: float) -> Band | None:
        """The stage that `step` belongs to."""
        return next((band for band in self.bands() if band.start < step <= band.end), None)

    def seconds_at(self, step: float) -> float:
        """Run time at a step, continued at the newest pace where it has not come yet."""
        return float(self._seconds(np.array([step], dtype=float))[0])

    def xs(self, series: Series, axis: XAxis) -> Floats:
        """Where the points of `series` lie on the axis."""
        if axis is XAxis.SECONDS:
            return series.seconds
        return series.steps if axis is XAxis.STEP else self._round_positions(series.steps)

    def place(self, steps: Floats | list[float], axis: XAxis) -> Floats:
        """Where steps lie on the axis, coming ones included."""
        values = np.asarray(steps, dtype=float)
        if axis is XAxis.STEP:
            return values
        return self._seconds(values) if axis is XAxis.SECONDS else self._round_positions(values)

    def step_of(self, x: float, axis: XAxis) -> float:
        """The step at a place on the axis."""
        if axis is XAxis.STEP:
            return x
        if axis is XAxis.SECONDS:
            at = int(np.searchsorted(self.clock.values, x, side="right")) - 1
            return float(self.clock.steps[at]) if at >= 0 else 0.0
        steps, rounds = self._round_knots()
        return float(np.interp(x, rounds, steps))

    def extent(self, axis: XAxis) -> float:
        """Where the axis ends."""
        bands = self.bands()
        last = max(bands[-1].end if bands else 0.0, self._now, 1.0)
        return float(self.place([last], axis)[0])

    def _add_step(self, event: StepDone) -> None:
        step, seconds = event.step, event.seconds
        self.mean.append(step, seconds, event.similarity_mean)
        self.p95.append(step, seconds, event.similarity_p95)
        self.batch_cosine.append(step, seconds, event.align_cosine)
        self.clock.append(step, seconds, seconds)
        if event.stage == "unlearn" and event.tau is not None:
            self._add_tau(event, event.tau)
        self._now = float(step)
        if self._open and step > self._open.end:
            self._open = replace(self._open, end=float(step))

    def _add_tau(self, event: StepDone, tau: float) -> None:
        last = self.tau_lines[-1] if self.tau_lines else None
        if last and last.end >= event.step:
            self.tau_lines = [line for line in self.tau_lines if line.end < event.step]
            last = self.tau_lines[-1] if self.tau_lines else None
        follows = last is not None and last.round == event.round and last.end == event.step - 1
        if last is not None and follows and last.tau == tau:
            self.tau_lines[-1] = replace(last, end=float(event.step))
        else:
            self.tau_lines.append(TauLine(event.step - 1.0, float(event.step), tau, event.round, joined=follows))

    def _add_control(self, event: ControlApplied) -> None:
        if event.field == "tau":
            self._live_tau = event.new
        self._plan = replanned(self._plan, self._plan_at(), event)
        if event.field == "stage_steps" and self._open is not None and event.new is not None:
            self._open = replace(self._open, end=self._open.start + event.new)
        # Where the run will pause changes nothing by then.
        if event.field in text.KNOBS and event.field != "pause_step":
            # Where the step begins, as bands and lines of τ do.
            self.flags.append(Flag(event.step - 1.0, f"{text.change(event)} by you"))

    def _start_stage(self, event: StageStarted) -> None:
        self._close_stage(float(event.step))
        if event.stage != "probe":
            # A run resumed from an earlier checkpoint does some stages again.
            self._done = [band for band in self._done if band.end <= event.step]
            self._open = Band(event.stage, event.round, float(event.step), float(event.step + event.steps), False)

    def _end_stage(self, event: StageEnded) -> None:
        if event.stage != "probe":
            self._close_stage(float(event.step))

    def _close_stage(self, step: float) -> None:
        if self._open is not None:
            if step > self._open.start:
                self._done.append(replace(self._open, end=step))
            self._open = None

    def finish(self) -> None:
        """Nothing more will come."""
        self._close_stage(self._now)
        self.running = False

    def _still_planned(self) -> tuple[StagePlan, ...]:
        return self._plan[self._plan_at() + 1 :]

    def _plan_at(self) -> int:
        """Where in the plan the newest stage stands, −1 before the first; one that was not planned is past the end."""
        latest = self._open or (self._done[-1] if self._done else None)
        if latest is None:
            return -1
        wanted = (latest.stage, latest.round)
        found = (at for at, stage in enumerate(self._plan) if (stage.stage, stage.round) == wanted)
        return next(found, len(self._plan))

    def _planned_tau(self, stage: StagePlan) -> float | None:
        if stage.stage != "unlearn":
            return None
        # A live τ holds for the coming rounds too (core.control), so the plan must show it.
        return self._live_tau if self._live_tau is not None else self._chosen.get(stage.round, stage.tau)

    def _seconds(self, steps: Floats) -> Floats:
        if not len(self.clock):
            return steps
        known, values = self.clock.steps, self.clock.values
        first = max(len(known) - RATE_STEPS, 0)
        span = known[-1] - known[first]
        pace = (values[-1] - values[first]) / span if span else values[-1] / max(known[-1], 1.0)
        result = np.interp(steps, known, values, left=0.0)
        beyond = steps > known[-1]
        result[beyond] = values[-1] + (steps[beyond] - known[-1]) * pace
        return result

    def _round_positions(self, steps: Floats) -> Floats:
        known, rounds = self._round_knots()
        return np.interp(steps, known, rounds)

    def _round_knots(self) -> tuple[list[float], list[float]]:
        """Steps at which rounds end, from 0: round r lies between r − 1 and r."""
        ends: dict[int, float] = {}
        for band in self.bands():
            ends[band.round] = max(ends.get(band.round, 0.0), band.end)
        steps, rounds = [0.0], [0.0]
        for number, end in sorted(ends.items()):
            if end > steps[-1]:
                steps.append(end)
                rounds.append(float(number))
        return steps, rounds


def _by_round(scored: RoundScored) -> int:
    return scored.round
