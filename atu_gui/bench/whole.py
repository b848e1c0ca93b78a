"""A whole default run, ours against the published way: composed of what its parts take, because the published way would
take hours; and a short run that is really run both ways, which shows what such a sum is worth.

Both ways take the same number of steps on batches of the same size and ask the same questions in the same (our) way.
Ours trains with retain texts and measures its heads in every round, which the published way does not. Left out in the
published way's favour: finding the windows anew at every visit.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch

from atu_gui.bench.draining import finish
from atu_gui.bench.floors import FORWARD, FROZEN, TRAINED, Floor, passes, training, weights
from atu_gui.bench.published import PublishedWay
from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.estimate import run_seconds
from atu_gui.core.materials import Materials, Passage
from atu_gui.core.paces import Paces, Part
from atu_gui.core.schedule import settle
from atu_gui.engine.align import MEASURED
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.calibrate import measure_paces, scratch_probes, scratch_setting
from atu_gui.engine.corpus import Batch, embed_references, keep_untouched, pad_id_of
from atu_gui.engine.inputs import bundled, bundled_lines
from atu_gui.engine.models import LanguageModel, TextEncoder, linear_layers
from atu_gui.engine.pipeline import Run
from atu_gui.engine.probes.score import score_round
from atu_gui.engine.setting import Setting, with_layers
from atu_gui.engine.unlearn import trained_parameters

# As many questions as the model writes itself, of both groups together.
_QUESTIONS = 40
_SHORT = {
    "rounds": [
        {"align_steps": 4, "unlearn_steps": 2, "quantile": 0.15},
        {"align_steps": 2, "unlearn_steps": 2, "quantile": 0.15},
    ],
    "guards": dict.fromkeys(
        ("forget_goal", "neighbour_floor", "utility_limit", "fluency_floor", "active_share"), "off"
    ),
}


@dataclass(frozen=True, slots=True)
class Sums:
    """A run of each way, in seconds: of parts times counts, and as it was really run (None where it was not).

    Attributes:
        published_s, ours_s: The sums.
        published_run_s, ours_run_s: What the runs took.
    """

    published_s: float
    ours_s: float
    published_run_s: float | None = None
    ours_run_s: float | None = None


@dataclass(frozen=True, slots=True)
class WholeRun:
    """What whole runs take.

    Attributes:
        whole: A default run with all its rounds.
        short: Two rounds of a few steps, also really run.
        ours, published: Seconds per step of each part, per question (“probe”, “asides” beside them), and per round
            (“between”).
        prepare_s: Seconds for each text of ours, once: references and untouched states.
        floors: Seconds of each part at the machine's measured rates (`floors`); questions as they were measured.
        floor_s: A default run made of these, its texts' preparation included.
    """

    whole: Sums
    short: Sums | None
    ours: Mapping[Part, float]
    published: Mapping[Part, float]
    prepare_s: float
    floors: Mapping[Part, float]
    floor_s: float

    @property
    def ratio(self) -> float:
        """The published way over ours."""
        return self.whole.published_s / self.whole.ours_s

    def as_json(self) -> dict[str, object]:
        """JSON-ready."""
        return {"ratio": self.ratio, **asdict(self)}


def measure_whole(lm: LanguageModel, encoder: TextEncoder, *, repeats: int = 3, check: bool = True) -> WholeRun:
    """Measure the parts and sum them up. A check changes the model's weights, as a run does."""
    config = _config(lm)
    ours = finish(measure_paces(config, lm, encoder, lambda: False)).paces
    setting = scratch_setting(config, lm, encoder)
    way = PublishedWay(lm, encoder, setting.heads[config.layers[0]], config.layers[0], 1e-4, 0.0)
    align, unlearn = _published_steps(way, setting)
    steps: dict[Part, float] = {
        "align": _median(align, repeats),
        "unlearn": _median(unlearn, repeats),
        "between": 0.0,
    }
    published = {**ours, **steps, "first align": steps["align"]}
    prepare = _preparing(setting, encoder)
    texts = config.texts.passages + config.texts.retain_passages
    whole = Sums(_sum(config, published, _QUESTIONS), texts * prepare + _sum(config, ours, _QUESTIONS))
    floors = {**ours, **_floors(setting)}
    floor_s = texts * _preparing_floor(setting, encoder) + _sum(config, floors, _QUESTIONS)
    short = _short(lm, encoder, way, setting, ours, published, prepare) if check else None
    return WholeRun(whole, short, ours, published, prepare, floors, floor_s)


