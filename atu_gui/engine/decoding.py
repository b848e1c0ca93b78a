"""A batch of prompts on its way through the model, token by token, with its key-value cache.

The mechanics below `generate`: what is computed in one forward pass and what is kept between two. Which token comes
next, when a row ends and what the text is are decided there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import Cache
from transformers.cache_utils import DynamicLayer

from atu_gui.engine.batching import common_length
from atu_gui.engine.models import LanguageModel

# Room for that many further tokens is reserved when a cache layer is full.
_ROOM = 32


class _RoomyLayer(DynamicLayer):
    """A cache layer that writes new tokens into reserved room.

    transformers' own layer copies the entire cache at every token, which on a CPU takes about as long as the model.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._room: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append [b, heads, s, width] states; returns everything so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        length = self.get_seq_length()
        total = length + key_states.shape[-2]
        if self._room is None or self._room[0].shape[-2] < total:
            self._room = (
                _roomier(self.keys, key_states, length, total + _ROOM),
                _roomier(self.values, value_states, length, total + _ROOM),
            )
        keys, values = self._room
        keys[:, :, length:total] = key_states
        values[:, :, length:total] = value_states
        self.keys, self.values = keys[:, :, :total], values[:, :, :total]
        return self.keys, self.values

    def select(self, rows: torch.Tensor) -> None:
        """Keep these rows of the batch."""
        if self._room is not None:
            length = self.get_seq_length()
            keys, values = (tensor.index_select(0, rows) for tensor in self._room)
            self._room = keys, values
            self.keys, self.values = keys[:, :, :length], values[:, :, :length]

    def join(self, others: Sequence[_RoomyLayer], width: int) -> None:
        """Take in the rows of other layers, all padded on the left to `width` positions; the others are emptied."""
        parts = [self, *others]
        kept = [(part.keys, part.values) for part in parts if part.keys is not None and part.values is not None]
        if not kept:
            return
        self._room = (
            self._joined([keys for keys, _ in kept], width),
            self._joined([values for _, values in kept], width),
        )
        for part in others:
            part.keys = part.values = part._room = None
        self.keys, self.values = (tensor[:, :, :width] for tensor in self._room)

    @staticmethod
    def _joined(parts: Sequence[torch.Tensor], width: int) -> torch.Tensor:
        _, heads, _, size = parts[0].shape
        # Zeros: what happens to lie in memory may be no number, and times no attention at all it still is none.
        room = parts[0].new_zeros(sum(map(len, parts)), heads, width + _ROOM, size)
        begin = 0
        for part in parts:
            room[begin : begin + len(part), :, width - part.shape[2] : width] = part
            begin += len(part)
        return room


def _roomier(old: torch.Tensor | None, like: torch.Tensor, length: int, capacity: int) -> torch.Tensor:
    room = like.new_empty(*like.shape[:2], capacity, like.shape[-1])
    if length and old is not None:
        room[:, :, :length] = old
    return room


class SharedPrefix:
    """The token ids that some prompts of a job begin with, and their cache, computed once.

    Args:
        lm: The language model.
        rows: Token ids of these prompts.
        further: How many tokens may follow a prompt.
    """

    def __init__(self, lm: LanguageModel, rows: Sequence[Sequence[int]], further: int) -> None:
        self.length = common_length(rows)
        # Padding stands behind the shared beginning, and attention that looks back over so many places counts it.
        if max(map(len, rows), default=0) + further > _reach(lm):
            self.length = 0
        self._layers: list[tuple[torch.Tensor, torch.Tensor]] = []
        if self.length == 0:
            return
        cache = Cache(layer_class_to_replicate=_RoomyLayer)
        ids = torch.tensor([list(rows[0][: self.length])], device=lm.device)
        with torch.inference_mode(), lm.autocast():
            lm.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        for layer in cache.layers:
            if isinstance(layer, _RoomyLayer) and layer.keys is not None and layer.values is not None:
                self._layers.append((layer.keys, layer.values))

    def cache(self, batch: int) -> Cache:
        """A new cache that holds the prefix for every row."""
        cache = Cache(layer_class_to_replicate=_RoomyLayer)
        for index, (keys, values) in enumerate(self._layers):
            cache.update(keys.expand(batch, -1, -1, -1), values.expand(batch, -1, -1, -1), index)
        return cache


