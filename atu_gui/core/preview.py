"""What a concept's embedding catches before a run: similarities of texts at hand, and names that may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PreviewGroup = Literal["concept", "neighbour", "question", "other"]
# In the order of the screen.
GROUPS: dict[PreviewGroup, str] = {
    "concept": "About the concept",
    "neighbour": "Neighbours",
    "question": "Questions",
    "other": "Other text",
}


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One text and how close it comes to the concept.

    Attributes:
        group: What kind of text it is.
        text: The text as it stands in its source.
        similarities: Cosine of each of its windows to the concept's embedding, highest first; at least one.
        note: What else is known of it, such as "forget question".
    """

    group: PreviewGroup
    text: str
    similarities: tuple[float, ...]
    note: str = ""

    @property
    def similarity(self) -> float:
        """That of the closest window: unlearning pushes position by position."""
        return self.similarities[0]

    def above(self, tau: float) -> int:
        """How many windows lie above τ, where a perfect head would be pushed."""
        return sum(value > tau for value in self.similarities)


@dataclass(frozen=True, slots=True)
class AliasSuggestion:
    """A name that may name the concept too, its cosine to the concept's name, and why it is suggested."""

    name: str
    similarity: float
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found about one concept.

    Attributes:
        concept: Its name.
        embedding: How it is embedded, in words.
        lines: Texts, by group and closest first.
        suggestions: Names, closest first.
        dropped: Names that were found but name a neighbour too.
        notes: Remarks for the user, such as a file that cannot be read.
    """

    concept: str
    embedding: str
    lines: tuple[PreviewLine, ...]
    suggestions: tuple[AliasSuggestion, ...] = ()
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, group: PreviewGroup) -> tuple[PreviewLine, ...]:
        """The lines of one group."""
        return tuple(line for line in self.lines if line.group == group)
