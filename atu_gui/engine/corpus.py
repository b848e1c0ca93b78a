"""The texts of a run in the form that steps eat: batches, reference embeddings, untouched hidden states.

Letters: b batch, s position, d model width, e embedding width.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from atu_gui.core.events import Progress
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.encoder import embed_windows
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.truncate import hidden_at
from atu_gui.engine.windows import WindowedText


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Texts padded on the right to the longest one.

    Attributes:
        ids: [b, s].
        real: True on real tokens, [b, s].
        counted: True on positions that count, [b, s].
        full: True where the window is full, [b, s].
        references: Reference embeddings at full positions, zeros elsewhere, [b, s, e]; None if not asked for.
    """

    ids: Tensor
    real: Tensor
    counted: Tensor
    full: Tensor
    references: Tensor | None = None


@dataclass(slots=True, eq=False)
class Corpus:
    """Windowed texts with what is constant about them.

    Attributes:
        texts: The texts.
        references: For each text the embeddings of its full windows, [number of full positions, e].
        untouched: For each layer and text the untouched model's hidden states, [s, d], in the compute dtype's width.
    """

    texts: list[WindowedText]
    references: list[Tensor] = field(default_factory=list)
    untouched: dict[int, list[Tensor]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def length(self, indices: Sequence[int]) -> int:
        """Tokens of the longest of these texts."""
        return max(len(self.texts[index].ids) for index in indices)

    def batch(
        self,
        indices: Sequence[int],
        pad_id: int,
        device: torch.device,
        *,
        references: bool = False,
        length: int = 0,
    ) -> Batch:
        """The texts at `indices`, in that order; at least `length` positions."""
        texts = [self.texts[index] for index in indices]
        full = _pad([torch.from_numpy(text.full) for text in texts], device, length)
        return Batch(
            ids=_pad([torch.from_numpy(text.ids) for text in texts], device, length, pad_id),
            real=_pad([torch.ones(len(text.ids), dtype=torch.bool) for text in texts], device, length),
            counted=_pad([torch.from_numpy(text.counted) for text in texts], device, length),
            full=full,
            references=self._scatter(indices, full) if references else None,
        )

    def untouched_states(self, indices: Sequence[int], layer: int, device: torch.device, length: int = 0) -> Tensor:
        """Cached states of the untouched model, padded with zeros to at least `length`, [b, s, d]."""
        return _pad([self.untouched[layer][index] for index in indices], device, length)

    def _scatter(self, indices: Sequence[int], full: Tensor) -> Tensor:
        width = self.references[0].shape[-1]
        references = torch.zeros(*full.shape, width, device=full.device)
        references[full] = torch.cat([self.references[index] for index in indices]).to(full.device)
        return references


@dataclass(frozen=True, slots=True)
class OrderState:
    """Where an order stands: what its generator of random numbers remembers, and the texts that come next."""

    version: int
    internal: tuple[int, ...]
    queue: tuple[int, ...]


class Order:
    """Endless shuffled passes over `count` texts, reproducible by seed."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._random = random.Random(seed)
        self._queue: list[int] = []

    def take(self, number: int) -> list[int]:
        """The next `number` indices; fewer than `number` only where there are no texts at all."""
        while self._count and len(self._queue) < number:
            again = list(range(self._count))
            self._random.shuffle(again)
            self._queue.extend(again)
        taken, self._queue = self._queue[:number], self._queue[number:]
        return taken

    def state(self) -> OrderState:
        """Where it stands."""
        version, internal, _ = self._random.getstate()
        return OrderState(version, tuple(internal), tuple(self._queue))

    def restore(self, state: OrderState) -> None:
        """Stand where another one stood."""
        self._random.setstate((state.version, state.internal, None))
        self._queue = list(state.queue)


def embed_references(corpus: Corpus, encoder: TextEncoder, cache: TensorCache) -> Generator[Progress, None, None]:
    """Fill `corpus.references`; each distinct window is encoded once, ever, on this machine."""
    windows = [text.windows() for text in corpus.texts]
    lengths = [len(rows) for rows in windows]
    stacked = np.concatenate(windows) if windows else np.empty((0, 1), dtype=np.int64)
    key = cache.key("references", 1, encoder.weights_hash, stacked.shape[-1], stacked.tobytes())
    kept = cache.load(key)
    if kept is None:
        rows = yield from embed_windows(encoder, stacked)
        kept = {"rows": rows}
        cache.save(key, kept)
    corpus.references = list(kept["rows"].split(lengths)) if lengths else []


@torch.inference_mode()
def keep_untouched(
    corpus: Corpus, lm: LanguageModel, layers: Sequence[int], cache: TensorCache
) -> Generator[Progress, None, None]:
    """Fill `corpus.untouched`; call while the model is untouched."""
    contents = b"".join(text.ids.tobytes() + b"|" for text in corpus.texts)
    for layer in layers:
        key = cache.key("states", 1, lm.weights_hash, str(lm.compute_dtype), layer, contents)
        kept = cache.load(key)
        if kept is None:
            rows = yield from _states(corpus, lm, layer)
            kept = {"rows": rows}
            cache.save(key, kept)
        corpus.untouched[layer] = list(kept["rows"].split([len(text.ids) for text in corpus.texts]))


def _states(corpus: Corpus, lm: LanguageModel, layer: int) -> Generator[Progress, None, Tensor]:
    """All texts' states at one layer, one after the other, [sum of s, d], on the CPU."""
    rows: list[Tensor] = [torch.empty(0)] * len(corpus)
    # Texts of like length share a batch, so that little padding is computed.
    ordered = sorted(range(len(corpus)), key=lambda index: len(corpus.texts[index].ids))
    for start in range(0, len(ordered), 16):
        indices = ordered[start : start + 16]
        batch = corpus.batch(indices, pad_id_of(lm), lm.device)
        states = hidden_at(lm, [layer], batch.ids, batch.real)[layer]
        for row, index in enumerate(indices):
            rows[index] = states[row, : len(corpus.texts[index].ids)].cpu().clone()
        yield Progress("prepare", "Reading texts", min(start + 16, len(ordered)), len(ordered), "passages")
    return torch.cat(rows)


def pad_id_of(lm: LanguageModel) -> int:
    """The id that fills up batches; which one does not matter, as padding is masked."""
    pad = lm.tokenizer.pad_token_id
    return int(pad) if isinstance(pad, int) else 0


def _pad(rows: list[Tensor], device: torch.device, length: int = 0, value: float = 0) -> Tensor:
    padded = pad_sequence(rows, batch_first=True, padding_value=value)
    missing = length - padded.shape[1]
    if missing > 0:
        tail = padded.new_full((padded.shape[0], missing, *padded.shape[2:]), value)
        padded = torch.cat([padded, tail], dim=1)
    return padded.to(device)
