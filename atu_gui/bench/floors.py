"""What no way of doing the same can save: operations and bytes counted, and what the machine takes for them at best.

Counted are products with matrices and the update of what is trained. Left out, so that the floor is rather too low:
attention among positions, norms, losses, and whatever is written between two matrices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from atu_gui.bench.machine_rates import matrix_rate, memory_rate

# Operations for each weight and position: a pass forward, the gradient of inputs, and that of the weight take two each.
FORWARD, FROZEN, TRAINED = 2, 4, 6
# Bytes for each trained weight in float32: its gradient is written, read for the norm and read for the update, which
# reads and writes the weight and both moments of Adam.
UPDATE = 36


@dataclass(frozen=True, slots=True)
class Floor:
    """What is left to do: operations of matrix products, and bytes of updates."""

    operations: float = 0.0
    traffic: float = 0.0

    def __add__(self, other: Floor) -> Floor:
        return Floor(self.operations + other.operations, self.traffic + other.traffic)

    def __mul__(self, times: float) -> Floor:
        return Floor(self.operations * times, self.traffic * times)

    def seconds(self, device: torch.device, dtype: torch.dtype) -> float:
        """At the measured rates of the machine; an update waits for all gradients, so one comes after the other."""
        return self.operations / matrix_rate(device, dtype) + self.traffic / memory_rate(device)


def weights(parameters: Iterable[nn.Parameter]) -> int:
    """Weights of matrices."""
    return sum(weight.numel() for weight in parameters if weight.dim() > 1)


def passes(kind: int, count: int, positions: int) -> Floor:
    """Products of so many weights with so many positions; `kind` is `FORWARD`, `FROZEN` or `TRAINED`."""
    return Floor(float(kind) * count * positions)


def training(count: int, positions: int) -> Floor:
    """A step that trains so many weights."""
    return passes(TRAINED, count, positions) + Floor(traffic=float(UPDATE) * count)
