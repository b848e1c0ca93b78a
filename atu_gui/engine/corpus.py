"""The texts of a run in the form that steps eat: batches, reference embeddings, untouched hidden states.

Letters: b batch, s position, d model width, e embedding width.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from atu_gui.core.events import Progress
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.devices import sent
from atu_gui.engine.encoder import embed_windows
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.truncate import hidden_at
from atu_gui.engine.windows import WindowedText

# Texts of one pass through the model, and texts whose embeddings or states are one entry of the cache: what is computed
# lies on the disk before the next entry is begun, so a long list of texts takes no more memory than a short one.
_PASS = 16
BLOCK = 16 * _PASS


class Rows:
    """What is kept of each text, [its rows, width], in blocks of many texts that may be mapped from the disk.

    Args:
        count: How many texts.
    """

    def __init__(self, count: int) -> None:
        self._blocks: list[Tensor] = []
        self._places = np.zeros((count, 3), dtype=np.int64)

    @classmethod
    def of(cls, rows: Sequence[Tensor]) -> Rows:
        """Those of some texts, each a block of its own."""
        made = cls(len(rows))
        for index, tensor in enumerate(rows):
            made.add([index], [len(tensor)], tensor)
        return made

    def add(self, indices: Sequence[int], lengths: Sequence[int], block: Tensor) -> None:
        """Take in a block: the rows of these texts, one after the other, of these lengths."""
        ends = np.cumsum(lengths)
        for index, length, end in zip(indices, lengths, ends, strict=True):
            self._places[index] = len(self._blocks), end - length, end
        self._blocks.append(block)

    @property
    def size(self) -> int:
        """Bytes of all blocks."""
        return sum(block.nbytes for block in self._blocks)

    def move(self, device: torch.device) -> None:
        """Keep all blocks on a device."""
        self._blocks = [block.to(device) for block in self._blocks]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Tensor:
        block, start, end = self._places[index].tolist()
        rows: Tensor = self._blocks[block][start:end]
        return rows

    def __iter__(self) -> Iterator[Tensor]:
        return (self[index] for index in range(len(self)))


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
        untouched: For each layer and text the untouched model's hidden states, [s, d], in the format
            that blocks hand on (float32 wherever embeddings are).
    """

    texts: list[WindowedText]
    references: Rows = field(default_factory=lambda: Rows(0))
    untouched: dict[int, Rows] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def length(self, indices: Sequence[int]) -> int:
        """Tokens of the longest of these texts."""
        return max(len(self.texts[index].ids) for index in indices)

    def real(self, indices: Sequence[int]) -> int:
        """Tokens of all these texts; known without asking the device."""
        return sum(len(self.texts[index].ids) for index in indices)

    def counted(self, indices: Sequence[int]) -> int:
        """Positions of these texts that count; known without asking the device."""
        return sum(int(self.texts[index].counted.sum()) for index in indices)

    def full(self, indices: Sequence[int]) -> int:
        """Full windows of these texts."""
        return sum(int(self.texts[index].full.sum()) for index in indices)

    def counted_places(self, indices: Sequence[int], length: int, device: torch.device) -> Tensor:
        """Where the positions that count stand in a flattened batch of these texts, `length` positions each, [n]."""
        places = [row * length + np.flatnonzero(self.texts[index].counted) for row, index in enumerate(indices)]
        return sent(torch.from_numpy(np.concatenate(places)), device)

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
        full = _pad([torch.from_numpy(text.full) for text in texts], length)
        return Batch(
            ids=sent(_pad([torch.from_numpy(text.ids) for text in texts], length, pad_id), device).long(),
            real=sent(_pad([torch.ones(len(text.ids), dtype=torch.bool) for text in texts], length), device),
            counted=sent(_pad([torch.from_numpy(text.counted) for text in texts], length), device),
            full=sent(full, device),
            references=self._scatter(indices, full, device) if references else None,
        )

    def untouched_states(self, indices: Sequence[int], layer: int, device: torch.device, length: int = 0) -> Tensor:
        """Cached states of the untouched model, padded with zeros to at least `length`, [b, s, d]."""
        return sent(_pad([self.untouched[layer][index] for index in indices], length), device)

    def move(self, device: torch.device, most: float) -> None:
        """Keep references and untouched states on a device where they take no more bytes there than told."""
        kept = [self.references, *self.untouched.values()]
        if sum(rows.size for rows in kept) <= most:
            for rows in kept:
                rows.move(device)

    def _scatter(self, indices: Sequence[int], full: Tensor, device: torch.device) -> Tensor:
        """References where windows are full, [b, s, e]. `full` is on the CPU: a mask on CUDA would have to be read."""
        rows = sent(torch.cat([self.references[index] for index in indices]), device)
        places = sent(torch.from_numpy(np.flatnonzero(full.numpy())), device)
        references = torch.zeros(full.numel(), rows.shape[-1], device=device)
        return references.index_copy_(0, places, rows).view(*full.shape, -1)


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
    """Fill `corpus.references`; each distinct window of a block of texts is encoded once, ever, on this machine."""
    found = Rows(len(corpus))
    for part in _blocks(range(len(corpus))):
        windows = [corpus.texts[index].windows() for index in part]
        stacked = np.concatenate(windows)
        key = cache.key("references", 2, encoder.weights_hash, stacked.shape[-1], stacked.tobytes())
        kept = cache.load(key)
        if kept is None:
            rows = yield from _counted(embed_windows(encoder, stacked), part[0], len(part), len(corpus))
            kept = cache.keep(key, {"rows": rows})
        found.add(part, [len(rows) for rows in windows], kept["rows"])
    corpus.references = found


