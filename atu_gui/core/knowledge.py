"""What a model answers before anything is unlearned, and whether that is enough to forget and to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atu_gui.core import text

# An answer that holds at least this share of the gold words counts as known.
KNOWN = 0.5
# Under this mean recall a later one rests on an answer or two (see README, Measured).
LITTLE = 0.1


@dataclass(frozen=True, slots=True)
class Answered:
    """One question with what the untouched model says. `recall` is ROUGE-L recall, 0 to 1."""

    about: str
    query: str
    gold: str
    answer: str
    recall: float

    @property
    def known(self) -> bool:
        """Whether it counts as known."""
        return self.recall >= KNOWN


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Some questions about the concept and some about neighbours, answered.

    Attributes:
        own: Whether the model made the questions itself, so that gold answers are what it said, not what is true.
    """

    forget: tuple[Answered, ...]
    neighbour: tuple[Answered, ...]
    own: bool

    @property
    def recall(self) -> float | None:
        """Mean recall about the concept; None without questions."""
        return _mean(self.forget)

    @property
    def little(self) -> bool:
        """Whether there is next to nothing to forget."""
        return self.recall is not None and self.recall < LITTLE

    @property
    def verdict(self) -> str:
        """What follows for a run, in a sentence or two."""
        if self.recall is None:
            return "There are no questions about the concept to ask."
        known = sum(one.known for one in self.forget)
        said = f"It answers {known} of {text.count(len(self.forget), 'question')} (recall {text.number(self.recall)})."
        if not self.little:
            source = " It made them itself: this is what it says, not what is true." if self.own else ""
            return f"{said} Enough to see whether it forgets.{source}"
        better = self.better_known()
        hint = f" It knows more about {better}." if better else ""
        return f"{said} It knows almost nothing of this, so little can be forgotten or measured.{hint}"

    def better_known(self) -> str:
        """The neighbour of whom it knows most, with the figures; nothing where it knows none better."""
        groups: dict[str, list[Answered]] = {}
        for one in self.neighbour:
            if one.about:
                groups.setdefault(one.about, []).append(one)
        scored = {about: _mean(answers) or 0.0 for about, answers in groups.items()}
        best = max(scored, key=lambda about: scored[about], default="")
        if not best or scored[best] < max(KNOWN / 2, self.recall or 0.0):
            return ""
        known = sum(one.known for one in groups[best])
        return f"{best} ({known} of {len(groups[best])})"


def _mean(answers: Sequence[Answered]) -> float | None:
    return sum(one.recall for one in answers) / len(answers) if answers else None
