"""The optimizers of a run, and what they take."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import torch
from torch import nn

from atu_gui.core.errors import ResourceError

# Bytes remembered for each weight: two moments of four bytes, or of one.
_REMEMBERED = {"adamw": 8, "adamw8bit": 2, "sgd": 0}


def check_optimizer(name: str, device: torch.device) -> None:
    """Refuse an optimizer that cannot be had.

    Raises:
        ResourceError: Moments of 8 bits without CUDA, or without bitsandbytes.
    """
    if name != "adamw8bit":
        return
    if device.type != "cuda":
        raise ResourceError("AdamW in 8 bits needs a CUDA GPU.", "Choose adamw as optimizer.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ResourceError(
            "AdamW in 8 bits needs the package bitsandbytes, which is not installed.",
            "pip install 'atu-gui[bitsandbytes]', or choose adamw as optimizer.",
        )


def model_optimizer(
    name: str, parameters: Sequence[nn.Parameter], rate: float, device: torch.device
) -> torch.optim.Optimizer:
    """That of the model's weights, as `UnlearnConfig.optimizer` names it.

    Without weight decay: it would pull weights towards 0 whether they know the concept or not.

    Raises:
        ResourceError: It cannot be had.
    """
    check_optimizer(name, device)
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=rate)
    if name == "adamw8bit":
        import bitsandbytes

        optimizer: torch.optim.Optimizer = bitsandbytes.optim.AdamW8bit(parameters, lr=rate, weight_decay=0.0)
        return optimizer
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0, fused=_fused(device))


def head_optimizer(parameters: Sequence[nn.Parameter], rate: float, device: torch.device) -> torch.optim.Optimizer:
    """That of the heads."""
    return torch.optim.Adam(parameters, lr=rate, fused=_fused(device))


def bytes_to_come(name: str, optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter]) -> int:
    """What it will take with its first step; nothing after that."""
    return 0 if optimizer.state else _REMEMBERED[name] * sum(parameter.numel() for parameter in parameters)


def _fused(device: torch.device) -> bool | None:
    """Whether Adam should update all weights in one pass over them; None leaves it to torch.

    On CUDA it spares seven of eight passes through the memory. A processor's numbers stay as they were.
    """
    return True if device.type == "cuda" else None
