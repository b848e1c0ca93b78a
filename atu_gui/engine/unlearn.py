"""Unlearn: fine-tune the blocks up to the hook against the frozen heads, while retain texts hold them in place.

Letters: b batch, s position, d model width, c concepts.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from atu_gui.core.config import UnlearnConfig
from atu_gui.core.errors import is_out_of_memory
from atu_gui.core.scan import trained_blocks
from atu_gui.engine.adapters import Adapters
from atu_gui.engine.corpus import Batch, Corpus, Order, pad_id_of
from atu_gui.engine.descent import clip, gradient_norm, read
from atu_gui.engine.fitting import portions
from atu_gui.engine.formats import widen
from atu_gui.engine.losses import concept_similarity, retain_loss, similarity_figures, unlearn_loss
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.optimizer_state import optimizer_tensors, restore_optimizer
from atu_gui.engine.optimizers import bytes_to_come, model_optimizer
from atu_gui.engine.setting import Setting
from atu_gui.engine.trainer_state import TrainerState


@dataclass(frozen=True, slots=True)
class UnlearnStep:
    """What an unlearn step says."""

    loss: float
    retain_loss: float | None
    similarity_mean: float
    similarity_p95: float
    active_fraction: float
    gradient_norm: float

    @property
    def finite(self) -> bool:
        """Whether loss and gradient are numbers; if not, no weight was changed."""
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


def trained_parameters(
    lm: LanguageModel, layers: list[int], config: UnlearnConfig, adapters: Adapters | None = None
) -> dict[str, nn.Parameter]:
    """The parameters a run changes, by name: all blocks up to the deepest hook layer or the last few below each hook,
    or the adapters in their place, and the embeddings if asked for."""
    numbers = [] if adapters else trained_blocks(layers, config.blocks)
    chosen = {id(parameter) for number in numbers for parameter in lm.blocks[number - 1].parameters()}
    if config.train_embeddings:
        embeddings = lm.model.get_input_embeddings()
        chosen |= {id(parameter) for parameter in embeddings.parameters()}
    named = {name: parameter for name, parameter in lm.model.named_parameters() if id(parameter) in chosen}
    return named | (adapters.parameters if adapters else {})


class Unlearner:
    """The optimizer over the model, with its own data order; one object serves all unlearn stages of a run.

    Parameters that are held in 16 bits become float32 masters; `Snapshots.restore` gives them back.
    """

    def __init__(self, setting: Setting, parameters: dict[str, nn.Parameter]) -> None:
        config = setting.config
        self._setting = setting
        self._named = parameters
        self._parameters = list(parameters.values())
        widen(self._parameters)
        rate = config.unlearn.learning_rate
        self._optimizer = model_optimizer(config.unlearn.optimizer, self._parameters, rate, setting.lm.device)
        self._concept_order = Order(len(setting.concept_train), config.seed + 201)
        self._retain_order = Order(len(setting.retain_train), config.seed + 202)
        self._updates = 0

    def step(self, tau: float, learning_rate: float, retain_weight: float, rows: int = 0) -> UnlearnStep:
        """One step at margin τ. Where loss or gradient is not finite, the weights stay as they were.

        Args:
            rows: Texts computed at once, their gradients added up; 0 is the whole batch.

        Raises:
            RuntimeError: The memory is full; weights and data order stay as they were.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        try:
            with self._order_kept():
                self._take_gradients(True)
                sums = self._backward(tau, retain_weight, rows)
                norm = gradient_norm(self._parameters)
                step = _told(sums, retain_weight, norm)
                if step.finite:
                    clip(self._parameters, self._setting.config.unlearn.clip, norm, step.gradient_norm)
                    self._optimizer.step()
                    self._updates += 1
        finally:
            self._take_gradients(False)
        return step

    def rehearse(self, count: int, recompute: bool) -> None:
        """Do what takes most memory in a step that computes so many texts at once, and let it go again.

        The texts are the longest of either kind, and all gradients are there from the beginning.

        Raises:
            RuntimeError: The memory is full.
        """
        setting = self._setting
        before = setting.recompute, setting.compiled
        # Compiled for one text and for two, blocks would take their time for forms that no step needs.
        setting.recompute, setting.compiled = recompute, None
        try:
            self._take_gradients(True)
            for parameter in self._parameters:
                parameter.grad = torch.zeros_like(parameter)
            with self._rounding_once():
                self._concept_part(_longest(setting.concept, setting.concept_train, count), 0.0, 0)
                if setting.config.unlearn.retain_weight > 0 and setting.retain_train:
                    self._retain_part(_longest(setting.retain, setting.retain_train, count), 1.0, 0)
        finally:
            self._take_gradients(False)
            setting.recompute, setting.compiled = before

    @property
    def bytes_to_come(self) -> int:
        """What the optimizer will take with its first step."""
        return bytes_to_come(self._setting.config.unlearn.optimizer, self._optimizer, self._parameters)

    def state(self) -> TrainerState:
        """Where it stands, without the tensors."""
        return TrainerState(self._updates, self._concept_order.state(), self._retain_order.state())

    def tensors(self) -> dict[str, Tensor]:
        """The trained weights and what the optimizer remembers; none before the first update."""
        if not self._updates:
            return {}
        weights = {f"weight.{name}": parameter.detach() for name, parameter in self._named.items()}
        return {**weights, **optimizer_tensors(self._optimizer)}

    def restore(self, state: TrainerState, tensors: dict[str, Tensor]) -> None:
        """Stand where another one stood, the model's weights included.

        Raises:
            KeyError: A weight is missing.
            ValueError: The tensors are of other weights.
            RuntimeError: Likewise.
        """
        self._updates = state.updates
        self._concept_order.restore(state.concept_order)
        self._retain_order.restore(state.retain_order)
        if state.updates:
            for name, parameter in self._named.items():
                parameter.data.copy_(tensors[f"weight.{name}"])
            restore_optimizer(self._optimizer, tensors)

    def _take_gradients(self, wanted: bool) -> None:
        """Let the trained parameters, and them alone, have gradients; or none, and drop what there is."""
        self._optimizer.zero_grad(set_to_none=True)
        for parameter in self._parameters:
            parameter.requires_grad_(wanted)

    def _rounding_once(self) -> contextlib.AbstractContextManager[object]:
        """Within the block autocast keeps what it has rounded of a trained weight, for all passes of a step.

        Not where the memory is short: kept are two bytes for each weight.
        """
        lm = self._setting.lm
        if self._setting.recompute:
            return contextlib.nullcontext()
        return torch.autocast(lm.device.type, dtype=lm.compute_dtype, enabled=False)

    @contextlib.contextmanager
    def _order_kept(self) -> Iterator[None]:
        """Where the block raises, the data order is what it was before."""
        orders = (self._concept_order, self._retain_order)
        before = [order.state() for order in orders]
        try:
            yield
        except BaseException:
            for order, state in zip(orders, before, strict=True):
                order.restore(state)
            raise

    def _backward(self, tau: float, retain_weight: float, rows: int) -> _Sums:
        """Add up the gradients of the whole batch; where compiled blocks fail, once more without them."""
        try:
            with self._order_kept(), self._rounding_once():
                return self._passes(tau, retain_weight, rows)
        except Exception as error:
            compiled = self._setting.compiled
            if compiled is None or compiled.failure or is_out_of_memory(error):
                raise
            compiled.give_up(error)
        self._optimizer.zero_grad(set_to_none=True)
        return self._backward(tau, retain_weight, rows)

    def _passes(self, tau: float, retain_weight: float, rows: int) -> _Sums:
        setting = self._setting
        size = setting.config.windows.batch
        concept = [setting.concept_train[index] for index in self._concept_order.take(size)]
        losses, figures = self._concept_part(concept, tau, rows)
        drifts: list[_Part] = []
        if retain_weight > 0 and setting.retain_train:
            retain = [setting.retain_train[index] for index in self._retain_order.take(size)]
            drifts = self._retain_part(retain, retain_weight, rows)
        return _Sums(losses, drifts, figures)

    def _concept_part(self, indices: list[int], tau: float, rows: int) -> tuple[list[_Part], list[Tensor]]:
        """The losses, whose gradients are added, and for each hook layer figures over the whole batch, [3]."""
        setting, corpus = self._setting, self._setting.concept
        length = corpus.length(indices)
        pad_mean = setting.config.unlearn.pad_mean
        total = len(indices) * length if pad_mean else corpus.counted(indices)
        parts = []
        similarities: dict[int, list[Tensor]] = {layer: [] for layer in setting.layers}
        for part in portions(indices, rows):
            batch = self._batch(corpus, part, length)
            states = setting.states(corpus, part, batch)
            losses = []
            for layer in setting.layers:
                similarity = concept_similarity(setting.predict(layer, states[layer]), setting.concept_vectors)
                losses.append(unlearn_loss(similarity, tau, None if pad_mean else batch.counted))
                similarities[layer].append(similarity.detach())
            share = (len(part) * length if pad_mean else corpus.counted(part)) / max(1, total)
            parts.append(_add(torch.stack(losses).mean(), share))
        places = corpus.counted_places(indices, length, setting.lm.device)
        return parts, [similarity_figures(torch.cat(seen), places, tau) for seen in similarities.values()]

    def _retain_part(self, indices: list[int], weight: float, rows: int) -> list[_Part]:
        """The drifts, whose gradients are added as often as λ says."""
        setting, corpus = self._setting, self._setting.retain
        length, total = corpus.length(indices), corpus.real(indices)
        parts = []
        for part in portions(indices, rows):
            batch = self._batch(corpus, part, length)
            states = setting.states(corpus, part, batch)
            losses = []
            for layer in setting.layers:
                untouched = corpus.untouched_states(part, layer, setting.lm.device, length)
                losses.append(retain_loss(states[layer], untouched, batch.real))
            parts.append(_add(torch.stack(losses).mean(), corpus.real(part) / total, weight))
        return parts

    def _batch(self, corpus: Corpus, indices: list[int], length: int) -> Batch:
        return corpus.batch(indices, pad_id_of(self._setting.lm), self._setting.lm.device, length=length)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The loss of some texts, a scalar on the device, and their share of the batch."""

    share: float
    loss: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """What a step computed, still on the device: losses, drifts, and figures of each hook layer, [3]."""

    losses: list[_Part]
    drifts: list[_Part]
    figures: list[Tensor]


def _longest(corpus: Corpus, indices: list[int], count: int) -> list[int]:
    """So many of the longest texts, the longest more than once where there are too few."""
    found = sorted(indices, key=lambda index: corpus.length([index]), reverse=True)[:count]
    return found + found[:1] * (count - len(found))


def _add(loss: Tensor, share: float, weight: float = 1.0) -> _Part:
    """Add the gradient of a part that has a share of the batch."""
    (weight * (loss if share == 1.0 else share * loss)).backward()
    return _Part(share, loss.detach())


def _told(sums: _Sums, retain_weight: float, norm: Tensor) -> UnlearnStep:
    """What a step says, read from the device in one transfer."""
    parts = [*sums.losses, *sums.drifts]
    figures = [figure for layer in sums.figures for figure in layer]
    numbers = iter(read([*(part.loss for part in parts), *figures, norm]))
    loss = sum(part.share * next(numbers) for part in sums.losses)
    drift = sum(part.share * next(numbers) for part in sums.drifts) if sums.drifts else None
    means, p95s, active = zip(*((next(numbers), next(numbers), next(numbers)) for _ in sums.figures), strict=True)
    return UnlearnStep(
        loss=loss if drift is None else loss + retain_weight * drift,
        retain_loss=drift,
        similarity_mean=sum(means) / len(means),
        similarity_p95=max(p95s),
        active_fraction=max(active),
        gradient_norm=next(numbers),
    )