def _reach(lm: LanguageModel) -> float:
    """How many places the shortest-sighted layer looks back over."""
    config = lm.model.config.get_text_config()
    spans = (getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size"))
    return min((span for span in spans if isinstance(span, int)), default=math.inf)


@dataclass(frozen=True, slots=True)
class Scored:
    """A continuation under teacher forcing: the mean log-probability of its tokens, in nats, and for each whether it
    is the likeliest."""

    logprob: float
    hits: tuple[bool, ...]


class Decoding:
    """Rows of a left-padded batch, the cache behind them and the logits of what comes next.

    Letters: b rows, s positions, v vocabulary.

    Attributes:
        logits: Of the next token, [b, v], float32.
    """

    def __init__(self, lm: LanguageModel, rows: Sequence[Sequence[int]], prefix: SharedPrefix) -> None:
        self._lm = lm
        own = [row[prefix.length :] for row in rows]
        width = max(len(row) for row in own)
        pad = _pad_id(lm)
        ids = torch.tensor([[pad] * (width - len(row)) + list(row) for row in own], device=lm.device)
        lengths = torch.tensor([len(row) for row in own], device=lm.device)
        steps = torch.arange(width, device=lm.device)
        real = steps >= (width - lengths)[:, None]
        # Padding stands between the shared prefix and a row's own tokens; nothing attends to it, and positions skip it.
        positions = (steps - (width - lengths)[:, None]).clamp_min(0) + prefix.length
        self._next = lengths + prefix.length
        with torch.inference_mode():
            self._cache = prefix.cache(len(rows))
            self._mask = torch.cat([real.new_ones(len(rows), prefix.length), real], dim=1).long()
            self.logits = self._forward(ids, positions, keep=1)[:, -1]

    def __len__(self) -> int:
        return len(self._next)

    @torch.inference_mode()
    def advance(self, tokens: Sequence[int]) -> None:
        """Append one token to every row; `logits` then speak of the next."""
        ids = torch.tensor(tokens, device=self._lm.device)[:, None]
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self), 1)], dim=1)
        self.logits = self._forward(ids, self._next[:, None], keep=1)[:, -1]
        self._next = self._next + 1

    @torch.inference_mode()
    def select(self, rows: Sequence[int]) -> None:
        """Go on with these rows only."""
        chosen = torch.tensor(rows, device=self._lm.device)
        for layer in self._cache.layers:
            if isinstance(layer, _RoomyLayer):
                layer.select(chosen)
        self._mask, self._next, self.logits = self._mask[chosen], self._next[chosen], self.logits[chosen]

    @torch.inference_mode()
    def join(self, others: Sequence[Decoding]) -> None:
        """Go on with the rows of others too, behind its own; the others are used up."""
        if not others:
            return
        parts = [self, *others]
        width = max(part._mask.shape[1] for part in parts)
        for own, *theirs in zip(*(part._cache.layers for part in parts), strict=True):
            if isinstance(own, _RoomyLayer):
                own.join([layer for layer in theirs if isinstance(layer, _RoomyLayer)], width)
        self._mask = torch.cat([functional.pad(part._mask, (width - part._mask.shape[1], 0)) for part in parts])
        self._next = torch.cat([part._next for part in parts])
        self.logits = torch.cat([part.logits for part in parts])

    @torch.inference_mode()
    def score(self, continuations: Sequence[Sequence[int]]) -> list[Scored]:
        """Score one continuation per row (each at least one token); the rows stay where they are."""
        width = max(len(row) for row in continuations)
        pad = _pad_id(self._lm)
        ids = torch.tensor([list(row) + [pad] * (width - len(row)) for row in continuations], device=self._lm.device)
        real = torch.tensor(
            [[1] * len(row) + [0] * (width - len(row)) for row in continuations], device=self._lm.device
        )
        first = token_logprobs(self.logits[:, None], ids[:, :1])
        total = first.sum(dim=1)
        best = self.logits.argmax(dim=-1, keepdim=True)
        if width > 1:
            kept_mask = self._mask
            # Right padding needs no mask: whatever it computes comes after the tokens that count.
            self._mask = torch.cat([kept_mask, kept_mask.new_ones(len(self), width - 1)], dim=1)
            positions = self._next[:, None] + torch.arange(width - 1, device=self._lm.device)
            logits = self._forward(ids[:, :-1], positions, keep=width - 1)
            total = total + (token_logprobs(logits, ids[:, 1:]) * real[:, 1:]).sum(dim=1)
            best = torch.cat([best, logits.argmax(dim=-1)], dim=1)
            self._mask = kept_mask
            self._cache.crop(-(width - 1))
        return [
            Scored(float(mean), tuple(hits[: len(row)]))
            for mean, hits, row in zip(
                (total / real.sum(dim=1)).tolist(), (best == ids).tolist(), continuations, strict=True
            )
        ]

    def _forward(self, ids: torch.Tensor, positions: torch.Tensor, *, keep: int) -> torch.Tensor:
        with self._lm.autocast():
            output = self._lm.model(
                input_ids=ids,
                attention_mask=self._mask,
                position_ids=positions,
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=keep,
            )
        logits: torch.Tensor = output.logits
        return logits.float()


def token_logprobs(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Log-probability [b, s] of token ids [b, s] under logits [b, s, v], without a second tensor of that size."""
    chosen = logits.gather(-1, ids[..., None]).squeeze(-1)
    return chosen - logits.logsumexp(dim=-1)


def _pad_id(lm: LanguageModel) -> int:
    """Any valid id serves, because padding is masked."""
    pad = lm.tokenizer.pad_token_id
    return int(pad) if pad is not None else 0
