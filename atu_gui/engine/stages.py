"""The stages of a run, one after the other from wherever it stands: align, unlearn, probe, round by round.

Whether a run begins or goes on from a checkpoint makes no difference here: the place says what comes next, and a stage
that had begun is gone on with. Between two events the weights are consistent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import nn

from atu_gui.core.config import RoundPlan
from atu_gui.core.control import NOT_FINITE, STOPPED, ControlState
from atu_gui.core.errors import Cancelled
from atu_gui.core.events import (
    AlignScored,
    CheckpointDue,
    EndReason,
    Event,
    GuardAction,
    GuardTripped,
    Note,
    RoundScored,
    SimilaritySeen,
    Stage,
    StageEnded,
    StageStarted,
    StepDone,
    TauChosen,
)
from atu_gui.core.materials import Materials
from atu_gui.engine.align import Aligner, AlignStep, Sight, look
from atu_gui.engine.fitting import Fitting
from atu_gui.engine.gate import Clock, Gate
from atu_gui.engine.guards import Verdict, best_round, broken_guard, cautions, not_finite, reached_goal, too_inactive
from atu_gui.engine.kept_heads import save_heads
from atu_gui.engine.margins import choose_tau, share_above
from atu_gui.engine.measured import round_scored
from atu_gui.engine.place import Place
from atu_gui.engine.probes.score import RoundScores, score_round
from atu_gui.engine.room import written
from atu_gui.engine.setting import Setting
from atu_gui.engine.snapshots import Snapshots, Start
from atu_gui.engine.unlearn import Unlearner, UnlearnStep

# An unlearn stage may end for want of active positions only after this many steps: one batch is no evidence.
_INACTIVE_STEPS = 3
# Held-out alignment is measured this often within an align stage.
_LOOK_EVERY = 50


class Stages:
    """Moves a run from place to place.

    Attributes:
        place: Where the run stands.
        aligner: The optimizer of the heads.
        unlearner: The optimizer of the model.
    """

    def __init__(
        self,
        setting: Setting,
        parameters: dict[str, nn.Parameter],
        materials: Materials,
        gate: Gate,
        clock: Clock,
        snapshots: Snapshots,
        place: Place,
        *,
        run_id: str,
        folder: Path,
        start: Start | None,
    ) -> None:
        self._setting = setting
        self._materials = materials
        self._gate = gate
        self._clock = clock
        self._snapshots = snapshots
        self._run_id = run_id
        self._folder = folder
        self._start = start
        self._plans = setting.config.rounds
        self._kept_at = 0.0
        self._fitting = Fitting(gate, place, setting)
        self.place = place
        self.aligner = Aligner(setting)
        self.unlearner = Unlearner(setting, parameters)

    def go_on(self) -> Generator[Event, None, None]:
        """Stage after stage until the place is the end; before each the run may be kept."""
        stages: dict[str, Callable[[], Generator[Event, None, None]]] = {
            "align": self._align,
            "unlearn": self._unlearn,
            "probe": self._probe,
        }
        while self.place.station != "end":
            yield from self._keep()
            yield from stages[self.place.station]()

    def _align(self) -> Generator[Event, None, None]:
        place, plan = self.place, self._plan()
        if place.begun is None:
            yield from self._gate.go_on_holding(place.step + 1)
            if self._out_of_budget():
                place.end("budget: the next round would exceed it")
                return
            yield from self._begin("align", plan.align_steps)
        reason: EndReason = "done"
        while (state := (yield from self._next_step())) is not None:
            if (early := self._early_end(state)) is not None:
                reason = early
                break
            rate = state.align_learning_rate or self._setting.config.align.learning_rate
            untouched = self._is_untouched()
            step = yield from self._fitting.take(partial(self.aligner.step, rate, untouched=untouched))
            if step is None:
                continue
            self._count()
            yield replace(self._done("align", step, rate, state), align_cosine=step.cosine)
            if place.index % _LOOK_EVERY == 0 and place.index < self._gate.steps:
                yield self._seen(look(self._setting, untouched=self._is_untouched()))
        yield self._ended(reason)
        if reason == "stopped":
            place.end(STOPPED)
        elif reason == "budget":
            place.end("budget: the time was up while the head was aligned")
        else:
            yield from self._choose_tau(plan)

    def _done(self, stage: Stage, step: AlignStep | UnlearnStep, rate: float, state: ControlState) -> StepDone:
        """What steps of both kinds say; each adds its own."""
        return StepDone(
            run_id=self._run_id,
            stage=stage,
            round=self.place.round,
            step=self.place.step,
            stage_step=self.place.index,
            stage_steps=self._gate.steps,
            loss=step.loss,
            learning_rate=rate,
            generation=state.generation,
            seconds=self._clock.seconds(),
            similarity_mean=step.similarity_mean,
            similarity_p95=step.similarity_p95,
            gradient_norm=step.gradient_norm,
        )

    def _choose_tau(self, plan: RoundPlan) -> Generator[Event, None, None]:
        """What the realigned heads see, and the τ that the round aims for."""
        place = self.place
        sight = look(self._setting, untouched=self._is_untouched())
        yield self._seen(sight)
        yield SimilaritySeen(self._run_id, place.round, place.step, *sight.histograms())
        tau, reason = choose_tau(plan, sight, place.ceiling)
        held = self._gate.held_tau
        aimed = tau if held is None else held
        yield TauChosen(
            run_id=self._run_id,
            round=place.round,
            step=place.step,
            tau=aimed,
            retain_share_above=share_above(sight.retain_similarity, aimed),
            concept_share_above=share_above(sight.concept_similarity, aimed),
            reason=reason if held is None else f"set by you; the schedule would take {tau:.2f}",
        )
        if plan.tau is None:
            place.ceiling = tau
        place.align_cosine = sight.cosine
        place.planned_tau = place.tau = tau
        place.move("unlearn", place.round)

    def _unlearn(self) -> Generator[Event, None, None]:
        place, config = self.place, self._setting.config
        if place.begun is None:
            yield from self._begin("unlearn", self._plan().unlearn_steps, place.planned_tau)
            yield from self._fitting.settle(self.unlearner)
        reason: EndReason = "done"
        because = ""
        while (state := (yield from self._next_step())) is not None:
            if (early := self._early_end(state)) is not None:
                reason = early
                break
            place.tau = place.planned_tau if state.tau is None else state.tau
            rate = state.unlearn_learning_rate or config.unlearn.learning_rate
            weight = config.unlearn.retain_weight if state.retain_weight is None else state.retain_weight
            trial = partial(self.unlearner.step, place.tau, rate, weight)
            step = yield from self._fitting.take(trial, place.unlearn_rows)
            if step is None:
                continue
            guards = yield from self._gate.guards(place.step)
            if not step.finite:
                verdict = not_finite(step.loss, place.round, place.index + 1)
                if (yield from self._trip(verdict, place.round, guards.action)):
                    continue
                because = f"{NOT_FINITE}: {verdict.words}"
                break
            self._count()
            yield replace(
                self._done("unlearn", step, rate, state),
                tau=place.tau,
                retain_weight=weight,
                retain_loss=step.retain_loss,
                active_fraction=step.active_fraction,
            )
            if (yield from self._is_idle(guards.active_share, guards.action == "pause", step.active_fraction)):
                reason = "inactive"
                break
        yield self._ended(reason)
        if reason == "stopped" or because:
            place.end(because or STOPPED)
        else:
            place.move("probe", place.round)

    def _early_end(self, state: ControlState) -> EndReason | None:
        """Why the stage ends before its next step, if it does. Where time is up the round's questions are still asked:
        an unlearned model that nobody measured is worth nothing."""
        if state.stopping:
            return "stopped"
        if self._gate.skipped(state):
            return "skipped"
        budget = self._setting.config.budget_seconds
        return "budget" if budget is not None and self._clock.seconds() > budget else None

    def _is_idle(self, limit: float | None, pauses: bool, share: float) -> Generator[Event, None, bool]:
        """Whether the stage ends because hardly any position lies above τ any more."""
        place = self.place
        place.inactive = place.inactive + 1 if limit is not None and share < limit else 0
        if limit is None or place.inactive < _INACTIVE_STEPS:
            return False
        # Paused once in a stage: the user has seen it and let it go on.
        action: GuardAction = "pause" if pauses and not place.has_paused else "end stage"
        if action == "pause":
            place.has_paused, place.inactive = True, 0
        return not (yield from self._trip(too_inactive(limit, share, place.tau), place.round, action))

    def _probe(self) -> Generator[Event, None, None]:
        """Ask everything; where the user stops the run meanwhile nothing is kept, because half a score is none."""
        place, number = self.place, self.place.round
        sight = look(self._setting, untouched=False) if number else None
        yield from self._begin("probe", 1)
        try:
            scores: RoundScores = yield from score_round(
                self._setting.lm,
                self._materials,
                run_id=self._run_id,
                round=number,
                cancelled=self._gate.leaving,
                dev_share=self._setting.config.probing.dev_share,
            )
        except Cancelled:
            self._gate.check_suspended()
            yield self._ended("stopped")
            place.end(STOPPED)
            return
        yield self._ended("done")
        scored = round_scored(
            scores,
            sight,
            place.untouched,
            run_id=self._run_id,
            round=number,
            step=place.step,
            tau=place.tau if number else None,
            align_cosine=place.align_cosine,
            seconds=self._clock.seconds(),
            weights_hash=self._snapshots.weights_hash(),
        )
        if number and not (yield from written(partial(self._save, number), self._gate, place.step)):
            place.end(STOPPED)
            return
        yield scored
        if number:
            yield from self._judge(scored)
        else:
            yield from self._take_over(scored)

    def _save(self, number: int) -> None:
        save_heads(self._folder, number, self._setting, self.place.tau)
        self._snapshots.save(number)

    def _take_over(self, untouched: RoundScored) -> Generator[Event, None, None]:
        """After round 0 a branch goes on from its parent's weights. Round 0 was measured before, so that goals, floors
        and what chats call untouched mean the same in every run."""
        for caution in cautions(untouched):
            yield Note("warning", caution)
        if self._start is not None:
            self._snapshots.begin_with(self._start.values)
            parent = f"run {self._start.run_id}, round {self._start.round}"
            yield Note("info", f"The rounds of this run begin with the weights of {parent}; round 0 is untouched.")
        self.place.untouched = untouched
        yield from self._next_round()

    def _judge(self, scored: RoundScored) -> Generator[Event, None, None]:
        """Whether a round was good, and whether another one follows."""
        place, number = self.place, self.place.round
        untouched = cast(RoundScored, place.untouched)
        guards = yield from self._gate.guards(place.step)
        verdict = broken_guard(guards, untouched, scored)
        if verdict is None:
            place.best_round = number
            place.good = (*place.good, scored)
            verdict = reached_goal(guards, untouched, scored)
        place.done = number
        # After the last round there is nothing that a pause could hold.
        pauses = guards.action == "pause" and number < len(self._plans)
        if pauses:
            place.move("align", number + 1)
        if verdict is not None and not (yield from self._trip(verdict, number, "pause" if pauses else "stop")):
            kind = "guard" if verdict.rejected else "goal"
            place.end(f"{kind}: {verdict.words}")
            return
        yield from self._next_round()

    def _next_round(self) -> Generator[Event, None, None]:
        place = self.place
        if place.done < len(self._plans):
            place.move("align", place.done + 1)
            return
        guards = yield from self._gate.guards(place.step)
        place.best_round = best_round(guards, cast(RoundScored, place.untouched), place.good)
        place.end("all rounds done")

    def _plan(self) -> RoundPlan:
        return self._plans[self.place.round - 1]

    def _is_untouched(self) -> bool:
        """Whether the model is still as it was loaded, so that cached hidden states serve."""
        return self.place.round == 1 and self._start is None

    def _next_step(self) -> Generator[Event, None, ControlState | None]:
        """Keep the run if it is time, then see what the user wishes for the coming step."""
        minutes = self._setting.config.checkpoint_minutes
        if minutes and time.monotonic() - self._kept_at >= 60 * minutes:
            yield from self._keep()
        return (yield from self._gate.next_step(self.place.step + 1, self.place.index))

    def _keep(self) -> Generator[Event, None, None]:
        yield CheckpointDue(self._run_id, self.place.step)
        self._kept_at = time.monotonic()

    def _count(self) -> None:
        self.place.step, self.place.index = self.place.step + 1, self.place.index + 1

    def _trip(self, verdict: Verdict, number: int, action: GuardAction) -> Generator[Event, None, bool]:
        """Say what a guard saw and wait where it pauses; whether the work goes on."""
        place = self.place
        yield GuardTripped(
            self._run_id, number, place.step, verdict.guard, verdict.words, action, rejected=verdict.rejected
        )
        if action != "pause":
            return False
        self._gate.pause_by(verdict.who, verdict.words)
        yield from self._gate.hold(place.step + 1)
        return True

    def _begin(self, stage: Stage, steps: int, tau: float | None = None) -> Generator[Event, None, None]:
        """Announce a stage."""
        place = self.place
        steps = self._gate.begin_stage(stage, place.round, steps, tau)
        yield StageStarted(self._run_id, stage, place.round, steps, place.step, tau)
        place.begun = self._clock.seconds()

    def _ended(self, reason: EndReason) -> StageEnded:
        place, state = self.place, self._gate.state
        spent = self._clock.seconds() - (place.begun or 0.0)
        return StageEnded(self._run_id, state.stage, place.round, place.step, reason, spent)

    def _seen(self, sight: Sight) -> AlignScored:
        concept, retain = sight.concept_similarity, sight.retain_similarity
        return AlignScored(
            run_id=self._run_id,
            round=self.place.round,
            step=self.place.step,
            held_out_cosine=sight.cosine,
            concept_similarity_mean=float(concept.mean()),
            concept_similarity_p95=float(torch.quantile(concept, 0.95)),
            retain_similarity_mean=float(retain.mean()) if len(retain) else 0.0,
            retain_similarity_p95=float(torch.quantile(retain, 0.95)) if len(retain) else 0.0,
        )

    def _out_of_budget(self) -> bool:
        """Whether another round as long as the average one would exceed the budget."""
        budget, done = self._setting.config.budget_seconds, self.place.done
        if budget is None or not done:
            return False
        spent = self._clock.seconds()
        return spent + spent / (done + 1) > budget
