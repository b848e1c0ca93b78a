"""The two models a workbench holds: the language model that forgets and the text encoder that judges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.pytorch_utils import Conv1D

from atu_gui.core.errors import ModelError

if TYPE_CHECKING:
    from atu_gui.engine.adapters import Adapters


@dataclass(frozen=True, eq=False, slots=True)
class LinearLayer:
    """A linear layer: `nn.Linear`, or GPT-2's, whose matrix is stored transposed.

    Attributes:
        name: Within the model.
        module: The layer.
        inputs, outputs: How many.
        transposed: Whether the matrix is stored as [inputs, outputs].
    """

    name: str
    module: nn.Module
    inputs: int
    outputs: int
    transposed: bool

    @property
    def weight_name(self) -> str:
        """The name of the matrix within the model."""
        return f"{self.name}.weight"

    @property
    def weight(self) -> nn.Parameter:
        """The matrix."""
        weight = self.module.weight
        assert isinstance(weight, nn.Parameter)
        return weight

    def is_within(self, module: nn.Module) -> bool:
        """Whether it is a part of a module."""
        return any(part is self.module for part in module.modules())


def parameter_count(module: nn.Module) -> int:
    """How many parameters a module has; in packed matrices those that are packed."""
    matrices = {id(layer.weight): layer.inputs * layer.outputs for layer in linear_layers(module)}
    return sum(matrices.get(id(weight), weight.numel()) for weight in module.parameters())


def linear_layers(model: nn.Module) -> Iterator[LinearLayer]:
    """The linear layers within a model, in order."""
    for name, module in model.named_modules():
        if not isinstance(getattr(module, "weight", None), nn.Parameter):
            continue
        if isinstance(module, nn.Linear):
            yield LinearLayer(name, module, module.in_features, module.out_features, False)
        elif isinstance(module, Conv1D):
            yield LinearLayer(name, module, module.nx, module.nf, True)


@dataclass(eq=False, slots=True)
class LanguageModel:
    """A causal language model with a fast tokenizer, in evaluation mode.

    Attributes:
        model: The `…ForCausalLM` module; weights in float32, or in 16 bits where `formats` holds them so.
        tokenizer: A fast tokenizer (offsets are needed for windows), `padding_side` "left", with a pad token.
        name: Name for the screen.
        source: What the user asked for.
        device: Where the weights are.
        compute_dtype: float32, or the format autocast uses.
        weights_hash: Short content hash of the weights as loaded.
        digests: That of each parameter as loaded, by name; without them all are hashed when the hash is asked for.
        adapters: Those that are attached at the moment.
        packed: Whether the matrices of its blocks are packed to 4 bits.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    source: str
    device: torch.device
    compute_dtype: torch.dtype
    weights_hash: str
    digests: dict[str, bytes] = field(default_factory=dict)
    adapters: list[Adapters] = field(default_factory=list)
    packed: bool = False

    @property
    def base(self) -> nn.Module:
        """The decoder without its LM head."""
        return self.model.base_model

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return int(self._text_config.num_hidden_layers)

    @property
    def width(self) -> int:
        """Hidden width d."""
        return int(self._text_config.hidden_size)

    @property
    def blocks(self) -> nn.ModuleList:
        """The decoder's blocks, in order.

        Raises:
            ModelError: The architecture has no plain list of blocks.
        """
        for module in self.base.modules():
            if isinstance(module, nn.ModuleList) and len(module) == self.depth:
                return module
        raise ModelError(f"{self.name} has no plain stack of {self.depth} blocks that could be trained.")

    @property
    def block_parameters(self) -> tuple[int, ...]:
        """Number of parameters of each block."""
        return tuple(parameter_count(block) for block in self.blocks)

    @property
    def weight_bytes(self) -> float:
        """Bytes that a weight of a block takes, on average."""
        weights = list(self.blocks.parameters())
        return sum(one.numel() * one.element_size() for one in weights) / max(1, sum(one.numel() for one in weights))

    @property
    def block_activations(self) -> int:
        """Inputs and outputs of the linear layers of the first block, floats for each position."""
        return sum(layer.inputs + layer.outputs for layer in linear_layers(self.blocks[0]))

    @property
    def has_chat_template(self) -> bool:
        """Whether prompts are formatted as a chat."""
        return bool(getattr(self.tokenizer, "chat_template", None))

    @property
    def _text_config(self) -> Any:
        return self.model.config.get_text_config()

    def format_chat(self, message: str) -> str:
        """One user message with the template's generation header; the bare message where there is no template."""
        if not self.has_chat_template:
            return message
        text = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": message}], tokenize=False, add_generation_prompt=True
        )
        return str(text)

    def autocast(self) -> torch.autocast:
        """Compute in `compute_dtype`; does nothing for float32."""
        return torch.autocast(self.device.type, dtype=self.compute_dtype, enabled=self.compute_dtype != torch.float32)


@dataclass(eq=False, slots=True)
class TextEncoder:
    """A frozen sentence encoder, in evaluation mode, float32.

    Attributes:
        model: The transformer inside the sentence-transformers model; its last hidden states are pooled by our mean.
        tokenizer: Its fast tokenizer.
        name: Name for the screen.
        width: Embedding width e.
        device: Where the weights are.
        weights_hash: Short content hash, part of cache keys.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    width: int
    device: torch.device
    weights_hash: str
