"""The published procedure, plainly: the yardstick for `atu bench step`.

It runs the whole model with all hidden states and logits, encodes the window of every position anew at every step,
finds windows by nested loops and trains every weight of the model. Written from the paper's description (arXiv
2506.13181) in our own words; it is not part of a run.

Letters: b batch, s position, d model width, e embedding width, k window length.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.profiler import record_function

from atu_gui.engine.models import LanguageModel, TextEncoder

Window = tuple[int, ...]
# What a profile calls the time in the encoder.
ENCODING = "the encoder"


def published_windows(
    token_ends: Sequence[int], piece_ends: Sequence[int], pieces: Sequence[int], k: int
) -> list[Window]:
    """For each token the first k encoder pieces that end after it, by looking at every piece for every token."""
    windows = []
    for end in token_ends:
        window: list[int] = []
        for piece, piece_end in zip(pieces, piece_ends, strict=True):
            if piece_end > end and len(window) < k:
                window.append(piece)
        windows.append(tuple(window))
    return windows


class PublishedWay:
    """Align and unlearn steps as published, on one language model, encoder and head.

    Args:
        lm: The language model; its weights change where the rate is not 0.
        encoder: The frozen encoder.
        head: The head, trained by `align`.
        layer: The hook layer.
        align_rate: Adam step size of the head.
        unlearn_rate: SGD step size of the model.
    """

    def __init__(
        self,
        lm: LanguageModel,
        encoder: TextEncoder,
        head: nn.Module,
        layer: int,
        align_rate: float,
        unlearn_rate: float,
    ) -> None:
        self._lm = lm
        self._encoder = encoder
        self._head = head
        self._layer = layer
        self._adam = torch.optim.Adam(head.parameters(), lr=align_rate)
        self._sgd = torch.optim.SGD(lm.model.parameters(), lr=unlearn_rate)

    def align(self, ids: Tensor, mask: Tensor, windows: Tensor, full: Tensor) -> float:
        """One align step; returns the loss.

        Args:
            ids: Token ids, [b, s].
            mask: 1 on real tokens, [b, s].
            windows: Encoder pieces of every position, anything where the window is not full, [b, s, k].
            full: True where the window is full, [b, s].
        """
        encoder: Any = self._encoder.model
        with torch.no_grad():
            states = self._hidden(ids, mask)
            flat = windows.flatten(0, 1)
            with record_function(ENCODING):
                encoded = encoder(input_ids=flat, attention_mask=torch.ones_like(flat)).last_hidden_state
        references = encoded.mean(1).view(*full.shape, -1)
        for parameter in self._head.parameters():
            parameter.requires_grad_(True)
        self._head.train()
        cosine = functional.cosine_similarity(self._head(states), references, dim=-1)
        loss = -(cosine * full).sum() / (full.sum() + 1e-8)
        self._adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._head.parameters(), 1.0)
        self._adam.step()
        return float(loss.detach())

    def unlearn(self, ids: Tensor, mask: Tensor, concept: Tensor, tau: float) -> float:
        """One unlearn step at margin τ towards the concept's embedding, [e]; returns the loss."""
        with _all_trained(self._lm.model, self._head):
            predictions = self._head(self._hidden(ids, mask))
            loss = functional.relu(functional.cosine_similarity(predictions, concept, dim=-1) - tau).mean()
            loss.backward()
            nn.utils.clip_grad_norm_(self._lm.model.parameters(), 1.0)
            self._sgd.step()
            self._sgd.zero_grad()
        return float(loss.detach())

    def _hidden(self, ids: Tensor, mask: Tensor) -> Tensor:
        with self._lm.autocast():
            output = self._lm.model(input_ids=ids, attention_mask=mask, output_hidden_states=True, use_cache=False)
        states: Tensor = output.hidden_states[self._layer].float()
        return states


@contextlib.contextmanager
def _all_trained(model: nn.Module, head: nn.Module) -> Iterator[None]:
    head.eval().requires_grad_(False)
    model.requires_grad_(True)
    try:
        yield
    finally:
        model.requires_grad_(False)
