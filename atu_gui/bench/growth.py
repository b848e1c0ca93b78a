"""How cost grows: a step against layer, tokens, batch, concepts and model; a run against its texts; and what the same
reckoning says of models up to 70 billion parameters, from their shapes alone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from atu_gui.bench.draining import finish
from atu_gui.bench.growth_runs import TINY, RunCost, RunSpec, real_run
from atu_gui.core.concepts import Concept
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.estimate import estimate
from atu_gui.core.events import ModelLoaded, Progress
from atu_gui.core.paces import Part
from atu_gui.core.rates import Rates, Work, fit_rates
from atu_gui.core.schedule import settle
from atu_gui.core.shapes import PUBLISHED
from atu_gui.core.workload import workload
from atu_gui.engine.calibrate import scratch_steps, time_steps
from atu_gui.engine.setting import with_layers
from atu_gui.engine.unlearn import trained_parameters
from atu_gui.service.backend import Engine, Loaded

Axis = Literal["layer", "tokens", "batch", "concepts", "texts", "memory"]
STEP_AXES: tuple[Axis, ...] = ("layer", "tokens", "batch", "concepts")
AXES: tuple[Axis, ...] = (*STEP_AXES, "texts", "memory")
PARTS: tuple[Part, ...] = ("first align", "align", "unlearn")
_BATCH, _TOKENS = 4, 96
_GROWTH: dict[Axis, tuple[tuple[float, ...], tuple[float, ...]]] = {
    # Shares of the depth; then, as with the others, the values of a quick measurement.
    "layer": ((1 / 6, 1 / 3, 1 / 2, 2 / 3, 1.0), (1 / 6, 1 / 3)),
    "tokens": ((32, 64, 128, 256), (32, 64)),
    "batch": ((1, 2, 8), (1, 2)),
    "concepts": ((2, 8, 32), (8,)),
    "texts": ((100, 1_000, 10_000, 50_000), (100, 1_000)),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and on what.

    Attributes:
        models: Language models, as in a config.
        encoder, device: As in a config.
        axes: Some of `AXES`.
        quick: Fewer values and steps.
        repeats: Steps of each kind that are counted.
        texts_model: The model of the runs on many texts; `TINY` for one with random weights.
    """

    models: tuple[str, ...] = ("starter",)
    encoder: str = "starter"
    device: str = "cpu"
    axes: tuple[Axis, ...] = AXES
    quick: bool = False
    repeats: int = 5
    texts_model: str = TINY


@dataclass(frozen=True, slots=True)
class StepPoint:
    """Steps of one kind at one place of an axis.

    Attributes:
        model: Name.
        axis, value: Where on which axis; a layer by its number.
        seconds: The median; lowest and highest beside it.
        work: What it is made of.
        predicted: Seconds by the rates of all points of this model.
    """

    model: str
    axis: Axis
    value: float
    part: Part
    seconds: float
    low: float
    high: float
    n: int
    work: Work
    predicted: float = 0.0


@dataclass(frozen=True, slots=True)
class RunPoint:
    """A real short run; `axis` is “texts” or “memory”."""

    axis: Axis
    spec: RunSpec
    cost: RunCost


@dataclass(frozen=True, slots=True)
class CrossPoint:
    """A step of one model at the default settings, by the rates of another."""

    model: str
    rates_of: str
    part: Part
    measured: float
    predicted: float


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a default run on a model of a known shape would take.

    Attributes:
        steps: Seconds of a step of each kind, in the order of `PARTS`.
        all_steps: Seconds of all steps of the default schedule.
        uses: Bytes of memory by use.
        disk: Bytes of all rounds' weights.
    """

    name: str
    parameters: int
    steps: tuple[float, ...]
    all_steps: float
    uses: tuple[tuple[str, float], ...]
    disk: float


@dataclass(slots=True)
class Growth:
    """All that was found; `complete` says whether it was measured to the end."""

    clock: str
    threads: int
    steps: list[StepPoint]
    runs: list[RunPoint]
    rates: dict[str, Rates]
    cross: list[CrossPoint]
    foreseen: list[Foreseen]
    complete: bool = False


def measure_growth(plan: Plan, found: Growth) -> Generator[Progress, None, None]:
    """Fill `found` as far as one gets; what was measured before an interruption is there.

    Raises:
        ModelError: A model cannot be had.
        ResourceError: A run failed.
    """
    axes = [axis for axis in STEP_AXES if axis in plan.axes]
    for source in plan.models if axes else ():
        loaded = finish(Engine().load(ModelConfig(source=source, device=plan.device), plan.encoder))
        yield from _steps_of(plan, axes, loaded, found)
        found.foreseen = foresee(found.rates[loaded.facts.name], loaded.facts)
        del loaded
    found.cross = _crossed(found)
    yield from _runs(plan, found)
    found.complete = True


def new_growth(device: str) -> Growth:
    """Nothing yet. On one thread of a processor the processor's own clock is read: other programs slow it less."""
    alone = device == "cpu" and torch.get_num_threads() == 1
    return Growth("processor" if alone else "wall", torch.get_num_threads(), [], [], {}, [], [])


