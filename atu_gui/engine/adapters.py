"""Low-rank adapters (LoRA, arXiv 2106.09685): beside a layer's matrix W stand two small ones, A and B.

With them the layer says W x + α/r · B A x. They are no part of the model's tree: hooks add what they say, so that the
model's parameters, their names and their hashes are the same with adapters and without, and nothing is left of them
once the hooks are gone. With B = 0, as they begin, they say nothing.

Letters: i inputs and o outputs of a linear layer, r rank.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.utils.hooks import RemovableHandle

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.scan import trained_blocks
from atu_gui.engine.models import LanguageModel, LinearLayer, linear_layers
from atu_gui.engine.packing import is_packed, matrix_of, unpacked
from atu_gui.engine.replacing import replaced

A, B = ".lora_a", ".lora_b"
# Apart from the seeds of heads and data orders.
_SEED = 301


@dataclass(frozen=True, eq=False, slots=True)
class Adapter:
    """What stands beside one matrix.

    Attributes:
        layer: The layer that it belongs to.
        a: [r, i], float32.
        b: [o, r], float32.
        scale: α/r.
    """

    layer: LinearLayer
    a: nn.Parameter
    b: nn.Parameter
    scale: float

    @property
    def acts(self) -> bool:
        """Whether it says anything."""
        return bool(self.b.any())

    def added_to(self, matrix: Tensor) -> Tensor:
        """The layer's matrix, float32 [o, i] or transposed [i, o], with what this adds."""
        product = self.scale * (self.b.detach() @ self.a.detach())
        return matrix + (product.T if self.layer.transposed else product)

    def hook(self) -> RemovableHandle:
        """Let it speak."""

        def add(_module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
            return output + self.scale * linear(linear(inputs[0], self.a), self.b)

        return self.layer.module.register_forward_hook(add)


class Adapters:
    """The adapters of one run on one loaded model; they say nothing until they are attached.

    Attributes:
        parameters: Their tensors by name: that of the layer with “.lora_a” or “.lora_b”.
        alpha: The α of the scale.
    """

    def __init__(self, lm: LanguageModel, adapters: Iterable[Adapter], alpha: float) -> None:
        self._lm = lm
        self._adapters = tuple(adapters)
        self._handles: list[RemovableHandle] = []
        self.alpha = alpha
        self.parameters: dict[str, nn.Parameter] = {}
        for one in self._adapters:
            self.parameters |= {one.layer.name + A: one.a, one.layer.name + B: one.b}

    @classmethod
    def new(cls, lm: LanguageModel, config: RunConfig) -> Self:
        """Fresh ones beside every linear layer of the blocks that a settled config trains; they say nothing yet.

        Raises:
            InputError: The blocks have no linear layers.
        """
        numbers = trained_blocks(config.layers, config.unlearn.blocks)
        blocks = [lm.blocks[number - 1] for number in numbers]
        layers = [layer for layer in linear_layers(lm.model) if any(layer.is_within(block) for block in blocks)]
        if not layers:
            raise InputError(
                f"The blocks of {lm.name} have no linear layers that LoRA could stand beside.", "Train them in full."
            )
        rank, alpha = config.unlearn.rank, config.unlearn.alpha
        # On the CPU, so that a seed means the same on every device.
        random = torch.Generator().manual_seed(config.seed + _SEED)
        made = []
        for layer in layers:
            bound = 1 / math.sqrt(layer.inputs)
            a = torch.empty(rank, layer.inputs).uniform_(-bound, bound, generator=random)
            made.append(_adapter(lm, layer, a, torch.zeros(layer.outputs, rank), alpha))
        return cls(lm, made, alpha)

    @classmethod
    def like(cls, lm: LanguageModel, shapes: Mapping[str, tuple[int, ...]], alpha: float) -> Self:
        """Silent ones for the tensors of a file.

        Raises:
            InputError: The model has no such layer, or one of another shape.
        """
        layers = {layer.name: layer for layer in linear_layers(lm.model)}
        made = []
        for name in sorted(name.removesuffix(A) for name in shapes if name.endswith(A)):
            layer = layers.get(name)
            a, b = shapes[name + A], shapes.get(name + B)
            if layer is None or a[1:] != (layer.inputs,) or b != (layer.outputs, a[0]):
                raise InputError(f"The adapters of {name} do not fit {lm.name}.", "Load the model of the run.")
            made.append(_adapter(lm, layer, torch.zeros(a), torch.zeros(b), alpha))
        return cls(lm, made, alpha)

    def __iter__(self) -> Iterator[Adapter]:
        return iter(self._adapters)

    @property
    def is_attached(self) -> bool:
        """Whether the model says what they add."""
        return bool(self._handles)

    def attach(self) -> None:
        """Let the model say what they add, until `detach`."""
        if not self._handles:
            self._handles = [one.hook() for one in self._adapters]
            self._lm.adapters.append(self)

    def detach(self) -> None:
        """Leave the model as it was."""
        if self._handles:
            for handle in self._handles:
                handle.remove()
            self._handles = []
            self._lm.adapters.remove(self)

    @contextlib.contextmanager
    def attached(self) -> Iterator[None]:
        """Attached within the block, and after it as they were."""
        before = self.is_attached
        self.attach()
        try:
            yield
        finally:
            if not before:
                self.detach()


def adapters_for(lm: LanguageModel, config: RunConfig) -> Adapters | None:
    """What a settled config trains in place of the blocks' own weights; None where it trains those."""
    return Adapters.new(lm, config) if config.unlearn.training == "lora" else None


@contextlib.contextmanager
def folded(lm: LanguageModel) -> Iterator[None]:
    """Within the block all that adapters add is part of the matrices, none stands beside them, and none is packed.

    For whatever reads or changes weights themselves. The matrices are float32 there, which takes its memory.
    """
    standing = list(lm.adapters)
    sums = {id(layer.module): (layer, matrix_of(layer)) for layer in linear_layers(lm.blocks) if is_packed(layer)}
    for one in (adapter for adapters in standing for adapter in adapters if adapter.acts):
        key = id(one.layer.module)
        value = sums[key][1] if key in sums else matrix_of(one.layer)
        sums[key] = (one.layer, one.added_to(value))
    plain = [(layer.weight, value) for layer, value in sums.values() if not is_packed(layer)]
    packed = [(layer, value) for layer, value in sums.values() if is_packed(layer)]
    with replaced(plain), unpacked(packed):
        for adapters in standing:
            adapters.detach()
        try:
            yield
        finally:
            for adapters in standing:
                adapters.attach()


def _adapter(lm: LanguageModel, layer: LinearLayer, a: Tensor, b: Tensor, alpha: float) -> Adapter:
    matrices = [nn.Parameter(matrix.to(lm.device), requires_grad=False) for matrix in (a, b)]
    return Adapter(layer, matrices[0], matrices[1], alpha / a.shape[0])
