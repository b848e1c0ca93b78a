"""One run from the untouched model to its last round, as a generator of events.

The screen, the recorder and the command line all drain the same stream; nothing here knows them. Between two events
the weights are consistent, so that the caller may answer a chat before it asks for the next one.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.control import DISCARDED, STOPPED, RunControl
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import (
    AlignScored,
    EndReason,
    Event,
    GuardAction,
    GuardTripped,
    Note,
    RoundScored,
    RunFinished,
    RunStarted,
    SimilaritySeen,
    Stage,
    StageEnded,
    StageStarted,
    StepDone,
    TauChosen,
)
from atu_gui.core.materials import Materials
from atu_gui.core.ports import RunOutcome
from atu_gui.core.schedule import settle
from atu_gui.engine.align import Aligner, Sight, look
from atu_gui.engine.gate import Clock, Gate
from atu_gui.engine.guards import Verdict, best_round, broken_guard, cautions, not_finite, reached_goal, too_inactive
from atu_gui.engine.kept_heads import save_heads
from atu_gui.engine.margins import Margins, share_above
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.opening import run_started
from atu_gui.engine.probes.score import RoundScores, score_round
from atu_gui.engine.setting import Setting, build_setting, with_layers
from atu_gui.engine.snapshots import Snapshots, Start
from atu_gui.engine.unlearn import Unlearner, trained_parameters

# An unlearn stage may end for want of active positions only after this many steps: one batch is no evidence.
_INACTIVE_STEPS = 3
# Held-out alignment is measured this often within an align stage.
_LOOK_EVERY = 50


@dataclass(slots=True)
class _End:
    """Why the run ended, and the last round that was good."""

    because: str = ""
    best_round: int = 0


class Run:
    """One run on a loaded, untouched model.

    Attributes:
        config: The settled config, hook layers filled in.
        snapshots: The untouched values and every finished round; chats are answered from it.

    Args:
        start: The round with whose weights the first round begins; the untouched model's by default.

    Raises:
        InputError: No concept, no texts, or a layer the model does not have.
    """

    def __init__(
        self,
        config: RunConfig,
        lm: LanguageModel,
        encoder: TextEncoder,
        materials: Materials,
        control: RunControl,
        *,
        run_id: str,
        folder: Path,
        start: Start | None = None,
    ) -> None:
        if not config.concepts:
            raise InputError("No concept is named.", "Name what is to be forgotten.")
        if not materials.concept_passages:
            raise InputError("There are no texts about the concept.", "Give a file, or let the model write them.")
        self.config = with_layers(settle(config), lm.depth)
        self._lm = lm
        self._encoder = encoder
        self._materials = materials
        self._run_id = run_id
        self._folder = folder
        self._clock = Clock()
        self._gate = Gate(control, run_id, self._clock, self.config)
        self._step = 0
        self._margins = Margins()
        self._end = _End()
        lm.model.requires_grad_(False)
        self._parameters = trained_parameters(lm, self.config.layers, self.config.unlearn)
        self._start = start
        named = dict(lm.model.named_parameters())
        inherited = {name: named[name] for name in (start.values if start else ())}
        self.snapshots = Snapshots(lm, {**inherited, **self._parameters}, folder)

    @property
    def outcome(self) -> RunOutcome:
        """How the run ended; meaningful once the events are drained."""
        return RunOutcome(self._run_id, self._folder, self._end.because, self._end.best_round)

    def events(self) -> Generator[Event, None, RunOutcome]:
        """Do it all. Ends with `RunFinished`; the model then has the weights of the best round."""
        yield self._started()
        setting = yield from build_setting(
            self.config, self._lm, self._encoder, self._materials, branched=self._start is not None
        )
        untouched = yield from self._probe(0, None, None)
        done = 0
        if untouched is not None:
            for caution in cautions(untouched):
                yield Note("warning", caution)
            yield from self._take_over()
            done = yield from self._rounds(setting, untouched)
        self._end.because = self._end.because or "all rounds done"
        if self._gate.discarding():
            self._end = _End(DISCARDED)
        self.snapshots.restore(self._end.best_round)
        yield RunFinished(
            self._run_id, self._end.because, self._end.best_round, done, self._clock.seconds(), str(self._folder)
        )
        return self.outcome

    def _rounds(self, setting: Setting, untouched: RoundScored) -> Generator[Event, None, int]:
        """All rounds until a reason to end; returns how many were finished."""
        aligner, unlearner = Aligner(setting), Unlearner(setting, self._parameters)
        good: list[RoundScored] = []
        for number, plan in enumerate(self.config.rounds, start=1):
            scored = yield from self._round(number, plan, setting, aligner, unlearner)
            if scored is None:
                return number - 1
            guards = yield from self._gate.guards(self._step)
            verdict = broken_guard(guards, untouched, scored)
            if verdict is None:
                self._end.best_round = number
                good.append(scored)
                verdict = reached_goal(guards, untouched, scored)
            # After the last round there is nothing that a pause could hold.
            pauses = guards.action == "pause" and number < len(self.config.rounds)
            if verdict is not None and not (yield from self._trip(verdict, number, "pause" if pauses else "stop")):
                kind = "guard" if verdict.rejected else "goal"
                self._end.because = f"{kind}: {verdict.words}"
                return number
            if self._out_of_budget(number):
                self._end.because = "budget: the next round would exceed it"
                return number
        self._end.best_round = best_round((yield from self._gate.guards(self._step)), untouched, good)
        return len(self.config.rounds)

    def _take_over(self) -> Generator[Event, None, None]:
        """A branch goes on from its parent's weights. Round 0 was measured before, so that goals, floors and what
        chats call untouched mean the same in every run."""
        if self._start is not None:
            self.snapshots.begin_with(self._start.values)
            parent = f"run {self._start.run_id}, round {self._start.round}"
            yield Note("info", f"The rounds of this run begin with the weights of {parent}; round 0 is untouched.")

    def _is_untouched(self, number: int) -> bool:
        """Whether the model is still as it was loaded when a round begins, so that cached hidden states serve."""
        return number == 1 and self._start is None

    def _started(self) -> RunStarted:
        return run_started(
            self.config,
            self._materials,
            run_id=self._run_id,
            folder=self._folder,
            model=self._lm.name,
            encoder=self._encoder.name,
            start=self._start,
        )

    def _round(
        self, number: int, plan: RoundPlan, setting: Setting, aligner: Aligner, unlearner: Unlearner
    ) -> Generator[Event, None, RoundScored | None]:
        """Align, unlearn, measure; None where the run ended within the round."""
        yield from self._align(number, plan, setting, aligner)
        if self._end.because:
            return None
        sight = look(setting, untouched=self._is_untouched(number))
        yield self._seen(number, sight)
        yield SimilaritySeen(self._run_id, number, self._step, *sight.histograms())
        tau = yield from self._choose_tau(number, plan, sight)
        applied = yield from self._unlearn(number, plan, tau, setting, unlearner)
        if self._end.because:
            return None
        scored = yield from self._probe(number, applied, look(setting, untouched=False), sight.cosine)
        if scored is not None:
            save_heads(self._folder, number, setting, applied)
            self.snapshots.save(number)
        return scored

    def _align(self, number: int, plan: RoundPlan, setting: Setting, aligner: Aligner) -> Generator[Event, None, None]:
        begun = yield from self._begin("align", number, plan.align_steps)
        reason: EndReason = "done"
        index = 0
        while (state := (yield from self._gate.next_step(self._step + 1, index))) is not None:
            if state.stopping or self._gate.skipped(state):
                reason = "stopped" if state.stopping else "skipped"
                break
            rate = state.align_learning_rate or self.config.align.learning_rate
            step = aligner.step(rate, untouched=self._is_untouched(number))
            self._step, index = self._step + 1, index + 1
            yield StepDone(
                run_id=self._run_id,
                stage="align",
                round=number,
                step=self._step,
                stage_step=index,
                stage_steps=self._gate.steps,
                loss=step.loss,
                learning_rate=rate,
                generation=state.generation,
                seconds=self._clock.seconds(),
                similarity_mean=step.similarity_mean,
                similarity_p95=step.similarity_p95,
                align_cosine=step.cosine,
                gradient_norm=step.gradient_norm,
            )
            if index % _LOOK_EVERY == 0 and index < self._gate.steps:
                yield self._seen(number, look(setting, untouched=self._is_untouched(number)))
        yield self._ended("align", number, reason, begun)
        if reason == "stopped":
            self._end.because = STOPPED

    def _choose_tau(self, number: int, plan: RoundPlan, sight: Sight) -> Generator[Event, None, float]:
        """The τ that a round aims for."""
        tau, reason = self._margins.choose(plan, sight)
        yield TauChosen(
            run_id=self._run_id,
            round=number,
            step=self._step,
            tau=tau,
            retain_share_above=share_above(sight.retain_similarity, tau),
            concept_share_above=share_above(sight.concept_similarity, tau),
            reason=reason,
        )
        return tau

    def _unlearn(
        self, number: int, plan: RoundPlan, planned_tau: float, setting: Setting, unlearner: Unlearner
    ) -> Generator[Event, None, float]:
        """Returns the τ that was applied last."""
        begun = yield from self._begin("unlearn", number, plan.unlearn_steps, planned_tau)
        reason: EndReason = "done"
        tau, inactive, index, paused = planned_tau, 0, 0, False
        while (state := (yield from self._gate.next_step(self._step + 1, index))) is not None:
            if state.stopping or self._gate.skipped(state):
                reason = "stopped" if state.stopping else "skipped"
                break
            tau = planned_tau if state.tau is None else state.tau
            rate = state.unlearn_learning_rate or self.config.unlearn.learning_rate
            weight = self.config.unlearn.retain_weight if state.retain_weight is None else state.retain_weight
            step = unlearner.step(tau, rate, weight)
            guards = yield from self._gate.guards(self._step)
            if not step.finite:
                verdict = not_finite(step.loss, number, index + 1)
                if (yield from self._trip(verdict, number, guards.action)):
                    continue
                self._end.because = f"not finite: {verdict.words}"
                break
            self._step, index = self._step + 1, index + 1
            yield StepDone(
                run_id=self._run_id,
                stage="unlearn",
                round=number,
                step=self._step,
                stage_step=index,
                stage_steps=self._gate.steps,
                loss=step.loss,
                learning_rate=rate,
                generation=state.generation,
                seconds=self._clock.seconds(),
                tau=tau,
                retain_weight=weight,
                retain_loss=step.retain_loss,
                similarity_mean=step.similarity_mean,
                similarity_p95=step.similarity_p95,
                active_fraction=step.active_fraction,
                gradient_norm=step.gradient_norm,
            )
            limit = guards.active_share
            inactive = inactive + 1 if limit is not None and step.active_fraction < limit else 0
            if limit is None or inactive < _INACTIVE_STEPS:
                continue
            # Paused once in a stage: the user has seen it and let it go on.
            action: GuardAction = "pause" if guards.action == "pause" and not paused else "end stage"
            if not (yield from self._trip(too_inactive(limit, step.active_fraction, tau), number, action)):
                reason = "inactive"
                break
            paused, inactive = True, 0
        yield self._ended("unlearn", number, reason, begun)
        if reason == "stopped":
            self._end.because = STOPPED
        return tau

    def _probe(
        self, number: int, tau: float | None, sight: Sight | None, align_cosine: float | None = None
    ) -> Generator[Event, None, RoundScored | None]:
        """Ask everything; None where the user stops the run meanwhile, because half a score is none."""
        begun = yield from self._begin("probe", number, 1)
        try:
            scores: RoundScores = yield from score_round(
                self._lm, self._materials, run_id=self._run_id, round=number, cancelled=self._gate.stopping
            )
        except Cancelled:
            self._end.because = STOPPED
            yield self._ended("probe", number, "stopped", begun)
            return None
        yield self._ended("probe", number, "done", begun)
        similarity = None if sight is None else sight.concept_similarity
        scored = RoundScored(
            run_id=self._run_id,
            round=number,
            step=self._step,
            tau=tau,
            forget_recall=scores.forget_recall,
            forget_logprob=scores.forget_logprob,
            neighbour_recall=scores.neighbour_recall,
            neighbour_logprob=scores.neighbour_logprob,
            token_loss=scores.token_loss,
            fluency_entropy=scores.fluency_entropy,
            align_cosine=align_cosine,
            similarity_mean=None if similarity is None else float(similarity.mean()),
            similarity_p95=None if similarity is None else float(torch.quantile(similarity, 0.95)),
            active_fraction=None if similarity is None or tau is None else share_above(similarity, tau),
            seconds=self._clock.seconds(),
        )
        yield scored
        return scored

    def _trip(self, verdict: Verdict, number: int, action: GuardAction) -> Generator[Event, None, bool]:
        """Say what a guard saw and wait where it pauses; whether the work goes on."""
        yield GuardTripped(
            self._run_id, number, self._step, verdict.guard, verdict.words, action, rejected=verdict.rejected
        )
        if action != "pause":
            return False
        self._gate.pause_by(verdict.who, verdict.words)
        yield from self._gate.hold(self._step + 1)
        return True

    def _begin(self, stage: Stage, number: int, steps: int, tau: float | None = None) -> Generator[Event, None, float]:
        """Announce a stage; returns the run time at its start."""
        steps = self._gate.begin_stage(stage, number, steps, tau)
        yield StageStarted(self._run_id, stage, number, steps, self._step, tau)
        return self._clock.seconds()

    def _ended(self, stage: Stage, number: int, reason: EndReason, begun: float) -> StageEnded:
        return StageEnded(self._run_id, stage, number, self._step, reason, self._clock.seconds() - begun)

    def _seen(self, number: int, sight: Sight) -> AlignScored:
        concept, retain = sight.concept_similarity, sight.retain_similarity
        return AlignScored(
            run_id=self._run_id,
            round=number,
            step=self._step,
            held_out_cosine=sight.cosine,
            concept_similarity_mean=float(concept.mean()),
            concept_similarity_p95=float(torch.quantile(concept, 0.95)),
            retain_similarity_mean=float(retain.mean()) if len(retain) else 0.0,
            retain_similarity_p95=float(torch.quantile(retain, 0.95)) if len(retain) else 0.0,
        )

    def _out_of_budget(self, finished: int) -> bool:
        """Whether another round as long as the average one would exceed the budget."""
        budget = self.config.budget_seconds
        if budget is None or finished == len(self.config.rounds):
            return False
        spent = self._clock.seconds()
        return spent + spent / (finished + 1) > budget
