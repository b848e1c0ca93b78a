"""What a run takes: memory by use, disk, and time at a known pace. Plain arithmetic on what the loaded model is."""

from __future__ import annotations

from dataclasses import dataclass

from atu_gui.core.config import RunConfig
from atu_gui.core.events import ModelLoaded
from atu_gui.core.paces import Paces
from atu_gui.core.progress import planned_stages
from atu_gui.core.reading import LOSS_TOKENS, texts_read
from atu_gui.core.scan import trained_blocks
from atu_gui.core.workload import adapter_size, head_size, hook_layers

# Heads and what is trained are float32, and so are their optimizers.
_SINGLE = 4


@dataclass(frozen=True, slots=True)
class Use:
    """One use of memory, in bytes. `loaded`: taken already, before the run begins."""

    name: str
    bytes: float
    about: str
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take.

    Attributes:
        uses: Memory of the model's device by use.
        disk: Bytes of all rounds' snapshots.
        texts: Bytes of embeddings and hidden states of the texts in the disk cache, from where steps read them.
    """

    uses: tuple[Use, ...]
    disk: float
    texts: float = 0.0

    @property
    def memory(self) -> float:
        """All of it, in bytes."""
        return sum(use.bytes for use in self.uses)

    @property
    def more(self) -> float:
        """What is not taken yet, in bytes."""
        return sum(use.bytes for use in self.uses if not use.loaded)


def estimate(config: RunConfig, model: ModelLoaded) -> Estimate | None:
    """Price a settled config; None where the model's blocks were not counted.

    Activations are an estimate: inputs and outputs of all linear layers of a block and two residuals for each position,
    which is 2 % above what PyTorch keeps for SmolLM2-135M with fused attention (8 × 96 tokens, 10 blocks).
    """
    if not model.block_parameters:
        return None
    layers = hook_layers(config, model)
    deepest = max(layers)
    blocks = trained_blocks(layers, config.unlearn.blocks)
    trained = sum(model.block_parameters[number - 1] for number in blocks)
    # Nothing is kept for a backward pass through blocks whose output is constant.
    passed = deepest if config.unlearn.train_embeddings else deepest - blocks[0] + 1
    kept = len(layers) + (passed < deepest)
    part, beside = _SINGLE * trained, 0
    untouched = trained * model.weight_bytes
    if config.unlearn.training == "lora":
        untouched = part = beside = _SINGLE * adapter_size(config, model)
    if config.unlearn.train_embeddings:
        part += _SINGLE * model.embedding_parameters
        untouched += _SINGLE * model.embedding_parameters
    # Weights held in 16 bits get float32 masters, and these are rounded to 16 bits for every pass.
    masters = (part - untouched) + (0 if model.dtype == "float32" else part / 2)
    moments = {"adamw": 2.0, "adamw8bit": 0.5}.get(config.unlearn.optimizer, 0.0)
    head, head_floats = head_size(config, model)
    positions = config.windows.batch * config.windows.max_tokens
    per_float = _SINGLE if model.dtype == "float32" else _SINGLE / 2
    block_floats = model.block_activations + 2 * model.width
    # Recomputed, blocks leave their inputs, and one at a time all that it computes.
    whole, inputs = (1, passed) if config.unlearn.recompute == "on" else (passed, 0)
    blocks_keep = (whole * block_floats + inputs * model.width) * per_float
    activations = positions * (blocks_keep + len(layers) * head_floats * _SINGLE)
    position_bytes = _SINGLE * (model.embedding_width + model.width * kept)
    texts = sum(texts_read(config, position_bytes)) * config.windows.max_tokens * position_bytes
    # Scores and their exponentials, at a time when there are neither gradients nor activations.
    scores = 2 * _SINGLE * LOSS_TOKENS * model.embedding_parameters / model.width
    uses = (
        Use("Program", model.program_bytes, "Python, its libraries and this window", loaded=True),
        Use("Model", model.memory_bytes, "Weights of the language model", loaded=True),
        Use("Encoder", model.encoder_bytes, "Weights of the text encoder", loaded=True),
        *((Use("Adapters", beside, "Two small matrices beside each linear layer"),) if beside else ()),
        Use("Untouched values", untouched, f"What blocks {blocks[0]} to {deepest} were: “before” answers from them"),
        Use("Gradients", part, "One for each trained weight"),
        *([Use("Masters", masters, "Trained weights in 32 bits beside 16 bits to compute with")] if masters else []),
        Use("Optimizer", moments * part, "Two moments for each trained weight with AdamW, nothing with SGD"),
        Use("Heads", len(layers) * head * 4 * _SINGLE, "Weights, gradients and two moments of each head"),
        Use("Activations", activations, "What the largest step keeps for its backward pass"),
        Use(
            "Questions",
            max(0.0, scores - part - activations),
            "What scores over the whole vocabulary take more than gradients and activations",
        ),
    )
    return Estimate(uses, len(config.rounds) * part, texts)


def run_seconds(config: RunConfig, paces: Paces) -> float | None:
    """Seconds of all rounds of a settled config; None where a pace is not known. A goal or guard may end it before."""
    costs = [paces.cost(stage) for stage in planned_stages(config)]
    if None in costs:
        return None
    return sum(cost for cost in costs if cost is not None) + len(config.rounds) * (paces.of("between") or 0.0)
