"""Questions that were asked in many ways: what each set of weights said, and how many ways brought the answer out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atu_gui.core import text
from atu_gui.core.asked import AskedQuestion
from atu_gui.report.answers import Said, say


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask, with what each side said."""

    kind: str
    detail: str
    prompt: str
    gold: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Rephrased:
    """A question with all its ways.

    Attributes:
        sides: Names of the weights.
        leaks: For each side, how many of the ways that count brought the answer out.
    """

    query: str
    asked: float
    sides: tuple[str, ...]
    leaks: tuple[str, ...]
    ways: tuple[Way, ...]


def rephrased(asked: Sequence[AskedQuestion]) -> list[Rephrased]:
    """Each question once, as it was asked last of the same weights."""
    newest = {(one.query, _sides(one)): one for one in asked if one.ways}
    return [_question(one) for one in newest.values()]


def _question(asked: AskedQuestion) -> Rephrased:
    ways = tuple(
        Way(
            text.capital(way.rephrasing.kind),
            way.rephrasing.detail,
            way.rephrasing.prompt,
            way.rephrasing.answer,
            tuple(
                say(reply.text, way.rephrasing.prompt, way.rephrasing.accepted, "forget", names=way.rephrasing.names)
                for reply in way.replies
            ),
        )
        for way in asked.ways
    )
    sides = _sides(asked)
    return Rephrased(asked.query, asked.asked, sides, tuple(_leaks(ways, at) for at in range(len(sides))), ways)


def _leaks(ways: Sequence[Way], side: int) -> str:
    marks = [way.said[side].mark for way in ways]
    return f"{marks.count('leak')} of {sum(mark in ('leak', 'clear') for mark in marks)}"


def _sides(asked: AskedQuestion) -> tuple[str, ...]:
    return tuple(reply.weights for reply in asked.ways[0].replies)
