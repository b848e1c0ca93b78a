"""What a scan over the layers found, and which layer that speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atu_gui.core import text
from atu_gui.core.events import LayerScored

# A smaller gain is not worth a deeper layer.
SAME_AUC = 0.01
SAME_COSINE = 0.01
# Deeper hooks were measured to cost more: every step runs and changes all blocks up to the hook.
DEEPEST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class LayerScan:
    """All layers that were measured, the one to aim at and why."""

    scores: tuple[LayerScored, ...]
    suggested: int
    reason: str


def default_layer(depth: int) -> int:
    """A third of the depth: on SmolLM2-135M deeper hooks cost more of everything else (see README, Decisions)."""
    return max(1, round(depth / 3))


def trained_blocks(layers: Sequence[int], blocks: int | None) -> list[int]:
    """Which blocks an unlearn step trains, counted from 1: all up to the deepest hook, or the last few below each."""
    if blocks is None:
        return list(range(1, max(layers) + 1))
    return sorted({number for layer in layers for number in range(max(1, layer - blocks + 1), layer + 1)})


def summarise(scores: Sequence[LayerScored]) -> LayerScan:
    """The lowest layer that is as good as the best one within the lower half of the model.

    By AUC where there are other texts to tell the concept from, otherwise by align cosine.

    Args:
        scores: At least one.
    """
    ordered = sorted(scores, key=lambda score: score.layer)
    by_auc = all(score.auc is not None for score in ordered)
    measured = [(score, score.auc if by_auc and score.auc is not None else score.cosine) for score in ordered]
    name, same = ("AUC", SAME_AUC) if by_auc else ("cosine", SAME_COSINE)
    limit = max(measured[0][0].layer, round(DEEPEST_SHARE * ordered[0].depth))
    lower = [item for item in measured if item[0].layer <= limit]
    highest = max(value for _, value in lower)
    chosen, value = next(item for item in lower if item[1] >= highest - same)
    best, top = max(measured, key=lambda item: item[1])
    reason = f"{name} {text.number(value)}, the best up to layer {limit}"
    if by_auc:
        reason += f", with cosine {text.number(chosen.cosine)}"
    if top > value + same:
        reason += f". Layer {best.layer} has {text.number(top)}, but deeper layers change and cost more"
    return LayerScan(tuple(ordered), chosen.layer, f"{reason}.")
