"""Membership inference: how familiar a text is to a model, by four scores (larger is more familiar).

Letters: n scored tokens of a text (all but its first), v vocabulary.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from atu_gui.core.errors import ResourceError
from atu_gui.core.evaluation import Reading
from atu_gui.engine.generate import evaluating
from atu_gui.engine.models import LanguageModel

SCORES = ("loss", "zlib", "mink", "mink++")
_RATIO = 0.2
# Positions whose distributions are in memory at once: about 100 MB for a vocabulary of 50,000.
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class TokenStatistics:
    """Of each scored token its log-probability, and mean and variance of log-probabilities at its place; [n] each."""

    logprobs: tuple[float, ...]
    means: tuple[float, ...]
    variances: tuple[float, ...]


@torch.inference_mode()
def token_statistics(lm: LanguageModel, text: str) -> TokenStatistics:
    """Read a text once.

    Raises:
        ResourceError: It does not fit into memory.
    """
    ids = torch.tensor([lm.tokenizer(text, verbose=False)["input_ids"]], dtype=torch.long, device=lm.device)
    if ids.shape[1] < 2:
        return TokenStatistics((), (), ())
    parts: list[torch.Tensor] = []
    try:
        with evaluating(lm), lm.autocast():
            logits = lm.model(input_ids=ids, use_cache=False).logits[0, :-1]
        for start in range(0, len(logits), _CHUNK):
            logs = logits[start : start + _CHUNK].float().log_softmax(dim=-1)
            shares = logs.exp()
            mean = (shares * logs).sum(dim=-1)
            variance = (shares * logs.square()).sum(dim=-1) - mean.square()
            chosen = logs.gather(-1, ids[0, 1 + start : 1 + start + len(logs), None]).squeeze(-1)
            parts.append(torch.stack([chosen, mean, variance]).cpu())
    except torch.OutOfMemoryError as error:
        raise ResourceError("A membership text does not fit into memory.", "Choose a smaller model.") from error
    rows = torch.cat(parts, dim=1).tolist()
    return TokenStatistics(tuple(rows[0]), tuple(rows[1]), tuple(rows[2]))


def membership_scores(
    text: str, found: TokenStatistics, reading: Reading, ratio: float = _RATIO
) -> dict[str, float | None]:
    """The four scores; None where a text is too short (as published, Min-K % needs 1 / ratio tokens: quirk M1)."""
    count = len(found.logprobs)
    if not count:
        return dict.fromkeys(SCORES)
    logs = np.array(found.logprobs)
    surprise = (logs - np.array(found.means)) / np.sqrt(np.maximum(np.array(found.variances), 1e-12))
    lowest = int(count * ratio) if reading == "rwku" else max(1, int(count * ratio))
    loss = float(logs.mean())
    return {
        "loss": loss,
        "zlib": loss / len(zlib.compress(text.encode("utf-8"))),
        "mink": float(np.sort(logs)[:lowest].mean()) if lowest else None,
        "mink++": float(np.sort(surprise)[:lowest].mean()) if lowest else None,
    }


def auc(members: Sequence[float], others: Sequence[float]) -> float | None:
    """Chance that a member scores higher than another text, ties counting half; None where a side is empty."""
    if not members or not others:
        return None
    left, right = np.array(members)[:, None], np.array(others)[None, :]
    return float((left > right).mean() + 0.5 * (left == right).mean())
