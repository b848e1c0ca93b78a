"""Ways of doing a step between the published one and ours, each of them one change, and what each has to do, counted.

Rates are 0, so that a step costs what it costs and leaves every weight as it is for the next way.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from atu_gui.bench.floors import FORWARD, FROZEN, TRAINED, Floor, passes, weights
from atu_gui.bench.pairs import TAU, Ground
from atu_gui.engine.compiling import CompiledBlocks
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.truncate import Prefix, hidden_at

Optimizer = Literal["sgd", "adamw", "adamw in batches", "adamw in one pass"]
Step = Callable[[], float]

# Bytes for each trained weight in float32. Each has a gradient, which is written, read for the norm, and read and
# written where it is clipped. SGD reads gradient and weight and writes this. AdamW, operation by operation, reads and
# writes its moments, the root, the quotient and the weight in turn; in one pass it touches each of them once.
_GRADIENT = 16
_UPDATE: dict[Optimizer, int] = {"sgd": 12, "adamw": 72, "adamw in batches": 72, "adamw in one pass": 28}
# How often attention that writes its scores down passes over them: 8 times forward, 9 times backward.
_SCORES = 17


@dataclass(frozen=True, slots=True)
class Way:
    """How a step is done. As it stands, the published way.

    Attributes:
        logits: The LM head runs.
        above: Blocks above the hook run.
        encoded: Windows that the encoder sees: that of every position, every distinct one, or none as all are known.
        states: Hidden states at the hook are computed; else they are known.
        embeddings: All weights that a gradient reaches are trained, the embeddings among them; else blocks only.
        blocks: How many blocks below the hook are trained; None: all.
        prefix: What the blocks below those say is computed; else it is known.
        optimizer: Of an unlearn step.
        attention: As transformers names it.
        recompute: Blocks keep only their inputs for the backward pass.
        half: Matrices are multiplied in bfloat16.
        compiled: Blocks are compiled.
    """

    logits: bool = True
    above: bool = True
    encoded: Literal["every", "distinct", "none"] = "every"
    states: bool = True
    embeddings: bool = True
    blocks: int | None = None
    prefix: bool = True
    optimizer: Optimizer = "sgd"
    attention: Literal["sdpa", "eager"] = "sdpa"
    recompute: bool = False
    half: bool = False
    compiled: bool = False


def align_step(way: Way, ground: Ground, encoder: TextEncoder) -> Step:
    """An align step done this way; returns its loss."""
    lm, layer, batch = ground.setting.lm, ground.layer, ground.batch
    head = copy.deepcopy(ground.head).train().requires_grad_(True)
    adam = torch.optim.Adam(head.parameters(), lr=0.0)
    with torch.no_grad():
        known = None if way.states else hidden_at(lm, [layer], batch.ids, batch.real.long())[layer].float()

    def step() -> float:
        with torch.no_grad():
            states = _hidden(way, lm, layer, ground) if known is None else known
            references = batch.references if way.encoded == "none" else _encoded(way, encoder, ground.windows)
        assert references is not None
        cosine = functional.cosine_similarity(head(states), references, dim=-1)
        loss = -(cosine * batch.full).sum() / batch.full.sum()
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        adam.step()
        return float(loss.detach())

    return step


def unlearn_step(way: Way, ground: Ground) -> Step:
    """An unlearn step done this way; returns its loss."""
    lm, layer, batch = ground.setting.lm, ground.layer, ground.batch
    head = copy.deepcopy(ground.head).eval().requires_grad_(False)
    trained = list(lm.model.parameters())
    if not way.embeddings:
        trained = [weight for block in _trained(way, lm, layer) for weight in block.parameters()]
    optimizer = _optimizer(way.optimizer, trained)
    if way.half:
        lm = replace(lm, compute_dtype=torch.bfloat16)
    compiled = CompiledBlocks() if way.compiled else None
    lowest = layer if way.blocks is None else layer - way.blocks
    prefix = None
    if not way.prefix:
        with torch.no_grad():
            prefix = Prefix(lowest, hidden_at(lm, [lowest], batch.ids, batch.real.long())[lowest])

    def step() -> float:
        for weight in trained:
            weight.requires_grad_(True)
        try:
            with _attending(lm, way.attention):
                predictions = head(_hidden(way, lm, layer, ground, prefix, compiled))
                similarity = functional.cosine_similarity(predictions, ground.setting.concept_vectors[0], dim=-1)
                loss = functional.relu(similarity - TAU).mean()
                loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()
        finally:
            for weight in trained:
                weight.requires_grad_(False)
        if compiled is not None and compiled.failure:
            raise RuntimeError(compiled.failure)
        return float(loss.detach())

    return step


def align_work(way: Way, ground: Ground, encoder: TextEncoder) -> Floor:
    """What there is to do in such an align step."""
    head = weights(ground.head.parameters())
    work = passes(TRAINED, head, ground.positions) + Floor(traffic=float(head * (_GRADIENT + _UPDATE["adamw"])))
    if way.states:
        work += _forward(way, ground, below=FORWARD)
    count = {"every": ground.windows.flatten(0, 1).shape[0], "distinct": _distinct(ground.windows)[0].shape[0]}
    pieces = count.get(way.encoded, 0) * ground.windows.shape[-1]
    return work + passes(FORWARD, _products(encoder.model), pieces)


def unlearn_work(way: Way, ground: Ground) -> Floor:
    """What there is to do in such an unlearn step."""
    lm, layer, positions = ground.setting.lm, ground.layer, ground.positions
    blocks = weights(weight for block in _trained(way, lm, layer) for weight in block.parameters())
    lower = weights(weight for block in lm.blocks[:layer] for weight in block.parameters()) - blocks
    work = passes(TRAINED + FORWARD * way.recompute, blocks, positions)
    work += passes(FORWARD * way.prefix, lower, positions)
    work += passes(FROZEN, weights(ground.head.parameters()), positions) + _forward(way, ground, below=0)
    embeddings = weights(lm.model.get_input_embeddings().parameters()) if way.embeddings else 0
    work += Floor(traffic=float((blocks + embeddings) * (_GRADIENT + _UPDATE[way.optimizer])))
    if way.attention == "eager":
        batch, length = ground.batch.ids.shape
        scores = 4.0 * batch * lm.model.config.num_attention_heads * length * length
        work += Floor(traffic=_SCORES * scores * layer)
    return work


def _forward(way: Way, ground: Ground, below: int) -> Floor:
    """Passes through blocks above the hook and the LM head, where they run, and with `below` through those below."""
    lm, layer = ground.setting.lm, ground.layer
    work = passes(below, weights(weight for block in lm.blocks[:layer] for weight in block.parameters()), 1)
    if way.above:
        work += passes(FORWARD, weights(weight for block in lm.blocks[layer:] for weight in block.parameters()), 1)
    if way.logits:
        work += passes(FORWARD, weights(lm.model.get_output_embeddings().parameters()), 1)
    return work * ground.positions


def _trained(way: Way, lm: LanguageModel, layer: int) -> nn.ModuleList:
    return lm.blocks[0 if way.blocks is None else layer - way.blocks : layer]


def _products(model: nn.Module) -> int:
    """Weights of linear layers; pooling, which one position of a window in many goes through, is not counted."""
    named = model.named_modules()
    return sum(one.weight.numel() for name, one in named if isinstance(one, nn.Linear) and "pooler" not in name)


def _hidden(
    way: Way,
    lm: LanguageModel,
    layer: int,
    ground: Ground,
    prefix: Prefix | None = None,
    compiled: CompiledBlocks | None = None,
) -> Tensor:
    ids, mask = ground.batch.ids, ground.batch.real.long()
    if not way.above:
        return hidden_at(lm, [layer], ids, mask, prefix, recompute=way.recompute, compiled=compiled)[layer].float()
    model: Any = lm.model if way.logits else lm.base
    with lm.autocast():
        output = model(input_ids=ids, attention_mask=mask, output_hidden_states=True, use_cache=False)
    states: Tensor = output.hidden_states[layer].float()
    return states


def _encoded(way: Way, encoder: TextEncoder, windows: Tensor) -> Tensor:
    """The reference embedding of every position, [b, s, e]."""
    rows, places = _distinct(windows) if way.encoded == "distinct" else (windows.flatten(0, 1), None)
    model: Any = encoder.model
    found: Tensor = model(input_ids=rows, attention_mask=torch.ones_like(rows)).last_hidden_state.mean(1)
    return (found if places is None else found[places]).view(*windows.shape[:2], -1)


def _distinct(windows: Tensor) -> tuple[Tensor, Tensor]:
    """Every different window once, [n, k], and which of them each position has, [b · s]."""
    rows, places = torch.unique(windows.flatten(0, 1), dim=0, return_inverse=True)
    return rows, places


def _optimizer(name: Optimizer, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=0.0)
    together, fused = name == "adamw in batches", name == "adamw in one pass"
    return torch.optim.AdamW(parameters, lr=0.0, weight_decay=0.0, foreach=together, fused=fused)


@contextlib.contextmanager
def _attending(lm: LanguageModel, kind: str) -> Iterator[None]:
    """Within the block the model computes its attention so."""
    model: Any = lm.model
    before = model.config._attn_implementation
    if kind == before:
        yield
        return
    model.set_attn_implementation(kind)
    try:
        yield
    finally:
        model.set_attn_implementation(before)
