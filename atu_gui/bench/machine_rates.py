"""How fast the machine multiplies matrices and moves bytes, measured: the ceilings for training steps."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable

import torch

_WARM, _TIMED = 3, 10
# More than any cache holds.
_MOVED = 1 << 28


@functools.cache
def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations per second of a large product of random matrices; measured once per process."""
    side = 8192 if device.type == "cuda" else 1024
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(left)
    return 2 * side**3 / _seconds(lambda: torch.mm(left, right, out=out), device)


@functools.cache
def memory_rate(device: torch.device) -> float:
    """Bytes per second, read or written, while a large array is copied; measured once per process."""
    source = torch.ones(_MOVED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * _MOVED / _seconds(lambda: target.copy_(source), device)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    """The median, after a few that do not count."""
    seconds = []
    for number in range(_WARM + _TIMED):
        begun = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if number >= _WARM:
            seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)
