"""The rate at which a CUDA GPU multiplies matrices, measured: the ceiling for training steps."""

from __future__ import annotations

import functools
import statistics

import torch

_SIDE, _WARM, _TIMED = 8192, 3, 10


@functools.cache
def matrix_rate(device: torch.device) -> float:
    """Operations per second of a large bfloat16 product of random matrices; measured once per process."""
    left = torch.randn(_SIDE, _SIDE, device=device, dtype=torch.bfloat16)
    right = torch.randn(_SIDE, _SIDE, device=device, dtype=torch.bfloat16)
    out = torch.empty_like(left)
    seconds = []
    for number in range(_WARM + _TIMED):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        torch.mm(left, right, out=out)
        end.record()
        end.synchronize()
        if number >= _WARM:
            seconds.append(begin.elapsed_time(end) / 1e3)
    rate: float = 2 * _SIDE**3 / statistics.median(seconds)
    return rate
