"""The three losses of the method. Flat tensors in, a scalar out.

Letters: b batch, s position, d model width, e embedding width, c concepts.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# The published guard against a batch without a full window.
_EPSILON = 1e-8


def align_loss(predictions: Tensor, references: Tensor, full: Tensor) -> Tensor:
    """Minus the mean cosine over positions with a full window (equation 2 of the paper).

    Args:
        predictions: [b, s, e].
        references: [b, s, e]; anything where there is no full window.
        full: True where the window is full, [b, s].

    Returns:
        Scalar in [-1, 1]; 0 when no window is full.
    """
    cosine = functional.cosine_similarity(predictions, references, dim=-1)
    return -(cosine * full).sum() / (full.sum() + _EPSILON)


def concept_similarity(predictions: Tensor, concepts: Tensor) -> Tensor:
    """Cosine of every prediction to every concept: [b, s, e] and [c, e] → [b, s, c]."""
    return functional.cosine_similarity(predictions.unsqueeze(-2), concepts, dim=-1)


def unlearn_loss(similarity: Tensor, tau: float, counted: Tensor | None) -> Tensor:
    """Mean over positions of max(0, cosine − τ), summed over concepts (equation 3 of the paper).

    The published code averages over padding as well (quirk L1), so that short texts weigh less; pass None for that.
    By default only counted positions enter.

    Args:
        similarity: [b, s, c].
        tau: The margin.
        counted: True on positions that count, [b, s], or None for every position.
    """
    excess = functional.relu(similarity - tau).sum(-1)
    if counted is None:
        return excess.mean()
    return (excess * counted).sum() / counted.sum().clamp(min=1)


def retain_loss(states: Tensor, untouched: Tensor, real: Tensor) -> Tensor:
    """Mean over real positions of ‖h − h₀‖² / ‖h₀‖². Ours: the paper has no such term, and without it general text and
    neighbours suffer.

    Args:
        states: Hidden states now, [b, s, d].
        untouched: The same in the untouched model, [b, s, d].
        real: True on real tokens, [b, s].
    """
    distance = (states.float() - untouched.float()).square().sum(-1)
    scale = untouched.float().square().sum(-1).clamp(min=_EPSILON)
    return ((distance / scale) * real).sum() / real.sum().clamp(min=1)


def similarity_figures(similarity: Tensor, places: Tensor, tau: float) -> Tensor:
    """Mean, 95th percentile and share above τ of the largest concept similarity over some positions.

    Args:
        similarity: [b, s, c].
        places: Which positions of the flattened batch, [n]. A mask would do, but the device would be waited for.
        tau: The margin.

    Returns:
        [3], float32, on the device; zeros where there are no positions.
    """
    values = similarity.detach().float().amax(-1).flatten().index_select(0, places)
    if not len(values):
        return values.new_zeros(3)
    p95 = torch.quantile(values, 0.95) if len(values) < 1_000_000 else values.sort().values[int(0.95 * len(values))]
    return torch.stack([values.mean(), p95, (values > tau).float().mean()])
