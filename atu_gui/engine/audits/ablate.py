"""Direction ablation: whether one direction in the hidden states does all of the hiding.

The mean change that unlearning made at a hook layer is a direction d. Along it every state is put back to where the
untouched model has its mean, h ← h − d (d·h − d·m); all else of h stays. Removing the component altogether, as is done
for refusal directions (Arditi et al., arXiv 2406.11717), would also remove what the untouched model has there.
Letters: b batch, s position, d model width.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event, Progress
from atu_gui.engine.audits.asking import Subject, ask
from atu_gui.engine.corpus import pad_id_of
from atu_gui.engine.inputs import draw
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.truncate import hidden_at

_TEXTS = 48
_BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """A unit vector [d] and where the untouched model's mean lies along it; `size` is the length of the mean change."""

    vector: Tensor
    place: float
    size: float


def ablate(subject: Subject) -> Generator[Event, None, None]:
    """Find the direction on the texts about the concept, undo it at every hook layer, and ask again.

    Raises:
        Cancelled: The user ended it.
    """
    layers = subject.config.layers
    means = []
    for round_ in (0, subject.round):
        with subject.snapshots.applied(round_):
            means.append((yield from _means(subject, layers)))
    directions = {layer: direction(means[0][layer], means[1][layer]) for layer in layers}
    probes = subject.all_probes()
    replies = []
    for round_, whose in ((0, "untouched"), (subject.round, "round")):
        with subject.snapshots.applied(round_), put_back(subject.lm, directions):
            replies.append((yield from ask(subject, probes, f"Direction undone, {whose}")))
    comebacks, answers = yield from subject.compared(probes, replies[1], replies[0])
    shares = ", ".join(
        f"{100 * one.size / float(means[0][layer].norm()):.1f} % at layer {layer}" for layer, one in directions.items()
    )
    note = f"Length of the mean change, of the mean state: {shares}."
    named = ", ".join(map(str, layers))
    yield subject.found("ablate", f"layer {named}", comebacks, answers, note=note)


def direction(before: Tensor, after: Tensor) -> Direction:
    """The direction from one mean state [d] to another."""
    change = after - before
    size = float(change.norm())
    vector = change / max(size, torch.finfo(change.dtype).tiny)
    return Direction(vector, float(vector @ before), size)


@contextlib.contextmanager
def put_back(lm: LanguageModel, directions: Mapping[int, Direction]) -> Iterator[None]:
    """Within the block every state after these blocks has the untouched mean along its direction."""
    handles = [lm.blocks[layer - 1].register_forward_hook(_changer(one)) for layer, one in directions.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _changer(one: Direction) -> Any:
    def change(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        states = output[0] if isinstance(output, tuple) else output
        vector = one.vector.to(states.dtype)
        states = states - ((states @ vector) - one.place)[..., None] * vector
        return (states, *output[1:]) if isinstance(output, tuple) else states

    return change


@torch.inference_mode()
def _means(subject: Subject, layers: list[int]) -> Generator[Event, None, dict[int, Tensor]]:
    """Mean state over all positions but the first of the texts about the concept, for each layer [d], float32."""
    lm, settings = subject.lm, subject.settings
    texts = draw(subject.materials.concept_passages, _TEXTS, settings.seed, "ablate")
    totals = {layer: torch.zeros(lm.width, device=lm.device) for layer in layers}
    count = 0
    for start in range(0, len(texts), _BATCH):
        if subject.cancelled():
            raise Cancelled
        part = texts[start : start + _BATCH]
        rows = [list(lm.tokenizer(one.text, verbose=False)["input_ids"])[: settings.max_tokens] for one in part]
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[pad_id_of(lm)] * (width - len(row))] for row in rows], device=lm.device)
        real = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=lm.device)
        with _block_outputs(lm, layers) as states:
            hidden_at(lm, [max(layers)], ids, real)
            # The first position's state is huge and the same whatever the text says.
            counted = real[:, 1:, None]
            for layer in layers:
                totals[layer] += (states[layer][:, 1:].float() * counted).sum((0, 1))
            count += int(counted.sum())
        yield Progress("audit", "Reading texts", start + len(part), len(texts), "passages")
    return {layer: total / max(1, count) for layer, total in totals.items()}


@contextlib.contextmanager
def _block_outputs(lm: LanguageModel, layers: list[int]) -> Iterator[dict[int, Tensor]]:
    """What these blocks put out, before any final norm."""
    states: dict[int, Tensor] = {}

    def keep(layer: int) -> Any:
        def take(_module: nn.Module, _inputs: Any, output: Any) -> None:
            states[layer] = output[0] if isinstance(output, tuple) else output

        return take

    handles = [lm.blocks[layer - 1].register_forward_hook(keep(layer)) for layer in layers]
    try:
        yield states
    finally:
        for handle in handles:
            handle.remove()
