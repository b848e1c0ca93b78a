"""Matrices packed to 4 bits (NF4, arXiv 2305.14314) by the extra bitsandbytes, for models that do not fit otherwise.

Packed matrices cannot be trained; adapters beside them can. Every use unpacks a matrix anew, forward and backward, so
that no more than one is whole at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from atu_gui.core.errors import ResourceError
from atu_gui.engine.hashing import combined_hash
from atu_gui.engine.models import LanguageModel, LinearLayer, linear_layers

_BLOCK = 64
# What tells the hash of a packed model from that of the same weights as they are.
_MARK = "packed to NF4"


class PackedLinear(nn.Linear):
    """A linear layer whose matrix is packed: `weight` holds bytes, two values each, and computing follows autocast.

    While `weight` is given a floating matrix it is a linear layer like any other.
    """

    state: Any

    @classmethod
    def of(cls, plain: nn.Linear, device: torch.device) -> PackedLinear:
        """In place of a layer; its bias is taken over."""
        packed = cls(plain.in_features, plain.out_features, bias=plain.bias is not None, device="meta")
        data, packed.state = _packed(plain.weight.data.to(device))
        packed.weight = nn.Parameter(data, requires_grad=False)
        packed.bias = plain.bias
        return packed.train(plain.training)

    def matrix(self) -> Tensor:
        """The matrix [o, i] as the packed values have it, float32."""
        return _unpacked(self.weight.data, self.state).reshape(self.out_features, self.in_features).float()

    def forward(self, input: Tensor) -> Tensor:
        """x W + b, in the format of autocast, or that of x."""
        if self.weight.is_floating_point():
            return super().forward(input)
        kind = input.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else input.dtype
        result: Tensor = _PackedProduct.apply(input.to(dtype), self)  # type: ignore[no-untyped-call]
        return result if self.bias is None else result + self.bias.to(dtype)


class _PackedProduct(torch.autograd.Function):
    """x Wᵀ, keeping only the packed W for the way back."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, layer: PackedLinear) -> Tensor:
        ctx.layer = layer
        return linear(input, layer.matrix().to(input.dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient @ ctx.layer.matrix().to(gradient.dtype), None


def pack(lm: LanguageModel) -> None:
    """Pack the matrices of all blocks, each on the model's device; embeddings, head and norms stay as they are.

    Raises:
        ResourceError: bitsandbytes is missing or does not work there.
    """
    why = no_nf4(lm.device)
    if why:
        raise ResourceError(f"The weights cannot be packed to 4 bits: {why}", "Load them in full.")
    for layer in list(linear_layers(lm.blocks)):
        if isinstance(layer.module, nn.Linear):
            parent, _, name = layer.name.rpartition(".")
            setattr(lm.blocks.get_submodule(parent), name, PackedLinear.of(layer.module, lm.device))
    lm.packed = True
    lm.digests[_MARK] = hashlib.sha256(_MARK.encode()).digest()
    lm.weights_hash = combined_hash(lm.digests)


def matrix_of(layer: LinearLayer) -> Tensor:
    """The matrix of a layer as it is stored, unpacked, float32."""
    return layer.module.matrix() if is_packed(layer) else layer.weight.data.float()  # type: ignore[operator]


def is_packed(layer: LinearLayer) -> bool:
    """Whether the matrix of a layer is packed."""
    return isinstance(layer.module, PackedLinear) and not layer.weight.is_floating_point()


@contextlib.contextmanager
def unpacked(values: Sequence[tuple[LinearLayer, Tensor]]) -> Iterator[None]:
    """Within the block packed layers have these matrices instead."""
    packed = [layer.weight for layer, _ in values]
    try:
        for layer, value in values:
            layer.module.weight = nn.Parameter(value, requires_grad=False)
        yield
    finally:
        for (layer, _), weight in zip(values, packed, strict=True):
            layer.module.weight = weight


def no_nf4(device: torch.device) -> str:
    """Why NF4 is not to be had, found out by trying; "" where it is."""
    if importlib.util.find_spec("bitsandbytes") is None:
        return "the package bitsandbytes is not installed (pip install 'atu-gui[bitsandbytes]')."
    try:
        nf4(torch.zeros(_BLOCK, _BLOCK, device=device))
    except Exception as error:
        # A library of kernels fails in as many ways as there are machines.
        return f"bitsandbytes does not work here: {str(error).strip().partition(chr(10))[0]}"
    return ""


def nf4(weight: Tensor) -> Tensor:
    """There and back through bitsandbytes' NF4, in blocks of 64 values."""
    return _unpacked(*_packed(weight)).reshape(weight.shape).to(weight.dtype)


def _packed(weight: Tensor) -> tuple[Tensor, Any]:
    from bitsandbytes import functional

    # As one row: rows shorter than a block come back wrong from its code for processors (0.50.2).
    data, state = functional.quantize_4bit(weight.contiguous().reshape(1, -1), blocksize=_BLOCK, quant_type="nf4")
    return data, state


def _unpacked(data: Tensor, state: Any) -> Tensor:
    from bitsandbytes import functional

    restored: Tensor = functional.dequantize_4bit(data, state)
    return restored
