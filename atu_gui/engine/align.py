"""Align: train the heads to predict the embedding of the next words, model and encoder frozen.

Letters: b batch, s position, d model width, e embedding width, c concepts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from atu_gui.core.histogram import BINS
from atu_gui.core.reading import align_rows
from atu_gui.engine.corpus import Batch, Corpus, Order, pad_id_of
from atu_gui.engine.descent import clip, gradient_norm, read
from atu_gui.engine.fitting import portions
from atu_gui.engine.losses import align_loss, concept_similarity, similarity_figures
from atu_gui.engine.optimizer_state import optimizer_tensors, restore_optimizer
from atu_gui.engine.optimizers import head_optimizer
from atu_gui.engine.setting import Setting
from atu_gui.engine.trainer_state import TrainerState

# Held-out texts measured at most, of either kind; enough for two digits, cheap enough for every round.
MEASURED = 24
# Numbers that `similarity_figures` gives for each layer.
_FIGURES = 3


@dataclass(frozen=True, slots=True)
class AlignStep:
    """What an align step says."""

    loss: float
    cosine: float
    gradient_norm: float
    similarity_mean: float
    similarity_p95: float


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What the heads see on held-out texts.

    Attributes:
        cosine: Mean cosine of predictions to reference embeddings over full windows.
        concept_similarity: Largest similarity to a concept at every counted position of concept texts, [n].
        retain_similarity: The same on retain texts, [m].
    """

    cosine: float
    concept_similarity: Tensor
    retain_similarity: Tensor

    def histograms(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Both similarities as counts in the bins of `core.histogram`."""
        return counted(self.concept_similarity), counted(self.retain_similarity)


class Aligner:
    """Adam over the heads, with its own data order; one object serves all align stages of a run."""

    def __init__(self, setting: Setting) -> None:
        config = setting.config
        self._setting = setting
        self._parameters = [parameter for head in setting.heads.values() for parameter in head.parameters()]
        self._optimizer = head_optimizer(self._parameters, config.align.learning_rate, setting.lm.device)
        self._from_concept, self._from_retain = align_rows(config, retain=bool(setting.retain_train))
        self._concept_order = Order(len(setting.concept_train), config.seed + 101)
        self._retain_order = Order(len(setting.retain_train), config.seed + 102)
        self._updates = 0

    def step(self, learning_rate: float, rows: int = 0, *, untouched: bool) -> AlignStep:
        """One step. `untouched` says that the model has not been changed yet, so that cached states serve.

        Args:
            rows: Texts computed at once, their gradients added up; 0 is the whole batch.

        Raises:
            RuntimeError: The memory is full; heads and data order stay as they were.
        """
        orders = (self._concept_order, self._retain_order)
        before = [order.state() for order in orders]
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.zero_grad(set_to_none=True)
        try:
            losses, figures = self._backward(untouched, rows)
            norm = gradient_norm(self._parameters)
            numbers = read([*losses, *(figure for layer in figures for figure in layer), norm])
            clip(self._parameters, self._setting.config.align.clip, norm, numbers[-1])
            self._optimizer.step()
        except BaseException:
            self._optimizer.zero_grad(set_to_none=True)
            for order, state in zip(orders, before, strict=True):
                order.restore(state)
            raise
        self._updates += 1
        value, seen = sum(numbers[: len(losses)]), numbers[len(losses) : -1]
        means, p95s = seen[::_FIGURES], seen[1::_FIGURES]
        return AlignStep(value, -value, numbers[-1], sum(means) / len(means), max(p95s))

    def _backward(self, untouched: bool, rows: int) -> tuple[list[Tensor], list[Tensor]]:
        """Losses that add up to the whole, whose gradients are added, and figures of the similarity under each head,
        all on the device."""
        setting = self._setting
        parts = [(setting.concept, [setting.concept_train[i] for i in self._concept_order.take(self._from_concept)])]
        if self._from_retain:
            taken = [setting.retain_train[i] for i in self._retain_order.take(self._from_retain)]
            parts.append((setting.retain, taken))
        total = max(1, len(setting.layers) * sum(corpus.full(indices) for corpus, indices in parts))
        small = [
            (corpus, part, corpus.length(indices)) for corpus, indices in parts for part in portions(indices, rows)
        ]
        similarities: dict[int, list[Tensor]] = {layer: [] for layer in setting.layers}
        values = []
        with _training(setting.heads):
            # A whole batch is one graph with one backward pass.
            for group in [[one] for one in small] if rows else [small]:
                losses = []
                for corpus, indices, length in group:
                    batch = _batch(setting, corpus, indices, length)
                    for layer, states in states_of(setting, corpus, indices, batch, untouched=untouched).items():
                        predictions = setting.predict(layer, states)
                        assert batch.references is not None
                        losses.append(align_loss(predictions, batch.references, batch.full) * batch.full.sum())
                        if corpus is setting.concept:
                            similarity = concept_similarity(predictions.detach(), setting.concept_vectors)
                            similarities[layer].append(similarity)
                loss = torch.stack(losses).sum() / total
                loss.backward()
                values.append(loss.detach())
        concept = parts[0][1]
        places = setting.concept.counted_places(concept, setting.concept.length(concept), setting.lm.device)
        # There is no τ yet: nothing lies above 1.
        return values, [similarity_figures(torch.cat(seen), places, 1.0) for seen in similarities.values()]

    def state(self) -> TrainerState:
        """Where it stands, without the tensors."""
        return TrainerState(self._updates, self._concept_order.state(), self._retain_order.state())

    def tensors(self) -> dict[str, Tensor]:
        """The heads and what the optimizer remembers."""
        heads = {
            f"head.{layer}.{name}": value
            for layer, head in self._setting.heads.items()
            for name, value in head.state_dict().items()
        }
        return {**heads, **optimizer_tensors(self._optimizer)}

    def restore(self, state: TrainerState, tensors: dict[str, Tensor]) -> None:
        """Stand where another one stood, heads included.

        Raises:
            ValueError: The tensors are of other heads.
            RuntimeError: Likewise.
        """
        self._updates = state.updates
        self._concept_order.restore(state.concept_order)
        self._retain_order.restore(state.retain_order)
        for layer, head in self._setting.heads.items():
            prefix = f"head.{layer}."
            own = {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
            head.load_state_dict(own)
        restore_optimizer(self._optimizer, tensors)


@torch.inference_mode()
def look(setting: Setting, *, untouched: bool) -> Sight:
    """Measure the heads on held-out texts (on training texts where none are held out)."""
    cosines: list[Tensor] = []
    seen: list[list[Tensor]] = [[], []]
    kinds = (
        (setting.concept, setting.concept_held or setting.concept_train),
        (setting.retain, setting.retain_held or setting.retain_train),
    )
    size = setting.config.windows.batch
    for kind, (corpus, indices) in enumerate(kinds):
        measured = indices[:MEASURED]
        for start in range(0, len(measured), size):
            part = measured[start : start + size]
            batch = _batch(setting, corpus, part)
            for layer, states in states_of(setting, corpus, part, batch, untouched=untouched).items():
                predictions = setting.predict(layer, states)
                assert batch.references is not None
                cosine = nn.functional.cosine_similarity(predictions, batch.references, dim=-1)
                cosines.append(cosine[batch.full])
                similarity = concept_similarity(predictions, setting.concept_vectors).amax(-1)
                seen[kind].append(similarity[batch.counted])
    empty = torch.empty(0)
    return Sight(
        cosine=float(torch.cat(cosines).mean()) if cosines else 0.0,
        concept_similarity=torch.cat(seen[0]).float().cpu() if seen[0] else empty,
        retain_similarity=torch.cat(seen[1]).float().cpu() if seen[1] else empty,
    )


def counted(values: Tensor) -> tuple[int, ...]:
    """Cosines, [n], as counts in the bins of `core.histogram`; rounding beyond −1 or 1 falls into the outer bins."""
    bins = ((values.double() + 1.0) * (BINS / 2)).floor().long().clamp(0, BINS - 1)
    return tuple(torch.bincount(bins, minlength=BINS).tolist())


def states_of(
    setting: Setting, corpus: Corpus, indices: list[int], batch: Batch, *, untouched: bool
) -> dict[int, Tensor]:
    """Hidden states at every hook layer, [b, s, d] each, float32, without gradient: cached while they are constant."""
    if untouched:
        length = batch.ids.shape[1]
        device = setting.lm.device
        states = {layer: corpus.untouched_states(indices, layer, device, length) for layer in setting.layers}
    else:
        with torch.no_grad():
            states = setting.states(corpus, indices, batch)
    return {layer: value.float() for layer, value in states.items()}


def _batch(setting: Setting, corpus: Corpus, indices: list[int], length: int = 0) -> Batch:
    return corpus.batch(indices, pad_id_of(setting.lm), setting.lm.device, references=True, length=length)


@contextlib.contextmanager
def _training(heads: dict[int, nn.Module]) -> Iterator[None]:
    for head in heads.values():
        head.train().requires_grad_(True)
    try:
        yield
    finally:
        for head in heads.values():
            head.eval().requires_grad_(False)
