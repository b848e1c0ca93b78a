"""What the frozen text encoder says: embeddings of windows and of concepts.

Letters: n texts or windows, k window length, e embedding width.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from atu_gui.core.concepts import Concept
from atu_gui.core.events import Progress
from atu_gui.engine.models import TextEncoder
from atu_gui.engine.windows import Ints

_BATCH = 512


@torch.inference_mode()
def embed_windows(encoder: TextEncoder, windows: Ints) -> Generator[Progress, None, Tensor]:
    """Embed windows, each distinct one once.

    The ids go in as they are (no special tokens, all attended); the embedding is the mean of the last hidden states
    over the k positions, not normalised: the published alignment targets.

    Args:
        encoder: The frozen encoder.
        windows: Piece ids, shape [n, k].

    Returns:
        Embeddings, shape [n, e], float32, on the CPU.
    """
    if not len(windows):
        return torch.empty(0, encoder.width)
    distinct, inverse = np.unique(windows, axis=0, return_inverse=True)
    parts = []
    for start in range(0, len(distinct), _BATCH):
        ids = torch.from_numpy(distinct[start : start + _BATCH]).to(encoder.device).long()
        parts.append(_mean_states(encoder, ids, torch.ones_like(ids)).cpu())
        done = min(start + _BATCH, len(distinct))
        yield Progress("prepare", "Encoding windows", done, len(distinct), "windows")
    return torch.cat(parts)[torch.from_numpy(inverse.reshape(-1))]


@torch.inference_mode()
def embed_phrases(encoder: TextEncoder, phrases: Sequence[str], *, special_tokens: bool) -> Tensor:
    """Embed short texts by the mean over all their tokens, not normalised.

    Args:
        encoder: The frozen encoder.
        phrases: n texts.
        special_tokens: The published code encodes the concept *with* special tokens and windows without (quirk W5).

    Returns:
        Shape [n, e], float32, on the CPU.
    """
    rows = []
    for phrase in phrases:
        ids = encoder.tokenizer(phrase, add_special_tokens=special_tokens, return_tensors="pt", truncation=True)
        row: Tensor = ids["input_ids"].to(encoder.device)
        rows.append(_mean_states(encoder, row, torch.ones_like(row))[0].cpu())
    return torch.stack(rows)


def published_concept_embedding(encoder: TextEncoder, concept: Concept) -> Tensor:
    """The bare name with special tokens, as published; shape [e]."""
    return embed_phrases(encoder, [concept.name], special_tokens=True)[0]


def concept_candidates(encoder: TextEncoder, concept: Concept) -> dict[str, Tensor]:
    """Ways to embed a concept, each of shape [e]: the bare name or the mean over all phrasings, with special tokens or
    without. Which one separates texts best differs between encoders, so the caller measures (`best_candidate`)."""
    candidates = {}
    for special_tokens in (True, False):
        rows = embed_phrases(encoder, concept.phrasings, special_tokens=special_tokens)
        words = "with special tokens" if special_tokens else "without special tokens"
        candidates[f"name {words}"] = rows[0]
        if len(rows) > 1:
            candidates[f"mean of {len(rows)} phrasings {words}"] = rows.mean(0)
    return candidates


def best_candidate(candidates: dict[str, Tensor], concept_windows: Tensor, other_windows: Tensor) -> tuple[str, float]:
    """The candidate whose cosine separates windows of concept texts from others best, with its AUC.

    Args:
        candidates: Embeddings by name, each [e].
        concept_windows: Reference embeddings of windows from texts about the concept, [n, e].
        other_windows: The same from other texts, [m, e].
    """
    scored = {
        name: auc(cosine_to(concept_windows, vector), cosine_to(other_windows, vector))
        for name, vector in candidates.items()
    }
    name = max(scored, key=lambda key: scored[key])
    return name, scored[name]


def cosine_to(rows: Tensor, vector: Tensor) -> Tensor:
    """Cosine of every row [n, e] to a vector [e]; shape [n]."""
    return torch.nn.functional.cosine_similarity(rows, vector.unsqueeze(0), dim=-1)


def auc(positive: Tensor, negative: Tensor) -> float:
    """Probability that a positive value exceeds a negative one (ties count half); 0.5 where either side is empty."""
    if not len(positive) or not len(negative):
        return 0.5
    ordered = negative.sort().values
    below = torch.searchsorted(ordered, positive, right=False)
    upto = torch.searchsorted(ordered, positive, right=True)
    return float((below + upto).double().mean() / (2 * len(ordered)))


def _mean_states(encoder: TextEncoder, ids: Tensor, mask: Tensor) -> Tensor:
    model: Any = encoder.model
    states: Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return states.mean(1)
