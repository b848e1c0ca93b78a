"""A step of ours and the same step the published way, on one model, head and batch, ready to be taken in turn."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from atu_gui.bench.draining import finish
from atu_gui.bench.floors import FROZEN, Floor, passes, training, weights
from atu_gui.bench.published import PublishedWay
from atu_gui.bench.scratch_texts import long_texts
from atu_gui.core.config import RunConfig
from atu_gui.core.materials import Materials, Passage
from atu_gui.core.schedule import settle
from atu_gui.engine.align import Aligner
from atu_gui.engine.corpus import Batch
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import Setting, build_setting
from atu_gui.engine.unlearn import Unlearner, trained_parameters

_K = 8
# Under every cosine, so that every position takes part.
TAU = -0.99


@dataclass(frozen=True, slots=True)
class Size:
    """Texts of a batch and tokens of each."""

    batch: int = 8
    tokens: int = 128


@dataclass(frozen=True, slots=True)
class Shape:
    """A step row: which of the two steps, where, and with what head and encoder."""

    kind: str
    layer: int
    mpnet: bool = False
    head: str = "causal"
    blocks: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What every way of a step stands on.

    Attributes:
        setting: Ours: models, heads, windows, references, cached states.
        batch: All texts, in the order of the first step.
        windows: Encoder pieces of every position, 0 where the window is not full, [b, s, k].
        layer: The hook layer.
    """

    setting: Setting
    batch: Batch
    windows: Tensor
    layer: int

    @property
    def head(self) -> nn.Module:
        """Ours; it never drops at random."""
        return self.setting.heads[self.layer]

    @property
    def positions(self) -> int:
        """Of all texts."""
        return int(self.batch.real.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Both ways of one step; each takes it once and returns the loss.

    Attributes:
        published, ours: The steps.
        before: What both should begin from; called before each pair, off the clock.
        floor: What is left to do in ours.
        setting: Ours.
    """

    published: Callable[[], float]
    ours: Callable[[], float]
    before: Callable[[], object]
    floor: Floor
    setting: Setting


def make_ground(shape: Shape, lm: LanguageModel, encoder: TextEncoder, size: Size, *, compiled: bool = False) -> Ground:
    """Build windows, references, cached states and the head."""
    passages = tuple(Passage(text) for text in long_texts(size.batch, 6 * size.tokens))
    materials = Materials(concept_passages=passages)
    setting = finish(build_setting(_config(shape, size, compiled), lm, encoder, materials))
    _without_dropout(setting.heads[shape.layer])
    batch = setting.concept.batch(range(size.batch), 0, lm.device, references=True)
    windows = torch.zeros(*batch.full.shape, _K, dtype=torch.long, device=lm.device)
    rows = np.concatenate([text.windows() for text in setting.concept.texts])
    windows[batch.full] = torch.from_numpy(rows).to(lm.device).long()
    return Ground(setting, batch, windows, shape.layer)


def make_pair(shape: Shape, lm: LanguageModel, encoder: TextEncoder, size: Size, *, compiled: bool) -> Pair:
    """Build what both ways need."""
    ground = make_ground(shape, lm, encoder, size, compiled=compiled)
    setting, batch, config = ground.setting, ground.batch, ground.setting.config
    head = copy.deepcopy(ground.head)
    # With a rate of 0 an unlearn step costs the same and leaves the one model as it is for the other way.
    way = PublishedWay(lm, encoder, head, shape.layer, config.align.learning_rate, 0.0)
    mask, predicting = batch.real.long(), weights(head.parameters())
    if shape.kind == "align":
        aligner = Aligner(setting)
        return Pair(
            lambda: way.align(batch.ids, mask, ground.windows, batch.full),
            lambda: aligner.step(config.align.learning_rate, untouched=True).loss,
            # Adam turns gradients that are rounding noise into whole steps, so two trainings drift apart in a few steps
            # (by 0.008 with 6 × 768 and MPNet). Each pair therefore begins with the same weights.
            lambda: head.load_state_dict(ground.head.state_dict()),
            training(predicting, ground.positions),
            setting,
        )
    parameters = trained_parameters(lm, [shape.layer], config.unlearn)
    unlearner = Unlearner(setting, parameters)
    concept = setting.concept_vectors[0]
    return Pair(
        lambda: way.unlearn(batch.ids, mask, concept, TAU),
        lambda: unlearner.step(TAU, 0.0, 0.0).loss,
        lambda: None,
        training(weights(parameters.values()), ground.positions) + passes(FROZEN, predicting, ground.positions),
        setting,
    )


def _config(shape: Shape, size: Size, compiled: bool) -> RunConfig:
    head = {"kind": "published", "layers": 6, "width": 768, "heads": 8} if shape.head == "published" else {}
    data = {
        "concepts": [{"name": "the sea"}],
        "layers": [shape.layer],
        "head": head,
        "align": {"concept_share": 1.0, "held_out": 0.0, "learning_rate": 1e-4 if head else 1e-3},
        "unlearn": {"blocks": shape.blocks, "compile": "on" if compiled else "off"},
        "windows": {"k": _K, "max_tokens": size.tokens, "batch": size.batch},
    }
    return settle(RunConfig.model_validate(data))


def _without_dropout(head: nn.Module) -> None:
    """The published head drops at random while aligning; without that the two losses can be compared."""
    for module in head.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        elif isinstance(module, nn.MultiheadAttention):
            module.dropout = 0.0
