"""What a step costs, ours against the published way: same model, same batches, one process, the two in turn.

Beside it the floor: what the operations that are left would take at the machine's measured matrix rate. On a CUDA GPU
the rows also tell the memory.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from atu_gui.bench.draining import finish
from atu_gui.bench.matrix_rate import matrix_rate
from atu_gui.bench.published import PublishedWay, published_windows
from atu_gui.bench.scratch_texts import long_texts
from atu_gui.bench.shapes import shaped_encoder, shaped_language_model
from atu_gui.bench.whole import measure_whole
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.errors import InputError, ResourceError
from atu_gui.core.materials import Materials, Passage
from atu_gui.core.schedule import settle
from atu_gui.engine.align import Aligner
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import build_setting
from atu_gui.engine.snapshots import Snapshots
from atu_gui.engine.sources import PAPER_ENCODER
from atu_gui.engine.truncate import check_layers
from atu_gui.engine.unlearn import Unlearner, trained_parameters
from atu_gui.engine.windows import window_texts

_K = 8
_PASSAGES, _PASSAGE_TOKENS = 582, 256
# Under every cosine, so that every position takes part.
_TAU = -0.99


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    Attributes:
        name: Which.
        ratio: Median of the published way over the median of ours; of memory where the name says so.
        spread: Half the distance between the lowest and highest ratio of a pair, over the ratio.
        published_s, ours_s: Medians in seconds (bytes for memory).
        loss_gap: Largest difference of the two losses of a pair of steps that begin with equal weights (of the two
            counts of full windows in `windows_582`); None where there is no loss.
        peak_bytes: Most of a CUDA GPU's memory that was in use during our steps, model included; None elsewhere.
        floor_s: Seconds that our step would take if it did nothing but multiply by the trained matrices (6 operations
            for each weight and token) and by those of the frozen head (4), at the measured rate of the machine; None
            where the row is no step.
    """

    name: str
    ratio: float
    spread: float
    published_s: float
    ours_s: float
    loss_gap: float | None
    peak_bytes: int | None = None
    floor_s: float | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """Texts of a batch and tokens of each."""

    batch: int = 8
    tokens: int = 128


@dataclass(frozen=True, slots=True)
class Shape:
    """A step row: which of the two steps, where, and with what head and encoder."""

    kind: str
    layer: int
    mpnet: bool = False
    head: str = "causal"
    blocks: int | None = None


