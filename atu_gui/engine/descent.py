"""The end of a training step: its figures come to the host, its gradients are clipped, its weights move.

A device computes behind the host. Whoever reads a number waits until the device has come so far, so a step reads all of
its numbers at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm


def gradient_norm(parameters: Sequence[nn.Parameter]) -> Tensor:
    """The joint norm of all gradients, a scalar on their device."""
    return get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])


def clip(parameters: Sequence[nn.Parameter], limit: float, norm: Tensor, value: float) -> None:
    """Scale all gradients down to a joint norm of `limit` where they exceed it.

    As `clip_grad_norm_`, which reads and writes every gradient even where it multiplies by 1.

    Args:
        parameters: Whose gradients.
        limit: The largest norm.
        norm: What `gradient_norm` gave.
        value: The same as a number.
    """
    # clip_grad_norm_ divides by the norm + 1e-6, so it scales from just below the limit on.
    if not value + 1e-6 <= limit:
        clip_grads_with_norm_(parameters, limit, norm)


def read(scalars: Sequence[Tensor]) -> list[float]:
    """Scalars of the device as numbers, in one transfer: here the host waits for the device."""
    numbers: list[float] = torch.stack(list(scalars)).tolist()
    return numbers
