"""What the steps of a run have to compute: which settings that hangs on, and how much work it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from atu_gui.core.config import RunConfig
from atu_gui.core.events import ModelLoaded
from atu_gui.core.paces import Part
from atu_gui.core.rates import Work, usual_rates
from atu_gui.core.scan import default_layer, trained_blocks

# Texts whose head is measured in a round: two looks of 24 about the concept and 24 others.
_LOOKED_AT = 96
_SINGLE = 4
_STEPS: tuple[Part, ...] = ("first align", "align", "unlearn")
# Bytes that an update moves for each weight, clipping its gradient included, in PyTorch's loops over single tensors.
_UPDATE = {"adamw": 100.0, "adamw8bit": 100.0, "sgd": 40.0}


@dataclass(frozen=True, slots=True)
class Workload:
    """What paces depend on, besides the machine.

    Attributes:
        model: Language model and encoder.
        device: Device and number format.
        settings: All settings that change what a step computes, in words.
        costs: Work of a step of each part; of “probe” and “asides” that of a token.
    """

    model: str
    device: str
    settings: str
    costs: Mapping[Part, Work]

    @property
    def typical(self) -> dict[Part, float]:
        """What a step of each part should cost in those of another, on a machine that has seen none of them."""
        rates = usual_rates(self.device)
        return {part: rates.seconds(self.costs[part]) for part in _STEPS}


def workload(config: RunConfig, model: ModelLoaded) -> Workload | None:
    """What a settled config asks of a loaded model; None where the model's blocks were not counted.

    Products with weights take two operations for each weight and position, and as many again for the gradient of the
    inputs and for that of a trained weight; attention among positions takes four for each pair and unit of width.
    """
    if not model.block_parameters:
        return None
    layers = hook_layers(config, model)
    trained = trained_blocks(layers, config.unlearn.blocks)
    # Blocks below the lowest trained one are constant, so their output is cached.
    lowest = 1 if config.unlearn.train_embeddings else trained[0]
    passed = range(lowest, max(layers) + 1)
    windows, unlearn = config.windows, config.unlearn
    texts = (windows.batch, windows.max_tokens)
    forward = _sum(_block(model, number, *texts) for number in passed)
    backward = _sum(_backward(model, number, *texts) for number in passed)
    weights = float(sum(model.block_parameters[number - 1] for number in trained))
    if unlearn.training == "lora":
        # An adapter says something, hands the gradient on, and takes its own.
        weights = adapter_size(config, model)
        backward += Work(4 * weights * windows.batch * windows.max_tokens)
    backward += _gradient(weights, *texts)
    if unlearn.recompute == "on":
        backward += forward
    head = _head(config, model, *texts) * len(layers)
    weights += model.embedding_parameters if unlearn.train_embeddings else 0
    heads = len(layers) * head_size(config, model)[0]
    retain = forward + backward if unlearn.retain_weight else Work()
    align = head * 3 + Work(traffic=_UPDATE["adamw"] * heads)
    token = Work(2 * model.parameters, 4 * model.parameters, model.layers)
    costs: dict[Part, Work] = {
        "first align": align,
        "align": align + forward,
        "unlearn": forward + backward + head * 2 + retain + Work(traffic=_UPDATE[unlearn.optimizer] * weights),
        "probe": token,
        "asides": token,
        "between": (forward + head) * (_LOOKED_AT / windows.batch),
    }
    settings = (
        f"layers {', '.join(map(str, layers))}",
        f"blocks {', '.join(map(str, trained))}"
        + (f" by LoRA {unlearn.rank}" if unlearn.training == "lora" else "")
        + (" and embeddings" if unlearn.train_embeddings else "")
        + (", recomputed" if unlearn.recompute == "on" else ""),
        f"{windows.batch} × {windows.max_tokens} tokens",
        f"{config.head.kind} head {config.head.layers} × {config.head.width}",
        unlearn.optimizer
        + (", λ" if unlearn.retain_weight else "")
        + (", compiled" if unlearn.compile == "on" else "")
        + (", recomputed" if unlearn.recompute == "on" else ""),
    )
    return Workload(f"{model.name} · {model.encoder}", f"{model.device} · {model.dtype}", " · ".join(settings), costs)


def adapter_size(config: RunConfig, model: ModelLoaded) -> int:
    """Parameters of all adapters that a settled config trains with LoRA."""
    blocks = trained_blocks(hook_layers(config, model), config.unlearn.blocks)
    return len(blocks) * config.unlearn.rank * model.block_activations


def _block(model: ModelLoaded, number: int, batch: int, tokens: int) -> Work:
    """A pass forward."""
    positions, weights = batch * tokens, model.block_parameters[number - 1]
    floats = positions * (model.block_activations + 2 * model.width) + weights
    return Work(positions * (2 * weights + 4 * tokens * model.width), _SINGLE * floats, 1)


def _backward(model: ModelLoaded, number: int, batch: int, tokens: int) -> Work:
    """A pass back to the inputs: as many products with weights, and attention twice."""
    forward = _block(model, number, batch, tokens)
    return Work(forward.operations + batch * tokens * 4 * tokens * model.width, 2 * forward.traffic, 2)


def _gradient(weights: float, batch: int, tokens: int) -> Work:
    """The gradient of trained weights, and adding it up."""
    return Work(2 * batch * tokens * weights, 3 * _SINGLE * weights)


def _head(config: RunConfig, model: ModelLoaded, batch: int, tokens: int) -> Work:
    positions = batch * tokens
    weights, floats = head_size(config, model)
    products = 2 * weights + 4 * tokens * config.head.width * config.head.layers
    return Work(positions * products, _SINGLE * (positions * floats + weights), config.head.layers)


def _sum(works: Iterable[Work]) -> Work:
    return sum(works, start=Work())


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
