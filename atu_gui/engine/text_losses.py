"""How well a model predicts texts: the mean loss of their tokens."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import torch

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
from atu_gui.core.reading import LOSS_TOKENS
from atu_gui.engine.decoding import token_logprobs
from atu_gui.engine.generate import evaluating
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.token_ids import prompt_ids


def token_losses(
    lm: LanguageModel,
    texts: Sequence[str],
    max_tokens: int = 256,
    *,
    cancelled: Callable[[], bool] = lambda: False,
    job: str = "probe",
    what: str = "",
) -> Generator[Progress, None, list[float | None]]:
    """Mean loss of the tokens of each text, in nats, cut to `max_tokens`; the first token is not scored.

    A text of a single token has no loss: None. NaN is told as it is, because it means that the weights are damaged.

    Raises:
        Cancelled: `cancelled` said so.
    """
    rows = [prompt_ids(lm, text)[:max_tokens] for text in texts]
    order = sorted((index for index, row in enumerate(rows) if len(row) > 1), key=lambda index: len(rows[index]))
    losses: list[float | None] = [None] * len(rows)
    done = 0
    with evaluating(lm):
        while done < len(order):
            if cancelled():
                raise Cancelled
            size = 1
            while done + size < len(order) and (size + 1) * len(rows[order[done + size]]) <= LOSS_TOKENS:
                size += 1
            part = order[done : done + size]
            for index, loss in zip(part, _losses(lm, [rows[index] for index in part]), strict=True):
                losses[index] = loss
            done += size
            yield Progress(job, what, done, len(order), "texts")
    return losses


@torch.inference_mode()
def _losses(lm: LanguageModel, rows: list[list[int]]) -> list[float]:
    width = max(len(row) for row in rows)
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=lm.device)
    real = torch.tensor([[1] * (len(row) - 1) + [0] * (width - len(row)) for row in rows], device=lm.device)
    with lm.autocast():
        # Right padding needs no mask: from the tokens that count a causal model cannot see it.
        logits = lm.model(input_ids=ids, use_cache=False).logits[:, :-1]
    total = (token_logprobs(logits.float(), ids[:, 1:]) * real).sum(dim=1)
    return [-float(value) for value in (total / real.sum(dim=1)).tolist()]