def _short(
    lm: LanguageModel,
    encoder: TextEncoder,
    way: PublishedWay,
    setting: Setting,
    ours: Mapping[Part, float],
    published: Mapping[Part, float],
    prepare: float,
) -> Sums:
    """A run of few steps on as many texts as two batches, both summed up and really run."""
    config, questions = _config(lm, **_SHORT), 4
    size = config.windows.batch
    words = cycle(" ".join(bundled("general.txt")).split())
    length = config.windows.max_tokens + 2 * config.windows.k
    # A word that no text had before, so that nothing of it is in the cache.
    passages = [Passage(f"{uuid.uuid4().hex} {' '.join(islice(words, length))}") for _ in range(2 * size)]
    materials = Materials(
        concept_passages=tuple(passages[:size]),
        retain_passages=tuple(passages[size:]),
        probes=tuple(scratch_probes(questions)),
        neutral_texts=tuple(bundled("neutral.txt")[: config.texts.probes_limit]),
        fluency_prompts=tuple(bundled_lines("instructions.txt")),
    )

    def published_run() -> None:
        align, unlearn = _published_steps(way, setting)
        _ask(lm, materials)
        for plan in config.rounds:
            for _ in range(plan.align_steps):
                align()
            for _ in range(plan.unlearn_steps):
                unlearn()
            _ask(lm, materials)

    def our_run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            run = Run(config, lm, encoder, materials, RunControl(), run_id="whole", folder=Path(folder))
            for _ in run.events():
                pass

    # Ours last: it changes the weights, which the published way at a rate of 0 does not.
    published_run_s = _clocked(published_run)
    ours_run_s = _clocked(our_run)
    return Sums(
        _sum(config, published, questions),
        len(passages) * prepare + _sum(config, ours, questions),
        published_run_s,
        ours_run_s,
    )


def _config(lm: LanguageModel, **more: object) -> RunConfig:
    return with_layers(settle(RunConfig.model_validate({"concepts": [{"name": "the sea"}], **more})), lm.depth)


def _sum(config: RunConfig, paces: Mapping[Part, float], questions: int) -> float:
    """Seconds of all rounds and of the questions of round 0, by the reckoning that the window uses."""
    known = Paces(paces)
    known.questions = questions
    seconds = run_seconds(config, known)
    assert seconds is not None, "every part was measured"
    return seconds


def _published_steps(way: PublishedWay, setting: Setting) -> tuple[Callable[[], float], Callable[[], float]]:
    """An align and an unlearn step of the published way on a batch of full texts."""
    batch = _full_batch(setting)
    k = setting.config.windows.k
    windows = torch.zeros(*batch.full.shape, k, dtype=torch.long)
    rows = [torch.from_numpy(text.windows()) for text in setting.concept.texts]
    windows[batch.full.cpu()] = torch.cat(rows).long()
    windows = windows.to(setting.lm.device)
    mask = batch.real.long()
    return (
        lambda: way.align(batch.ids, mask, windows, batch.full),
        lambda: way.unlearn(batch.ids, mask, setting.concept_vectors[0], 0.0),
    )


def _full_batch(setting: Setting) -> Batch:
    return setting.concept.batch(range(len(setting.concept)), pad_id_of(setting.lm), setting.lm.device)


def _preparing(setting: Setting, encoder: TextEncoder) -> float:
    """Seconds for each text: its references and its states in the untouched model, with nothing in the cache yet."""
    with tempfile.TemporaryDirectory() as folder:
        cache = TensorCache(Path(folder))

        def prepare() -> None:
            for _ in embed_references(setting.concept, encoder, cache):
                pass
            for _ in keep_untouched(setting.concept, setting.lm, setting.layers, cache):
                pass

        return _clocked(prepare) / len(setting.concept)


def _floors(setting: Setting) -> dict[Part, float]:
    """Seconds of each part but the questions at the machine's measured rates."""
    lm, config = setting.lm, setting.config
    positions = config.windows.batch * config.windows.max_tokens
    looked_at = 4 * MEASURED * config.windows.max_tokens
    predicting = sum(weights(head.parameters()) for head in setting.heads.values())
    passed = weights(parameter for block in lm.blocks[: max(setting.layers)] for parameter in block.parameters())
    trained = weights(trained_parameters(lm, setting.layers, config.unlearn).values())
    unlearning = training(trained, positions) + passes(FROZEN, predicting, positions)
    if config.unlearn.retain_weight:
        unlearning += passes(TRAINED, trained, positions)
    floors: dict[Part, Floor] = {
        "first align": training(predicting, positions),
        "align": passes(FORWARD, passed, positions) + training(predicting, positions),
        "unlearn": unlearning,
        "between": passes(FORWARD, passed + predicting, looked_at),
    }
    return {part: floor.seconds(lm.device, lm.compute_dtype) for part, floor in floors.items()}


def _preparing_floor(setting: Setting, encoder: TextEncoder) -> float:
    """Seconds for each text at the machine's measured rate: its distinct windows and its states."""
    lm, texts = setting.lm, setting.concept.texts
    windows = np.concatenate([text.windows() for text in texts])
    encoding = sum(layer.inputs * layer.outputs for layer in linear_layers(encoder.model))
    passed = weights(parameter for block in lm.blocks[: max(setting.layers)] for parameter in block.parameters())
    left = passes(FORWARD, encoding, np.unique(windows, axis=0).size)
    left += passes(FORWARD, passed, sum(len(text.ids) for text in texts))
    return left.seconds(lm.device, lm.compute_dtype) / len(texts)


def _ask(lm: LanguageModel, materials: Materials) -> None:
    for _ in score_round(lm, materials, run_id="", round=0, cancelled=lambda: False):
        pass


def _median(step: Callable[[], object], repeats: int) -> float:
    step()
    return statistics.median(_clocked(step) for _ in range(repeats))


def _clocked(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
