"""What is drawn with one dot per round: scores, what the guards hold them against, and what forgetting costs.

Scores are those of test questions, in records without sides those of all.
"""

from __future__ import annotations

from dataclasses import dataclass

from atu_gui.core.events import Interval
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.run_curves import RunCurves


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal, floor or limit: a word and its value."""

    word: str
    value: float


@dataclass(frozen=True, slots=True)
class RoundDot:
    """A round on the frontier; 0 is the untouched model. `rejected`: a guard found it too costly."""

    round: int
    forget: float
    loss: float
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class RoundMarks:
    """The scores of a run by round.

    Attributes:
        recall_limits: Goal and floor, where they are set: shares of the untouched model's score.
        loss_limits: The limit of the token loss.
        dots: Of all rounds that have both a forget recall and a token loss.
    """

    forget: dict[int, Interval]
    neighbour: dict[int, Interval]
    loss: dict[int, Interval]
    recall_limits: tuple[Limit, ...]
    loss_limits: tuple[Limit, ...]
    dots: tuple[RoundDot, ...]

    @classmethod
    def of(cls, run: RunCurves, guards: GuardConfig) -> RoundMarks:
        """Sort the rounds of a run."""
        forget = _scores({one.round: one.recall("forget", "test") for one in run.rounds})
        neighbour = _scores({one.round: one.recall("neighbour", "test") for one in run.rounds})
        loss = _scores({one.round: one.token_loss for one in run.rounds})
        goal = _limit("goal", guards.forget_goal, forget.get(0))
        floor = _limit("floor", guards.neighbour_floor, neighbour.get(0))
        dots = (
            RoundDot(number, forget[number].mean, loss[number].mean, number in run.rejected)
            for number in sorted(forget.keys() & loss.keys())
        )
        limit = _limit("limit", guards.utility_limit, loss.get(0))
        return cls(forget, neighbour, loss, goal + floor, limit, tuple(dots))


def _scores(values: dict[int, Interval | None]) -> dict[int, Interval]:
    return {number: value for number, value in values.items() if value is not None}


def _limit(word: str, share: float | None, untouched: Interval | None) -> tuple[Limit, ...]:
    return () if share is None or untouched is None else (Limit(word, share * untouched.mean),)
