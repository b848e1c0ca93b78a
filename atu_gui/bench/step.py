"""What a step costs, ours against the published way: same model, same batches, one process, the two in turn.

Beside it the floor: what the operations that are left would take at the machine's measured rates. On a CUDA GPU
the rows also tell the memory.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from atu_gui.bench.draining import finish
from atu_gui.bench.pairs import Pair, Shape, Size, make_pair
from atu_gui.bench.profiles import Profile, profiled
from atu_gui.bench.published import published_windows
from atu_gui.bench.scratch_texts import long_texts
from atu_gui.bench.shapes import shaped_encoder, shaped_language_model
from atu_gui.bench.whole import measure_whole
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.errors import InputError, ResourceError
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.snapshots import Snapshots
from atu_gui.engine.sources import PAPER_ENCODER
from atu_gui.engine.truncate import check_layers
from atu_gui.engine.unlearn import trained_parameters
from atu_gui.engine.windows import window_texts

_K = 8
_PASSAGES, _PASSAGE_TOKENS = 582, 256


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
        floor_s: Seconds (bytes for memory) below which no way comes on this machine: of a step its `floor` at the
            measured rates, of windows what the tokenizers alone take, of a whole run its parts' floors and the
            questions, of memory the tensors that change.
        most: The published way over that floor: the highest ratio that can be reached.
        operations, traffic: What a step's floor is made of; None elsewhere.
        peak_bytes: Most of a CUDA GPU's memory that was in use during our steps, model included; None elsewhere.
    """

    name: str
    ratio: float
    spread: float
    published_s: float
    ours_s: float
    loss_gap: float | None
    floor_s: float
    most: float
    operations: float | None = None
    traffic: float | None = None
    peak_bytes: int | None = None


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
    for name, shape, lm, encoder in _places(names, NAMES, sources):
        if shape is None:
            yield _ROWS[name](lm, encoder, repeats)
        else:
            yield _step_row(name, make_pair(shape, lm, encoder, Size(), compiled=sources.compiled), lm, repeats)


def profile_steps(names: Sequence[str], sources: Sources) -> Iterator[Profile]:
    """What steps are made of, both ways.

    Raises:
        InputError: No such step.
        ModelError: A model cannot be had.
    """
    for name, shape, lm, encoder in _places(names, tuple(SHAPES), sources):
        assert shape is not None, "only steps were let through"
        yield from profiled(name, make_pair(shape, lm, encoder, Size(), compiled=sources.compiled))


def _places(
    names: Sequence[str], known: Sequence[str], sources: Sources
) -> Iterator[tuple[str, Shape | None, LanguageModel, TextEncoder]]:
    """For each row its shape, if it is a step, with the layer of this model, and the models; each is loaded once."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"There is no row “{unknown[0]}”.", f"Choose among {', '.join(known)}.")
    lm, own = load_models(sources)
    encoders = {sources.encoder: own}
    for name in names:
        shape = SHAPES.get(name)
        source = sources.mpnet if shape and shape.mpnet else sources.encoder
        if source not in encoders:
            encoders[source] = finish(load_encoder(source, sources.model, lm.device))
        placed = replace(shape, layer=max(1, round(shape.layer / 30 * lm.depth))) if shape else None
        yield name, placed, lm, encoders[source]


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
        yield _step_row(name, make_pair(shape, lm, encoders[encoder], size, compiled=compiled), lm, repeats)


def load_models(sources: Sources) -> tuple[LanguageModel, TextEncoder]:
    """The language model and the encoder of the rows that do not name MPNet.

    Raises:
        ModelError: One of them cannot be had.
    """
    lm = finish(load_language_model(ModelConfig(source=sources.model, device=sources.device)))
    return lm, finish(load_encoder(sources.encoder, sources.model, lm.device))


def _step_row(name: str, pair: Pair, lm: LanguageModel, repeats: int) -> Row:
    left = pair.floor
    floor_s = left.seconds(lm.device, lm.compute_dtype)
    row = _timed(name, lm.device, pair.published, pair.ours, floor_s, repeats, pair.before)
    compiled = pair.setting.compiled
    if compiled is not None and compiled.failure:
        raise ResourceError(f"The blocks could not be compiled here ({compiled.failure}).")
    return replace(row, operations=left.operations, traffic=left.traffic)


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

    def only_tokenise() -> int:
        lm.tokenizer(texts, return_offsets_mapping=True)
        encoder.tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return 0

    floor_s = statistics.median(_clocked(only_tokenise)[0] for _ in range(repeats))
    return _timed("windows_582", torch.device("cpu"), plainly, ours, floor_s, repeats)


def _memory_row(lm: LanguageModel, _encoder: TextEncoder, _repeats: int) -> Row:
    """Bytes held for “before”: a second model against the original values of what a default run changes."""
    layer = max(1, round(lm.depth / 3))
    parameters = trained_parameters(lm, [layer], RunConfig().unlearn)
    held = _bytes(Snapshots(lm, parameters, Path()).values(0).values())
    second = _bytes(copy.deepcopy(lm.model).parameters())
    changed = _bytes(parameters.values())
    return Row("before_after_memory", second / held, 0.0, second, held, None, changed, second / changed)


def _whole_row(lm: LanguageModel, encoder: TextEncoder, repeats: int) -> Row:
    """Composed, so it has no spread; `atu bench whole_run` shows the parts and what the sum is worth."""
    found = measure_whole(lm, encoder, repeats=repeats, check=False)
    whole = found.whole
    return Row(
        "whole_run", found.ratio, 0.0, whole.published_s, whole.ours_s, None, found.floor_s,
        whole.published_s / found.floor_s,
    )  # fmt: skip


def _bytes(tensors: Any) -> int:
    kept = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(kept.values())


def _timed(
    name: str,
    device: torch.device,
    published: Callable[[], float],
    ours: Callable[[], float],
    floor_s: float,
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
    spread = (max(ratios) - min(ratios)) / 2 / ratio
    most = theirs_median / floor_s
    return Row(name, ratio, spread, theirs_median, ours_median, gap, floor_s, most, peak_bytes=peak)


def _clocked(work: Callable[[], float]) -> tuple[float, float]:
    begun = time.perf_counter()
    # A step ends by reading its loss, so nothing is under way on a GPU when the clock stops.
    value = work()
    return time.perf_counter() - begun, value


_ROWS: dict[str, Callable[[LanguageModel, TextEncoder, int], Row]] = {
    "windows_582": _windows_row,
    "whole_run": _whole_row,
    "before_after_memory": _memory_row,
}
