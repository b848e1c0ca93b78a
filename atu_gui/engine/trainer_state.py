"""What an aligner or unlearner is apart from its tensors."""

from __future__ import annotations

from dataclasses import dataclass

from atu_gui.engine.corpus import OrderState


@dataclass(frozen=True, slots=True)
class TrainerState:
    """`updates` counts how often its tensors changed: equal counts mean equal tensors."""

    updates: int
    concept_order: OrderState
    retain_order: OrderState
