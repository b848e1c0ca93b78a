"""What the heads of a run see in a text, token by token."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A text as one set of weights reads it.

    Attributes:
        weights: Names exactly what read it.
        head_round: The round whose heads predicted.
        tau: The τ that was applied last in that round.
        tokens: The pieces of the text, in order.
        similarities: For each, the similarity to the concept of what is predicted to come after it: the largest over
            concepts, the mean over hook layers.
        cut: Whether the text was too long and only its beginning was read.
    """

    weights: str
    head_round: int
    tau: float
    tokens: tuple[str, ...]
    similarities: tuple[float, ...]
    cut: bool = False

    @property
    def above(self) -> int:
        """How many tokens lie above τ."""
        return sum(value > self.tau for value in self.similarities)