# Layers of SmolLM2-135M's 30; of another model the same share of its depth.
SHAPES = {
    "align_6x768_mpnet_l20": Shape("align", 20, mpnet=True, head="published"),
    "align_default_mpnet": Shape("align", 10, mpnet=True),
    "align_default_minilm": Shape("align", 10),
    "unlearn_l10": Shape("unlearn", 10),
    "unlearn_l20": Shape("unlearn", 20),
    "unlearn_last4_l10": Shape("unlearn", 10, blocks=4),
    "unlearn_last4_l20": Shape("unlearn", 20, blocks=4),
}
NAMES = (*SHAPES, "windows_582", "whole_run", "before_after_memory")
# Rows on models of published shapes: exact layers, larger batches.
SHAPED_SIZE = Size(16, 256)
SHAPED_ROWS = {
    f"{kind}_l{layer}": Shape(shape.kind, layer, shape.mpnet, shape.head, shape.blocks)
    for layer in (10, 20, 29)
    for kind, shape in (
        ("align_6x768_mpnet", SHAPES["align_6x768_mpnet_l20"]),
        ("align_default_mpnet", SHAPES["align_default_mpnet"]),
        ("align_default_minilm", SHAPES["align_default_minilm"]),
        ("unlearn", SHAPES["unlearn_l10"]),
        ("unlearn_last4", SHAPES["unlearn_last4_l10"]),
    )
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What to measure on: models as in a config, and the device's name; whether our unlearn steps compile blocks."""

    model: str = "starter"
    encoder: str = "starter"
    mpnet: str = PAPER_ENCODER
    device: str = "cpu"
    compiled: bool = False


def measure_steps(names: Sequence[str], sources: Sources, repeats: int = 5) -> Iterator[Row]:
    """Measure some rows, one after the other.

    Raises:
        InputError: No such row.
        ModelError: A model cannot be had.
    """
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise InputError(f"There is no row “{unknown[0]}”.", f"Choose among {', '.join(NAMES)}.")
    lm, own = load_models(sources)
    encoders = {sources.encoder: own}
    for name in names:
        shape = SHAPES.get(name)
        source = sources.mpnet if shape and shape.mpnet else sources.encoder
        if source not in encoders:
            encoders[source] = finish(load_encoder(source, sources.model, lm.device))
        encoder = encoders[source]
        if shape is None:
            yield _ROWS[name](lm, encoder, repeats)
        else:
            placed = replace(shape, layer=max(1, round(shape.layer / 30 * lm.depth)))
            yield _step_row(name, placed, lm, encoder, repeats, Size(), compiled=sources.compiled)


def measure_shaped(
    shape_name: str,
    names: Sequence[str],
    device: str,
    repeats: int = 5,
    size: Size = SHAPED_SIZE,
    *,
    compiled: bool = False,
) -> Iterator[Row]:
    """Measure steps on a model of a published shape with random weights.

    Raises:
        InputError: No such shape, row, or a layer that the shape does not have.
        ResourceError: No such device.
    """
    unknown = [name for name in names if name not in SHAPED_ROWS]
    if unknown:
        raise InputError(f"There is no row “{unknown[0]}” for a shape.", f"Choose among {', '.join(SHAPED_ROWS)}.")
    lm = shaped_language_model(shape_name, device)
    encoders: dict[str, TextEncoder] = {}
    for name in names:
        shape = SHAPED_ROWS[name]
        check_layers([shape.layer], lm.depth)
        encoder = "all-mpnet-base-v2" if shape.mpnet else "all-MiniLM-L6-v2"
        if encoder not in encoders:
            encoders[encoder] = shaped_encoder(encoder, lm.device)
        yield _step_row(name, shape, lm, encoders[encoder], repeats, size, compiled=compiled)


def load_models(sources: Sources) -> tuple[LanguageModel, TextEncoder]:
    """The language model and the encoder of the rows that do not name MPNet.

    Raises:
        ModelError: One of them cannot be had.
    """
    lm = finish(load_language_model(ModelConfig(source=sources.model, device=sources.device)))
    return lm, finish(load_encoder(sources.encoder, sources.model, lm.device))


def as_json(rows: Sequence[Row]) -> dict[str, object]:
    """JSON-ready."""
    return {"rows": [asdict(row) for row in rows]}


def _step_row(
    name: str, shape: Shape, lm: LanguageModel, encoder: TextEncoder, repeats: int, size: Size, *, compiled: bool
) -> Row:
    layer = shape.layer
    config = _config(shape, size, compiled)
    passages = tuple(Passage(text) for text in long_texts(size.batch, 6 * size.tokens))
    setting = finish(build_setting(config, lm, encoder, Materials(concept_passages=passages)))
    _without_dropout(setting.heads[layer])
    head = copy.deepcopy(setting.heads[layer])
    # With a rate of 0 an unlearn step costs the same and leaves the one model as it is for the other way.
    published = PublishedWay(lm, encoder, head, layer, config.align.learning_rate, 0.0)
    batch = setting.concept.batch(range(size.batch), 0, lm.device)
    if shape.kind == "align":
        windows = torch.zeros(*batch.full.shape, _K, dtype=torch.long, device=lm.device)
        rows = np.concatenate([text.windows() for text in setting.concept.texts])
        windows[batch.full] = torch.from_numpy(rows).to(lm.device).long()
        aligner = Aligner(setting)
        row = _timed(
            name,
            lm.device,
            lambda: published.align(batch.ids, batch.real.long(), windows, batch.full),
            lambda: aligner.step(config.align.learning_rate, untouched=True).loss,
            repeats,
            # Adam turns gradients that are rounding noise into whole steps, so two trainings drift apart in a few steps
            # (by 0.008 with 6 × 768 and MPNet). Each pair therefore begins with the same weights.
            lambda: head.load_state_dict(setting.heads[layer].state_dict()),
        )
        return replace(row, floor_s=_floor(6 * _weights(head.parameters()), batch.real, lm))
    parameters = trained_parameters(lm, [layer], config.unlearn)
    unlearner = Unlearner(setting, parameters)
    concept = setting.concept_vectors[0]
    row = _timed(
        name,
        lm.device,
        lambda: published.unlearn(batch.ids, batch.real.long(), concept, _TAU),
        lambda: unlearner.step(_TAU, 0.0, 0.0).loss,
        repeats,
    )
    if setting.compiled is not None and setting.compiled.failure:
        raise ResourceError(f"The blocks could not be compiled here ({setting.compiled.failure}).")
    operations = 6 * _weights(parameters.values()) + 4 * _weights(head.parameters())
    return replace(row, floor_s=_floor(operations, batch.real, lm))


def _weights(parameters: Iterable[nn.Parameter]) -> int:
    """Weights of matrices."""
    return sum(weight.numel() for weight in parameters if weight.dim() > 1)


def _floor(operations: int, real: Tensor, lm: LanguageModel) -> float:
    """Seconds of so many operations for each real token."""
    return operations * int(real.sum()) / matrix_rate(lm.device, lm.compute_dtype)


def _config(shape: Shape, size: Size, compiled: bool) -> RunConfig:
    head = {"kind": "published", "layers": 6, "width": 768, "heads": 8} if shape.head == "published" else {}
    data = {
        "concepts": [{"name": "the sea"}],
        "layers": [shape.layer],
        "head": head,
        "align": {"concept_share": 1.0, "held_out": 0.0, "learning_rate": 1e-4 if head else 1e-3},
        "unlearn": {"blocks": shape.blocks, "compile": "on" if compiled else "off"},
        "windows": {"k": _K, "max_tokens": size.tokens, "batch": size.batch},
    }
    return settle(RunConfig.model_validate(data))


def _windows_row(lm: LanguageModel, encoder: TextEncoder, repeats: int) -> Row:
    texts = list(long_texts(_PASSAGES, 6 * _PASSAGE_TOKENS))

    def plainly() -> int:
        count = 0
        for text in texts:
            tokens: Any = lm.tokenizer(text, return_offsets_mapping=True)
            ends = [end for _, end in tokens["offset_mapping"]][:_PASSAGE_TOKENS]
            pieces: Any = encoder.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
            piece_ends = [end for _, end in pieces["offset_mapping"]]
            windows = published_windows(ends, piece_ends, pieces["input_ids"], _K)
            count += sum(len(window) == _K for window in windows)
        return count

    def ours() -> int:
        found = window_texts(texts, lm.tokenizer, encoder.tokenizer, max_tokens=_PASSAGE_TOKENS, k=_K)
        return sum(len(text.windows()) for text in found)

    return _timed("windows_582", torch.device("cpu"), plainly, ours, repeats)


def _memory_row(lm: LanguageModel, _encoder: TextEncoder, _repeats: int) -> Row:
    """Bytes held for “before”: a second model against the original values of what a default run changes."""
    layer = max(1, round(lm.depth / 3))
    parameters = trained_parameters(lm, [layer], RunConfig().unlearn)
    held = _bytes(Snapshots(lm, parameters, Path()).values(0).values())
    second = _bytes(copy.deepcopy(lm.model).parameters())
    return Row("before_after_memory", second / held, 0.0, second, held, None)


def _whole_row(lm: LanguageModel, encoder: TextEncoder, repeats: int) -> Row:
    """Composed, so it has no spread; `atu bench whole_run` shows the parts and what the sum is worth."""
    found = measure_whole(lm, encoder, repeats=repeats, check=False)
    return Row("whole_run", found.ratio, 0.0, found.whole.published_s, found.whole.ours_s, None)


def _bytes(tensors: Any) -> int:
    kept = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(kept.values())


def _timed(
    name: str,
    device: torch.device,
    published: Callable[[], float],
    ours: Callable[[], float],
    repeats: int,
    before: Callable[[], object] = lambda: None,
) -> Row:
    """Both in turn, once uncounted and then `repeats` times; `before` each pair, off the clock."""
    times: list[tuple[float, float]] = []
    gap = 0.0
    peak: int | None = None
    for number in range(repeats + 1):
        before()
        theirs_s, theirs = _clocked(published)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        ours_s, mine = _clocked(ours)
        if device.type == "cuda":
            peak = max(peak or 0, torch.cuda.max_memory_allocated(device))
        gap = max(gap, abs(theirs - mine))
        if number:
            times.append((theirs_s, ours_s))
    theirs_median = statistics.median(pair[0] for pair in times)
    ours_median = statistics.median(pair[1] for pair in times)
    ratio = theirs_median / ours_median
    ratios = [pair[0] / pair[1] for pair in times]
    return Row(name, ratio, (max(ratios) - min(ratios)) / 2 / ratio, theirs_median, ours_median, gap, peak)


def _clocked(work: Callable[[], float]) -> tuple[float, float]:
    begun = time.perf_counter()
    # A step ends by reading its loss, so nothing is under way on a GPU when the clock stops.
    value = work()
    return time.perf_counter() - begun, value


def _without_dropout(head: nn.Module) -> None:
    """The published head drops at random while aligning; without that the two losses can be compared."""
    for module in head.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        elif isinstance(module, nn.MultiheadAttention):
            module.dropout = 0.0


_ROWS: dict[str, Callable[[LanguageModel, TextEncoder, int], Row]] = {
    "windows_582": _windows_row,
    "whole_run": _whole_row,
    "before_after_memory": _memory_row,
}
