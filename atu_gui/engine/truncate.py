"""Hidden states at the hook layers, running only the blocks below them.

`hidden_states[ℓ]` follows the Hugging Face convention: 0 are the embeddings, ℓ the output of block ℓ, and the last one
includes the final norm. A forward hook on block ℓ takes its output and ends the pass, so blocks above ℓ and the LM head
never run, in any architecture with a plain stack of blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from atu_gui.core.errors import InputError
from atu_gui.core.scan import default_layer
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


def hidden_at(lm: LanguageModel, layers: Sequence[int], ids: Tensor, mask: Tensor) -> dict[int, Tensor]:
    """Hidden states at some layers.

    Letters: b batch, s position, d model width.

    Args:
        lm: The language model, on the device of `ids`.
        layers: Hook layers, 1 to the depth.
        ids: Token ids, [b, s].
        mask: 1 on real tokens, [b, s]; padding stands on the right.

    Returns:
        For each layer its states, [b, s, d], in the compute dtype, with gradients where the context records them.
    """
    states: dict[int, Tensor] = {}
    deepest = max(layers)
    below = [layer for layer in layers if layer < lm.depth]
    handles = [lm.blocks[layer - 1].register_forward_hook(_keeper(states, layer, deepest)) for layer in below]
    base: Any = lm.base
    try:
        with lm.autocast():
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
