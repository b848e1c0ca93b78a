"""How many texts a step computes at once on a GPU, found out by trying before the first one.

The peak of a pass over one text and over two tells what a text takes and what does not grow with them. `Fitting` halves
the number should it still have been too many.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch

from atu_gui.core.errors import is_out_of_memory

# Of all memory, left alone: gaps between what is allocated, and what other programs take meanwhile.
_SPARE = 0.06
# A batch is computed in up to so many parts before blocks are recomputed instead, which costs a third of the time.
_PARTS = 4
_MODES = {"auto": (False, True), "on": (True,), "off": (False,)}


@dataclass(frozen=True, slots=True)
class Room:
    """What fits.

    Attributes:
        rows: Texts at once; 0 is the whole batch.
        recompute: Whether blocks are computed again for the backward pass.
    """

    rows: int
    recompute: bool


class Memory(Protocol):
    """The memory of a device, in bytes."""

    def most(self, work: Callable[[], None]) -> int:
        """The most that this program holds there while it does some work."""

    def capacity(self) -> int:
        """What this program holds there or could get."""


class Rehearsing(Protocol):
    """Who takes the steps."""

    def rehearse(self, count: int, recompute: bool) -> None:
        """Compute so many texts at once and let everything go."""

    @property
    def bytes_to_come(self) -> int:
        """What a real step takes besides."""


class GpuMemory:
    """That of a CUDA GPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def most(self, work: Callable[[], None]) -> int:
        """The most that tensors held meanwhile."""
        torch.cuda.reset_peak_memory_stats(self._device)
        work()
        return torch.cuda.max_memory_allocated(self._device)

    def capacity(self) -> int:
        """What torch has taken, and what is free."""
        free, _ = torch.cuda.mem_get_info(self._device)
        return free + torch.cuda.memory_reserved(self._device)


def find_room(rehearse: Callable[[int, bool], None], memory: Memory, *, batch: int, mode: str, to_come: int) -> Room:
    """How a step of a whole batch is best computed.

    Args:
        rehearse: Computes so many texts at once, with blocks recomputed or not, and lets everything go.
        memory: Where.
        batch: Texts of a step.
        mode: `UnlearnConfig.recompute`.
        to_come: Bytes that a real step takes besides.
    """
    rows, recompute = 0, False
    for recompute in _MODES[mode]:
        rows = _fitting(rehearse, memory, batch, recompute, to_come)
        if rows * _PARTS >= batch:
            break
    parts = math.ceil(batch / max(1, rows))
    return Room(0 if parts == 1 else math.ceil(batch / parts), recompute)


def memory_of(device: torch.device) -> Memory | None:
    """The memory of a device, where it can be measured."""
    return GpuMemory(device) if device.type == "cuda" else None


def let_go() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _fitting(rehearse: Callable[[int, bool], None], memory: Memory, batch: int, recompute: bool, to_come: int) -> int:
    """The largest number of texts that should fit, at most the batch; 0 where not even two did."""
    try:
        one, two = (memory.most(partial(rehearse, count, recompute)) for count in (1, 2))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    else:
        free = memory.capacity() * (1 - _SPARE) - to_come - one
        return max(0, min(batch, 1 + math.floor(free / max(1, two - one))))
    let_go()
    return 0