def foresee(rates: Rates, like: ModelLoaded) -> list[Foreseen]:
    """The published shapes, with the encoder, device and number format of a model that was measured."""
    rows = []
    for shape in PUBLISHED:
        facts = shape.facts(
            embedding_width=like.embedding_width, encoder_bytes=like.encoder_bytes, device=like.device, dtype=like.dtype
        )
        config = with_layers(settle(RunConfig()), shape.layers)
        work, priced = workload(config, facts), estimate(config, facts)
        assert work is not None and priced is not None, "a shape counts its blocks"
        paces = [rates.seconds(work.costs[part]) for part in PARTS]
        counts = [config.rounds[0].align_steps, sum(plan.align_steps for plan in config.rounds[1:])]
        counts.append(sum(plan.unlearn_steps for plan in config.rounds))
        total = sum(count * pace for count, pace in zip(counts, paces, strict=True))
        uses = tuple((use.name, use.bytes) for use in priced.uses if use.bytes)
        rows.append(Foreseen(shape.name, shape.parameters, tuple(paces), total, uses, priced.disk))
    return rows


def _steps_of(plan: Plan, axes: Sequence[Axis], loaded: Loaded, found: Growth) -> Generator[Progress, None, None]:
    """All axes of one model, and its rates."""
    facts = loaded.facts
    usual = max(1, round(facts.layers / 3))
    for axis in axes:
        values = _GROWTH[axis][plan.quick]
        for at, value in enumerate(values):
            yield Progress("growth", f"{facts.name}: {axis}", at, len(values), "settings")
            place = max(1, round(value * facts.layers)) if axis == "layer" else value
            config = _config(facts, axis, place, usual)
            found.steps.extend((yield from _points(plan, loaded, config, axis, place, found.clock)))
    mine = [point for point in found.steps if point.model == facts.name]
    rates = fit_rates([(point.work, point.seconds) for point in mine])
    found.rates[facts.name] = rates
    found.steps[:] = [
        point if point.model != facts.name else _with_prediction(point, rates.seconds(point.work))
        for point in found.steps
    ]


def _config(facts: ModelLoaded, axis: Axis, value: float, usual: int) -> RunConfig:
    config = RunConfig(layers=[int(value) if axis == "layer" else usual])
    config.windows.batch = int(value) if axis == "batch" else _BATCH
    config.windows.max_tokens = int(value) if axis == "tokens" else _TOKENS
    if axis == "concepts":
        config.concepts = [Concept(name=f"number {n}") for n in range(int(value))]
    return with_layers(settle(config), facts.layers)


def _points(
    plan: Plan, loaded: Loaded, config: RunConfig, axis: Axis, value: float, clock: str
) -> Generator[Progress, None, list[StepPoint]]:
    counts = [(part, 2 if plan.quick else plan.repeats) for part in PARTS]
    loaded.lm.model.requires_grad_(False)
    parameters = trained_parameters(loaded.lm, config.layers, config.unlearn)
    _, steps = scratch_steps(config, loaded.lm, loaded.text_encoder, parameters)
    read = time.process_time if clock == "processor" else time.perf_counter
    taken = yield from time_steps(steps, counts, loaded.lm.device, lambda: False, read)
    work = workload(config, loaded.facts)
    assert work is not None, "the blocks of a loaded model are counted"
    return [
        StepPoint(
            loaded.facts.name,
            axis,
            value,
            part,
            statistics.median(seconds),
            min(seconds),
            max(seconds),
            len(seconds),
            work.costs[part],
        )
        for part, seconds in taken.items()
    ]


def _with_prediction(point: StepPoint, predicted: float) -> StepPoint:
    fields = {name: getattr(point, name) for name in StepPoint.__slots__}
    return StepPoint(**{**fields, "predicted": predicted})


def _crossed(found: Growth) -> list[CrossPoint]:
    """Every model's points by the rates of every other model."""
    return [
        CrossPoint(point.model, other, point.part, point.seconds, rates.seconds(point.work))
        for point in found.steps
        for other, rates in found.rates.items()
        if other != point.model
    ]


def _runs(plan: Plan, found: Growth) -> Generator[Progress, None, None]:
    """The runs in processes of their own."""
    specs: list[tuple[Axis, RunSpec]] = []
    if "texts" in plan.axes:
        # As many steps as the default schedule has, so that as many texts are read.
        align, unlearn, tokens = (20, 4, 64) if plan.quick else (334, 48, 256)
        for count in _GROWTH["texts"][plan.quick]:
            specs.append(("texts", _spec(plan, plan.texts_model, int(count), 0, 8, tokens, align, unlearn)))
    if "memory" in plan.axes:
        for model in (TINY, *(() if plan.quick else plan.models)):
            for layer, batch in ((0, 2), (0, 8), (-1, 2), (-1, 8)):
                specs.append(("memory", _spec(plan, model, 16, layer, batch, _TOKENS, 2, 3)))
    for at, (axis, spec) in enumerate(specs):
        yield Progress("growth", f"Runs: {axis}", at, len(specs), "runs")
        found.runs.append(RunPoint(axis, spec, real_run(spec, found.threads)))


def _spec(plan: Plan, model: str, texts: int, layer: int, batch: int, tokens: int, align: int, unlearn: int) -> RunSpec:
    return RunSpec(model, plan.encoder, plan.device, texts, layer, batch, tokens, align, unlearn)
