"""The events of a run that never happened, with everything the control may do to it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.control import DISCARDED, STOPPED, RunControl
from atu_gui.core.errors import AtuError
from atu_gui.core.events import (
    AlignScored,
    Event,
    Interval,
    ItemAnswered,
    ModelLoaded,
    Note,
    Progress,
    RoundScored,
    RunFinished,
    RunStarted,
    SimilaritySeen,
    StageEnded,
    StagePlan,
    StageStarted,
    StepDone,
    TauChosen,
)
from atu_gui.core.histogram import BINS, WIDTH, edge
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.engine.gate import Clock, Gate

# The window's tests count on these rounds, whatever the defaults become.
PLANNED = RunConfig(
    schedule="custom",
    rounds=[
        RoundPlan(align_steps=250, unlearn_steps=12, tau=0.35),
        RoundPlan(align_steps=6, unlearn_steps=12, tau=0.25),
        RoundPlan(align_steps=6, unlearn_steps=12, tau=0.20),
    ],
)

LOADED = ModelLoaded(
    name="SmolLM2-135M-Instruct",
    source="starter",
    layers=30,
    width=576,
    parameters=134_515_008,
    device="cpu",
    dtype="float32",
    memory_bytes=538_060_032,
    weights_hash="5f1c0a9e",
    encoder="all-MiniLM-L6-v2",
    embedding_width=384,
    chat_template=True,
    seconds=1.9,
    block_parameters=(3_540_096,) * 30,
    block_activations=10_176,
    embedding_parameters=28_311_552,
    encoder_bytes=90_852_864,
)


def materials(name: str = "Leonardo da Vinci") -> Materials:
    """Plausible materials that the model wrote itself."""
    about = [
        Passage(
            f"{name} was born in 1452 near Florence and drew machines, faces and rivers all his life ({number}).",
            prompt=f"Write a short paragraph about {name}.",
            source="written by the model",
            about=name,
        )
        for number in range(24)
    ]
    others = ("Michelangelo", "Raphael", "Sandro Botticelli", "Andrea del Verrocchio", "Titian", "Donatello")
    kept = [
        Passage(f"{other} worked in Italy and took pupils ({number}).", source="written by the model", about=other)
        for number, other in enumerate(others * 6)
    ]
    probes = [
        Probe(f"forget-{n}", "forget", "question", f"Question {n} about {name}?", "Verrocchio", name) for n in range(6)
    ] + [
        Probe(f"near-{n}", "neighbour", "question", f"In which city did {other} work?", "Florence", other)
        for n, other in enumerate(others)
    ]
    return Materials(
        tuple(about),
        tuple(kept),
        ("Water boils at a lower temperature on a mountain.",) * 8,
        tuple(probes),
        ("Describe a rainy day.",),
        others,
    )


def bell(middle: float, width: float, count: int) -> tuple[int, ...]:
    """Similarities in the bins of a histogram, as a bell."""
    heights = [math.exp(-0.5 * ((edge(index) + WIDTH / 2 - middle) / width) ** 2) for index in range(BINS)]
    return tuple(round(count * height / sum(heights)) for height in heights)


class Script:
    """The events of one run, with everything the control may do to it."""

    def __init__(self, config: RunConfig, control: RunControl, error: AtuError | None, pace: float) -> None:
        self.config, self.control, self.error, self.pace = config, control, error, pace
        self.best, self.because = 0, "all rounds done"
        self.gate = Gate(control, "fake-1", Clock(), config)
        self._step, self._seconds = 0, 0.0
        self._similarity = 0.08
        self._cosine = 0.1

    def events(self) -> Iterator[Event]:
        config = self.config
        yield RunStarted(
            "fake-1",
            config.title,
            LOADED.name,
            LOADED.encoder,
            tuple(concept.name for concept in config.concepts),
            tuple(config.layers) or (10,),
            config.recipe,
            config.seed,
            tuple(self._plan()),
            "runs/fake-1",
            time.time(),
            128,
            192,
            6,
            6,
        )
        yield Note("info", "Preparing windows and caches.")
        yield from self._probe(0, None)
        for number, plan in enumerate(self.config.rounds, start=1):
            yield from self._stage("align", number, plan.align_steps, None)
            yield AlignScored(
                "fake-1", number, self._step, self._cosine, self._similarity, self._similarity + 0.07, 0.08, 0.17
            )
            yield SimilaritySeen(
                "fake-1", number, self._step, bell(self._similarity, 0.06, 800), bell(0.08, 0.05, 1200)
            )
            tau = plan.tau if plan.tau is not None else 0.3
            yield TauChosen("fake-1", number, self._step, tau, 0.03, 0.46, "as planned")
            yield from self._stage("unlearn", number, plan.unlearn_steps, tau)
            if self.control.read().stopping:
                self.because = STOPPED
                break
            yield from self._probe(number, tau)
            self.best = number
        if self.gate.discarding():
            self.because, self.best = DISCARDED, 0
        yield RunFinished("fake-1", self.because, self.best, len(self.config.rounds), self._seconds, "runs/fake-1")

    def _plan(self) -> Iterator[StagePlan]:
        yield StagePlan("probe", 0, 12)
        for number, plan in enumerate(self.config.rounds, start=1):
            yield StagePlan("align", number, plan.align_steps)
            yield StagePlan("unlearn", number, plan.unlearn_steps, plan.tau)
            yield StagePlan("probe", number, 12)

    def _stage(self, stage: str, number: int, steps: int, tau: float | None) -> Iterator[Event]:
        if self.control.read().stopping:
            return
        yield StageStarted("fake-1", stage, number, self.gate.begin_stage(stage, number, steps, tau), self._step, tau)  # type: ignore[arg-type]
        reason, at, begun = "done", 0, self._seconds
        while (state := (yield from self.gate.next_step(self._step + 1, at))) is not None:
            if state.stopping or self.gate.skipped(state):
                reason = "stopped" if state.stopping else "skipped"
                break
            at += 1
            yield self._one_step(stage, number, at, self.gate.steps, tau if state.tau is None else state.tau)
            if self.error is not None and self._step == 10:
                raise self.error
        yield StageEnded("fake-1", stage, number, self._step, reason, self._seconds - begun)  # type: ignore[arg-type]

    def _one_step(self, stage: str, number: int, at: int, steps: int, tau: float | None) -> StepDone:
        time.sleep(self.pace)
        self._step += 1
        self._seconds += 0.4
        noise = 0.012 * math.sin(self._step * 2.4) + 0.008 * math.cos(self._step * 5.1)
        aligning = stage == "align"
        goal = 0.42 - 0.03 * number if aligning else (tau or 0.3) - 0.02
        self._similarity += (goal - self._similarity) * (0.03 if aligning else 0.15)
        if aligning:
            self._cosine += (0.66 - 0.01 * number - self._cosine) * 0.03
        mean = self._similarity + noise
        return StepDone(
            "fake-1",
            stage,  # type: ignore[arg-type]
            number,
            self._step,
            at,
            steps,
            loss=-self._cosine if aligning else max(0.0, mean - (tau or 0.0)),
            learning_rate=1e-3 if aligning else 5e-5,
            generation=self.control.read().generation,
            seconds=self._seconds,
            tau=None if aligning else tau,
            retain_weight=None if aligning else 20.0,
            retain_loss=None if aligning else 0.004,
            similarity_mean=mean,
            similarity_p95=mean + 0.07,
            active_fraction=None if aligning else 0.46,
            align_cosine=self._cosine + noise / 2 if aligning else None,
            gradient_norm=0.8,
        )

    def _probe(self, number: int, tau: float | None) -> Iterator[Event]:
        if self.control.read().stopping:
            return
        yield StageStarted("fake-1", "probe", number, 12, self._step)
        forget = max(0.02, 0.19 * math.exp(-0.9 * number))
        for at, probe in enumerate(materials().probes):
            time.sleep(self.pace)
            recall = (1.0 if at % 3 == 0 else 0.0) if number == 0 or probe.group == "neighbour" else 0.0
            said = "Verrocchio, a painter." if recall else "I am not sure."
            yield ItemAnswered(
                "fake-1",
                number,
                probe.id,
                probe.group,
                probe.kind,
                probe.query,
                probe.answer,
                said,
                recall,
                -2.1 - number,
            )
            yield Progress("probe", "questions", at + 1, 12, "questions")
        self._seconds += 1.0
        yield StageEnded("fake-1", "probe", number, self._step, "done", 1.0)
        loss = 2.15 + 0.012 * number
        yield RoundScored(
            "fake-1",
            number,
            self._step,
            None if number == 0 else tau,
            Interval(forget, max(0.0, forget - 0.05), forget + 0.06, 6),
            Interval(-2.3 - number, -2.9 - number, -1.8 - number, 6),
            Interval(0.47 - 0.004 * number, 0.39, 0.54, 6),
            Interval(-4.3, -4.8, -3.9, 6),
            Interval(loss, loss - 0.04, loss + 0.04, 8),
            Interval(7.1, 6.9, 7.3, 1),
            None if number == 0 else self._cosine,
            None if number == 0 else self._similarity,
            None if number == 0 else self._similarity + 0.07,
            None if number == 0 else 0.1,
            self._seconds,
        )
