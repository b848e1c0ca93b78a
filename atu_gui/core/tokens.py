"""What the heads of a run see in a text, token by token; every look is kept with the run whose heads judged."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from atu_gui.core.records import fits, parse, restore


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


@dataclass(frozen=True, slots=True)
class TokenLook:
    """One look: a line per set of weights; `prompt` is the question that the texts answer, "" where they answer none.
    `looked` is Unix time in seconds.
    """

    prompt: str
    looked: float
    lines: tuple[TokenLine, ...]


def to_line(look: TokenLook) -> str:
    """The look as one line of JSON."""
    return json.dumps(dataclasses.asdict(look), ensure_ascii=False)


def from_line(line: str) -> TokenLook:
    """The look that `to_line` wrote.

    Raises:
        ValueError: It is damaged or of another version.
    """
    try:
        found = restore(TokenLook, parse(line))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a damaged look: {error}") from None
    if not isinstance(found, TokenLook) or not fits(TokenLook, found) or not found.lines:
        raise ValueError("a damaged look: no lines")
    if any(len(one.tokens) != len(one.similarities) for one in found.lines):
        raise ValueError("a damaged look: not a similarity for each token")
    return found
