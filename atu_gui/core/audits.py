"""What an audit is: ways to look for what a round only hides, each with its words, and their settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AuditKind = Literal["quantize", "relearn", "prompts", "lens", "probe", "ablate"]


@dataclass(frozen=True, slots=True)
class AuditWords:
    """How an audit is called on screen, and what it does."""

    title: str
    sentence: str


AUDITS: dict[AuditKind, AuditWords] = {
    "quantize": AuditWords("Quantisation", "Round the weights to few bits and ask again."),
    "relearn": AuditWords("Relearning", "Train a few steps on texts, or on half of the facts, and ask again."),
    "prompts": AuditWords("Prompts", "Put solved examples or a persuasive beginning before each question."),
    "lens": AuditWords("Logit lens", "Look for the gold answer's first token at every layer."),
    "probe": AuditWords("Linear probe", "Learn anew at every layer to tell texts about the concept from others."),
    "ablate": AuditWords("Direction ablation", "Undo the mean change of the hidden states at the hook layers."),
}


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """Settings of all audits.

    Attributes:
        steps: Relearning steps.
        learning_rate: Of relearning (AdamW, no weight decay).
        texts: Passages to relearn from, at most.
        batch: Texts per relearning step.
        max_tokens: Texts are cut to this many tokens.
        shots: Solved neighbour questions in front of a question.
        limit: Forget questions, and neighbour questions, at most; 0 asks all.
        never_knew: A model that never knew the concept, as hub id or folder, to relearn beside; "" for none.
        seed: Chooses texts, halves of the facts and shuffles.
    """

    steps: int = 20
    learning_rate: float = 5e-5
    texts: int = 16
    batch: int = 8
    max_tokens: int = 96
    shots: int = 4
    limit: int = 0
    never_knew: str = ""
    seed: int = 0

    @property
    def weaker(self) -> bool:
        """Whether the attacks are weaker than by default: that they bring little back then shows little."""
        usual = AuditSettings()
        strengths = ("steps", "learning_rate", "texts", "batch", "max_tokens", "shots")
        return bool(self.limit) or any(getattr(self, name) < getattr(usual, name) for name in strengths)
