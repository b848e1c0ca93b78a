"""In which number format weights are held.

On a processor all of them are float32. On a CUDA GPU that computes in 16 bits, matrices stay in the 16 bits that their
file stores: autocast would round float32 copies of them to the very same numbers before it multiplies, in every pass.
Norms, biases and embeddings are float32 everywhere, because what they compute is not rounded. What a run trains is
widened to float32 masters for it. Values never change: only what can be narrowed without loss is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from atu_gui.engine.models import linear_layers

HALVES = (torch.bfloat16, torch.float16)


def holds_halves(device: torch.device, compute: torch.dtype) -> bool:
    """Whether matrices that need no more than 16 bits are held in 16."""
    return device.type == "cuda" and compute in HALVES


def hold(model: nn.Module, device: torch.device, compute: torch.dtype) -> None:
    """Move a model to its device, every weight in the format it is held in there.

    Args:
        model: On the CPU or the device.
        device: Where to.
        compute: The format that autocast computes in.
    """
    matrices = {id(weight) for weight in _narrow(model)} if holds_halves(device, compute) else set()
    # One at a time: float32 never stands on the device as a whole.
    for parameter in model.parameters():
        there = parameter.data.to(device)
        if there.is_floating_point():
            there = _narrowed(there, compute) if id(parameter) in matrices else there.float()
        parameter.data = there
    model.to(device)


def widen(parameters: Iterable[nn.Parameter]) -> None:
    """Give parameters that are held in 16 bits float32 masters of the same values, to be trained."""
    for parameter in parameters:
        if parameter.dtype in HALVES:
            parameter.data = parameter.data.float()


def put(parameter: nn.Parameter, value: Tensor) -> None:
    """Make a value a parameter's own, in the value's format."""
    if parameter.dtype == value.dtype:
        parameter.data.copy_(value)
    else:
        parameter.data = value.to(parameter.device, copy=True)


@contextmanager
def computing_wide(model: nn.Module) -> Iterator[None]:
    """Within the block modules compute in float32 although they hold 16 bits; widened is one module at a time."""
    handles = []
    for module in model.modules():
        held = [weight for weight in module.parameters(recurse=False) if weight.dtype in HALVES]
        if held:
            own = [weight.data for weight in held]
            handles.append(module.register_forward_pre_hook(_widener(held)))
            handles.append(module.register_forward_hook(_restorer(held, own), always_call=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _narrow(model: nn.Module) -> Iterator[nn.Parameter]:
    """What autocast rounds whenever it is used: the matrices of linear layers, but those tied to embeddings."""
    embeddings = {id(one.weight) for one in model.modules() if isinstance(one, nn.Embedding)}
    return (layer.weight for layer in linear_layers(model) if id(layer.weight) not in embeddings)


def _narrowed(values: Tensor, compute: torch.dtype) -> Tensor:
    """The same values in 16 bits where these hold them exactly, in the format of the computation if both do."""
    if values.dtype in HALVES:
        return values
    for dtype in sorted(HALVES, key=lambda one: one != compute):
        half = values.to(dtype)
        if torch.equal(half.float(), values):
            return half
    return values.float()


def _widener(held: list[nn.Parameter]) -> Any:
    def before(_module: nn.Module, _inputs: Any) -> None:
        widen(held)

    return before


def _restorer(held: list[nn.Parameter], own: list[Tensor]) -> Any:
    def after(_module: nn.Module, _inputs: Any, _output: Any) -> None:
        for weight, values in zip(held, own, strict=True):
            weight.data = values

    return after
