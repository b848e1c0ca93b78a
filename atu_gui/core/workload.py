"""What the steps of a run have to compute: which settings that hangs on, and about how much arithmetic it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atu_gui.core.config import RunConfig
from atu_gui.core.events import ModelLoaded
from atu_gui.core.paces import Part
from atu_gui.core.scan import default_layer, trained_blocks

# Texts whose head is measured in a round: two looks of 24 about the concept and 24 others.
_LOOKED_AT = 96
# Time of an operation in that of a first align step's: with default settings and SmolLM2-135M on two processor cores
# steps take 1 : 3.5 : 15, medians over eight runs, and 1 : 4.02 : 18.8 operations.
_PER_OPERATION: dict[Part, float] = {"first align": 1.0, "align": 0.87, "unlearn": 0.80}


@dataclass(frozen=True, slots=True)
class Workload:
    """What paces depend on, besides the machine.

    Attributes:
        model: Language model and encoder.
        device: Device and number format.
        settings: All settings that change what a step computes, in words.
        costs: Floating-point operations of a step of each part; of “probe” and “asides” those of a token.
    """

    model: str
    device: str
    settings: str
    costs: Mapping[Part, float]

    @property
    def typical(self) -> dict[Part, float]:
        """What a step of each part should cost in those of another, on a machine that has seen none of them."""
        return {part: self.costs[part] * seconds for part, seconds in _PER_OPERATION.items()}


def workload(config: RunConfig, model: ModelLoaded) -> Workload | None:
    """What a settled config asks of a loaded model; None where the model's blocks were not counted.

    Costs are products with weights alone, two operations each, and as many again for the gradient of the inputs and
    for that of a trained weight. Attention among positions and the optimizer are left out.
    """
    if not model.block_parameters:
        return None
    layers = hook_layers(config, model)
    blocks = trained_blocks(layers, config.unlearn.blocks)
    # Blocks below the lowest trained one are constant, so their output is cached.
    lowest = 1 if config.unlearn.train_embeddings else blocks[0]
    passed = sum(model.block_parameters[lowest - 1 : max(layers)])
    # A trained weight takes its gradient; an adapter's also says something and hands the gradient on.
    trained = 2 * sum(model.block_parameters[number - 1] for number in blocks)
    if config.unlearn.training == "lora":
        trained = 6 * adapter_size(config, model)
    heads = len(layers) * head_size(config, model)[0]
    windows, unlearn = config.windows, config.unlearn
    positions = windows.batch * windows.max_tokens
    concept = 4 * passed + trained + 4 * heads
    retain = 4 * passed + trained if unlearn.retain_weight else 0
    costs: dict[Part, float] = {
        "first align": positions * 6 * heads,
        "align": positions * (2 * passed + 6 * heads),
        "unlearn": positions * (concept + retain),
        "probe": 2 * model.parameters,
        "asides": 2 * model.parameters,
        "between": _LOOKED_AT * windows.max_tokens * 2 * (passed + heads),
    }
    settings = (
        f"layers {', '.join(map(str, layers))}",
        f"blocks {', '.join(map(str, blocks))}"
        + (f" by LoRA {unlearn.rank}" if unlearn.training == "lora" else "")
        + (" and embeddings" if unlearn.train_embeddings else ""),
        f"{windows.batch} × {windows.max_tokens} tokens",
        f"{config.head.kind} head {config.head.layers} × {config.head.width}",
        unlearn.optimizer
        + (", λ" if unlearn.retain_weight else "")
        + (", recomputed" if unlearn.recompute == "on" else ""),
    )
    return Workload(f"{model.name} · {model.encoder}", f"{model.device} · {model.dtype}", " · ".join(settings), costs)


def adapter_size(config: RunConfig, model: ModelLoaded) -> int:
    """Parameters of all adapters that a settled config trains with LoRA."""
    blocks = trained_blocks(hook_layers(config, model), config.unlearn.blocks)
    return len(blocks) * config.unlearn.rank * model.block_activations


def hook_layers(config: RunConfig, model: ModelLoaded) -> list[int]:
    """The hook layers of a config that the model has, or the usual one."""
    return [layer for layer in config.layers if layer <= model.layers] or [default_layer(model.layers)]


def head_size(config: RunConfig, model: ModelLoaded) -> tuple[int, int]:
    """Parameters of a head, and floats that it keeps for each position."""
    width, depth = config.head.width, config.head.layers
    # Attention takes 4 w² parameters, the feed-forward part 8 w²; the published decoder has a second attention.
    attentions = 1 if config.head.kind == "causal" else 2
    block = (4 * attentions + 8) * width * width
    parameters = model.width * width + depth * block + width * model.embedding_width
    floats = model.width + depth * (6 * attentions + 12) * width + 2 * width + model.embedding_width
    return parameters, floats
