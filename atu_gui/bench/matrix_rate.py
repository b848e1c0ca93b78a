"""The rate at which the machine multiplies matrices, measured: the ceiling for training steps."""

from __future__ import annotations

import functools
import statistics
import time

import torch

_WARM, _TIMED = 3, 10


@functools.cache
def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations per second of a large product of random matrices; measured once per process."""
    side = 8192 if device.type == "cuda" else 1024
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(left)
    seconds = []
    for number in range(_WARM + _TIMED):
        begun = time.perf_counter()
        torch.mm(left, right, out=out)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if number >= _WARM:
            seconds.append(time.perf_counter() - begun)
    return 2 * side**3 / statistics.median(seconds)
