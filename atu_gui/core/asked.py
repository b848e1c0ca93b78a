"""One question asked in many ways, with what came back: kept with the run whose weights were asked."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from atu_gui.core.records import parse, restore
from atu_gui.core.rephrasing import Rephrasing


@dataclass(frozen=True, slots=True)
class Reply:
    """What one set of weights said to one way to ask.

    Attributes:
        weights: Names exactly what answered.
        answer_logprob: Mean log-probability of the gold answer's tokens, nats; None where no gold answer is known.
    """

    weights: str
    text: str
    answer_logprob: float | None


@dataclass(frozen=True, slots=True)
class AskedWay:
    """One way to ask, and the replies of all sides in their order."""

    rephrasing: Rephrasing
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, the ways in which it was asked, and when: Unix time in seconds."""

    query: str
    asked: float
    ways: tuple[AskedWay, ...]


def to_line(asked: AskedQuestion) -> str:
    """The question as one line of JSON."""
    return json.dumps(dataclasses.asdict(asked), ensure_ascii=False)


def from_line(line: str) -> AskedQuestion:
    """The question that `to_line` wrote.

    Raises:
        ValueError: It is damaged or of another version.
    """
    try:
        found = restore(AskedQuestion, parse(line))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a damaged question: {error}") from None
    if not isinstance(found, AskedQuestion):
        raise ValueError("a damaged question: no object")
    return found
