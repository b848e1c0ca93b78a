"""What an optimizer remembers, as named tensors; rates are no part of it, because every step sets its own."""

from __future__ import annotations

import torch
from torch import Tensor

_PREFIX = "optimizer."
# bitsandbytes counts steps in plain numbers, not in tensors.
_NUMBER = ".number"


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """One tensor for each thing remembered about each parameter; none before the first step."""
    tensors: dict[str, Tensor] = {}
    for index, values in optimizer.state_dict()["state"].items():
        for name, value in values.items():
            if isinstance(value, Tensor):
                # Parameters share tables in the state of bitsandbytes; a file may not.
                tensors[f"{_PREFIX}{index}.{name}"] = value.clone() if name.startswith("qmap") else value
            elif isinstance(value, int):
                tensors[f"{_PREFIX}{index}.{name}{_NUMBER}"] = torch.tensor(value)
    return tensors


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Remember what `optimizer_tensors` gave; other tensors are left alone.

    Raises:
        ValueError: They belong to other parameters.
    """
    state: dict[int, dict[str, Tensor | int]] = {}
    for key, value in tensors.items():
        if key.startswith(_PREFIX):
            index, _, name = key.removeprefix(_PREFIX).partition(".")
            number = name.endswith(_NUMBER)
            kept = int(value) if number else value.clone()
            state.setdefault(int(index), {})[name.removesuffix(_NUMBER)] = kept
    if any(index >= sum(len(group["params"]) for group in optimizer.param_groups) for index in state):
        raise ValueError("an optimizer state for other parameters")
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
