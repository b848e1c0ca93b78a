"""Unlearn: fine-tune the blocks up to the hook against the frozen heads, while retain texts hold them in place.

Letters: b batch, s position, d model width, c concepts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from atu_gui.core.config import UnlearnConfig
from atu_gui.core.scan import trained_blocks
from atu_gui.engine.corpus import Batch, Corpus, Order, pad_id_of
from atu_gui.engine.fitting import portions
from atu_gui.engine.losses import concept_similarity, retain_loss, similarity_figures, unlearn_loss
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.optimizer_state import optimizer_tensors, restore_optimizer
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
        return bool(torch.isfinite(torch.tensor((self.loss, self.gradient_norm))).all())


def trained_parameters(lm: LanguageModel, layers: list[int], config: UnlearnConfig) -> dict[str, nn.Parameter]:
    """The parameters a run changes, by name: all blocks up to the deepest hook layer or the last few below each hook,
    and the embeddings if asked for."""
    numbers = trained_blocks(layers, config.blocks)
    chosen = {id(parameter) for number in numbers for parameter in lm.blocks[number - 1].parameters()}
    if config.train_embeddings:
        embeddings = lm.model.get_input_embeddings()
        chosen |= {id(parameter) for parameter in embeddings.parameters()}
    return {name: parameter for name, parameter in lm.model.named_parameters() if id(parameter) in chosen}


class Unlearner:
    """The optimizer over the model, with its own data order; one object serves all unlearn stages of a run."""

    def __init__(self, setting: Setting, parameters: dict[str, nn.Parameter]) -> None:
        config = setting.config
        self._setting = setting
        self._named = parameters
        self._parameters = list(parameters.values())
        rate = config.unlearn.learning_rate
        self._optimizer: torch.optim.Optimizer
        if config.unlearn.optimizer == "sgd":
            self._optimizer = torch.optim.SGD(self._parameters, lr=rate)
        else:
            # No weight decay: it would pull weights towards 0 whether they know the concept or not.
            self._optimizer = torch.optim.AdamW(self._parameters, lr=rate, weight_decay=0.0)
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
        orders = (self._concept_order, self._retain_order)
        before = [order.state() for order in orders]
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        for parameter in self._parameters:
            parameter.requires_grad_(True)
        try:
            done = self._backward(tau, retain_weight, rows)
            norm = float(clip_grad_norm_(self._parameters, self._setting.config.unlearn.clip))
            step = UnlearnStep(*done, gradient_norm=norm)
            if step.finite:
                self._optimizer.step()
                self._updates += 1
        except BaseException:
            for order, state in zip(orders, before, strict=True):
                order.restore(state)
            raise
        finally:
            self._optimizer.zero_grad(set_to_none=True)
            for parameter in self._parameters:
                parameter.requires_grad_(False)
        return step

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

    def _backward(self, tau: float, retain_weight: float, rows: int) -> tuple[float, float | None, float, float, float]:
        setting = self._setting
        size = setting.config.windows.batch
        concept = [setting.concept_train[index] for index in self._concept_order.take(size)]
        total, figures = self._concept_part(concept, tau, rows)
        retained = None
        if retain_weight > 0 and setting.retain_train:
            retain = [setting.retain_train[index] for index in self._retain_order.take(size)]
            retained = self._retain_part(retain, retain_weight, rows)
            total += retain_weight * retained
        return total, retained, *figures

    def _concept_part(self, indices: list[int], tau: float, rows: int) -> tuple[float, tuple[float, float, float]]:
        """The loss, whose gradient is added, and figures over the whole batch."""
        setting = self._setting
        length = setting.concept.length(indices)
        whole = self._batch(setting.concept, indices, length)
        pad_mean = setting.config.unlearn.pad_mean
        total = whole.counted.numel() if pad_mean else int(whole.counted.sum())
        value = 0.0
        similarities: dict[int, list[Tensor]] = {layer: [] for layer in setting.layers}
        for part in portions(indices, rows):
            batch = self._batch(setting.concept, part, length)
            states = setting.states(setting.concept, part, batch)
            losses = []
            for layer in setting.layers:
                similarity = concept_similarity(setting.heads[layer](states[layer].float()), setting.concept_vectors)
                losses.append(unlearn_loss(similarity, tau, None if pad_mean else batch.counted))
                similarities[layer].append(similarity.detach())
            share = (batch.counted.numel() if pad_mean else int(batch.counted.sum())) / max(1, total)
            value += _add(torch.stack(losses).mean(), share)
        seen = [similarity_figures(torch.cat(parts), whole.counted, tau) for parts in similarities.values()]
        figures = (
            sum(item[0] for item in seen) / len(seen),
            max(item[1] for item in seen),
            max(item[2] or 0.0 for item in seen),
        )
        return value, figures

    def _retain_part(self, indices: list[int], weight: float, rows: int) -> float:
        """The drift, whose gradient is added as often as λ says."""
        setting = self._setting
        length = setting.retain.length(indices)
        total = int(self._batch(setting.retain, indices, length).real.sum())
        value = 0.0
        for part in portions(indices, rows):
            batch = self._batch(setting.retain, part, length)
            states = setting.states(setting.retain, part, batch)
            losses = []
            for layer in setting.layers:
                untouched = setting.retain.untouched_states(part, layer, setting.lm.device, length)
                losses.append(retain_loss(states[layer], untouched, batch.real))
            value += _add(torch.stack(losses).mean(), int(batch.real.sum()) / total, weight)
        return value

    def _batch(self, corpus: Corpus, indices: list[int], length: int) -> Batch:
        return corpus.batch(indices, pad_id_of(self._setting.lm), self._setting.lm.device, length=length)


def _add(loss: Tensor, share: float, weight: float = 1.0) -> float:
    """Add the gradient of a part that has a share of the batch; its part of the loss."""
    (weight * (loss if share == 1.0 else share * loss)).backward()
    return share * float(loss.detach())