@torch.inference_mode()
def keep_untouched(
    corpus: Corpus, lm: LanguageModel, layers: Sequence[int], cache: TensorCache
) -> Generator[Progress, None, None]:
    """Fill `corpus.untouched`; call while the model is untouched. One pass serves all layers that are missing."""
    found = {layer: Rows(len(corpus)) for layer in layers}
    # Texts of like length share a pass, so that little padding is computed.
    ordered = sorted(range(len(corpus)), key=lambda index: len(corpus.texts[index].ids))
    done = 0
    for part in _blocks(ordered):
        lengths = [len(corpus.texts[index].ids) for index in part]
        contents = b"".join(corpus.texts[index].ids.tobytes() + b"|" for index in part)
        keys = {
            layer: cache.key("states", 2, lm.weights_hash, str(lm.compute_dtype), layer, contents) for layer in layers
        }
        kept = {layer: loaded["rows"] for layer in layers if (loaded := cache.load(keys[layer])) is not None}
        missing = [layer for layer in layers if layer not in kept]
        if missing:
            made = yield from _states(corpus, part, lm, missing, done)
            kept |= {layer: cache.keep(keys[layer], {"rows": rows})["rows"] for layer, rows in made.items()}
        for layer in layers:
            found[layer].add(part, lengths, kept[layer])
        done += len(part)
    corpus.untouched.update(found)


def _states(
    corpus: Corpus, part: Sequence[int], lm: LanguageModel, layers: Sequence[int], done: int
) -> Generator[Progress, None, dict[int, Tensor]]:
    """Some texts' states at each layer, one after the other, [sum of s, d], on the CPU; `done` texts came before."""
    rows: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    for start in range(0, len(part), _PASS):
        indices = part[start : start + _PASS]
        batch = corpus.batch(indices, pad_id_of(lm), lm.device)
        states = hidden_at(lm, layers, batch.ids, batch.real)
        for row, index in enumerate(indices):
            for layer in layers:
                rows[layer].append(states[layer][row, : len(corpus.texts[index].ids)].cpu().clone())
        yield Progress("prepare", "Reading texts", done + start + len(indices), len(corpus), "passages")
    return {layer: torch.cat(rows.pop(layer)) for layer in layers}


def _blocks(indices: Sequence[int]) -> Iterable[Sequence[int]]:
    return (indices[start : start + BLOCK] for start in range(0, len(indices), BLOCK))


def _counted(
    work: Generator[Progress, None, Tensor], before: int, count: int, total: int
) -> Generator[Progress, None, Tensor]:
    """Work on `count` of `total` passages, so many `before` them, its progress told in passages."""
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            result: Tensor = end.value
            return result
        done = before + count * event.done / event.total
        yield Progress(event.job, event.what, done, total, "passages")


def pad_id_of(lm: LanguageModel) -> int:
    """The id that fills up batches; which one does not matter, as padding is masked."""
    pad = lm.tokenizer.pad_token_id
    return int(pad) if isinstance(pad, int) else 0


def _pad(rows: list[Tensor], length: int = 0, value: float = 0) -> Tensor:
    padded = pad_sequence(rows, batch_first=True, padding_value=value)
    missing = length - padded.shape[1]
    if missing > 0:
        tail = padded.new_full((padded.shape[0], missing, *padded.shape[2:]), value)
        padded = torch.cat([padded, tail], dim=1)
    return padded
