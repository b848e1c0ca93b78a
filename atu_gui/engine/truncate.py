"""Hidden states at the hook layers, running only the blocks below them.

`hidden_states[ℓ]` follows the Hugging Face convention: 0 are the embeddings, ℓ the output of block ℓ, and the last one
includes the final norm. A forward hook on block ℓ takes its output and ends the pass, so blocks above ℓ and the LM head
never run, in any architecture with a plain stack of blocks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from atu_gui.core.errors import InputError
from atu_gui.core.scan import default_layer
from atu_gui.engine.compiling import CompiledBlocks
from atu_gui.engine.models import LanguageModel


class _Reached(Exception):  # noqa: N818 - ends a forward pass, no error
    pass


def check_layers(layers: Sequence[int], depth: int) -> None:
    """Refuse hook layers that the model does not have.

    Raises:
        InputError: Names the first such layer.
    """
    for layer in layers:
        if not 1 <= layer <= depth:
            raise InputError(f"Layer {layer} does not exist.", f"This model has {depth} layers; choose 1 to {depth}.")


def default_layers(depth: int) -> list[int]:
    """The one layer that is aimed at where the user names none."""
    return [default_layer(depth)]


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """What the lowest blocks say, known already.

    Attributes:
        layer: How many blocks.
        states: Their output on the batch, [b, s, d].
    """

    layer: int
    states: Tensor


def hidden_at(
    lm: LanguageModel,
    layers: Sequence[int],
    ids: Tensor,
    mask: Tensor,
    prefix: Prefix | None = None,
    *,
    recompute: bool = False,
    compiled: CompiledBlocks | None = None,
) -> dict[int, Tensor]:
    """Hidden states at some layers.

    Letters: b batch, s position, d model width.

    Args:
        lm: The language model, on the device of `ids`.
        layers: Hook layers, 1 to the depth.
        ids: Token ids, [b, s].
        mask: 1 on real tokens, [b, s]; padding stands on the right.
        prefix: With it the pass begins above its blocks, which must all lie below every layer asked for.
        recompute: Keep only the inputs of blocks for a backward pass, which then computes each block again.
        compiled: Computes the blocks where gradients are recorded and no adapters speak.

    Returns:
        For each layer its states, [b, s, d], in the compute dtype, with gradients where the context records them.
    """
    states: dict[int, Tensor] = {}
    deepest = max(layers)
    below = [layer for layer in layers if layer < lm.depth]
    handles = [lm.blocks[layer - 1].register_forward_hook(_keeper(states, layer, deepest)) for layer in below]
    base: Any = lm.base
    records = torch.is_grad_enabled()
    shortcut = compiled if records and not lm.adapters else None
    above = lm.blocks[prefix.layer if prefix else 0 : deepest]
    try:
        with (
            lm.autocast(),
            _skipped(lm, prefix),
            _compiled(above, shortcut),
            _recomputed(lm, deepest, recompute and records),
        ):
            output = base(input_ids=ids, attention_mask=mask, use_cache=False)
        states[lm.depth] = output.last_hidden_state
    except _Reached:
        pass
    finally:
        for handle in handles:
            handle.remove()
    return {layer: states[layer] for layer in layers}


def _keeper(states: dict[int, Tensor], layer: int, deepest: int) -> Any:
    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        states[layer] = output[0] if isinstance(output, tuple) else output
        if layer == deepest:
            raise _Reached

    return keep


@contextlib.contextmanager
def _skipped(lm: LanguageModel, prefix: Prefix | None) -> Iterator[None]:
    """Within the block the lowest blocks return what is known instead of computing it.

    The model still calls them, because what it hands to a block (masks, rotary tables) may depend on the block's place.
    """
    if prefix is None:
        yield
        return
    output = (prefix.states,) if _returns_tuple(lm) else prefix.states
    with _computing(lm.blocks[: prefix.layer], lambda _: lambda *_, **__: output):
        yield


@contextlib.contextmanager
def _compiled(blocks: nn.ModuleList, shortcut: CompiledBlocks | None) -> Iterator[None]:
    """Within the block these blocks compute what they compute, compiled."""
    if shortcut is None:
        yield
        return
    with _computing(blocks, shortcut.of):
        yield


@contextlib.contextmanager
def _recomputed(lm: LanguageModel, deepest: int, wanted: bool) -> Iterator[None]:
    """Within the block blocks up to the deepest hook keep nothing of what they compute but their inputs."""
    if not wanted:
        yield
        return
    # In evaluation mode nothing is drawn at random, so no state of a generator needs to come back.
    again: dict[str, Any] = {"use_reentrant": False, "preserve_rng_state": False}
    with _computing(lm.blocks[:deepest], lambda forward: partial(checkpoint, forward, **again)):
        yield


@contextlib.contextmanager
def _computing(blocks: nn.ModuleList, instead: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Within the block these blocks compute something else, made of what they compute themselves."""
    before = [vars(block).get("forward") for block in blocks]
    for block in blocks:
        vars(block)["forward"] = instead(block.forward)
    try:
        yield
    finally:
        for block, forward in zip(blocks, before, strict=True):
            if forward is None:
                del vars(block)["forward"]
            else:
                vars(block)["forward"] = forward


@torch.no_grad()
def _returns_tuple(lm: LanguageModel) -> bool:
    """Whether this architecture's blocks hand on a tuple; asked of the first one with a single token."""
    found: list[bool] = []

    def ask(_module: nn.Module, _inputs: Any, output: Any) -> None:
        found.append(isinstance(output, tuple))
        raise _Reached

    handle = lm.blocks[0].register_forward_hook(ask)
    base: Any = lm.base
    try:
        with contextlib.suppress(_Reached), lm.autocast():
            base(input_ids=torch.zeros(1, 1, dtype=torch.long, device=lm.device), use_cache=False)
    finally:
        handle.remove()
    return found[0]
