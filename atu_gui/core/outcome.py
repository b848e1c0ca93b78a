"""What a run came to: what is forgotten, what still leaks and what got worse, with intervals and raw answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.events import Event, Interval, ItemAnswered, RoundScored, RunFinished, RunStarted
from atu_gui.core.leaks import Span, judge
from atu_gui.core.paired import Difference, paired_difference

# “Try a lower τ”: so many more rounds, each lower by this than the one before.
_MORE_ROUNDS = 4
_LOWER_BY = 0.03
_LEAST_TAU = -0.9

_Pair = tuple[ItemAnswered, ItemAnswered]


@dataclass(frozen=True, slots=True)
class Answers:
    """One question before and after; `spans` is where the gold answer stands in the answer after."""

    query: str
    gold: str
    before: str
    after: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """A score of the untouched model and of the round; the paired difference where items are known one by one."""

    before: Interval | None = None
    after: Interval | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is shown at the end of a run.

    Attributes:
        kept: The round that is kept; 0 where none was good.
        round: The round that is judged: the kept one, or the last one that was scored.
        tau: τ of that round.
        forgotten: Forget questions whose answer held the gold answer before and does not now.
        leaking: Forget questions whose answer still holds it.
        lost: Neighbour questions whose answer held it before and does not now.
        asked: How many forget questions were judged.
        told: How many were not, because the question contains its answer.
    """

    run_id: str
    title: str
    stopped_because: str
    seconds: float
    kept: int
    round: int
    tau: float | None
    forget: Score
    neighbour: Score
    token_loss: Score
    fluency: Score
    forgotten: tuple[Answers, ...]
    leaking: tuple[Answers, ...]
    lost: tuple[Answers, ...]
    asked: int
    told: int

    @classmethod
    def of(cls, events: Iterable[Event]) -> Outcome | None:
        """From all that a run said; None where it has no end, or nothing was scored after the untouched model."""
        said = tuple(events)
        start = next((event for event in said if isinstance(event, RunStarted)), None)
        end = next((event for event in said if isinstance(event, RunFinished)), None)
        rounds = {event.round: event for event in said if isinstance(event, RoundScored)}
        if start is None or end is None or 0 not in rounds or len(rounds) < 2:
            return None
        number = end.best_round if end.best_round and end.best_round in rounds else max(rounds)
        before, after = rounds[0], rounds[number]
        pairs = _pairs(said, number)
        forget = [pair for pair in pairs if pair[0].group == "forget"]
        near = [pair for pair in pairs if pair[0].group == "neighbour"]
        judged = [pair for pair in forget if _leaks(pair[1]) is not None]
        return cls(
            run_id=start.run_id,
            title=start.title,
            stopped_because=end.stopped_because,
            seconds=end.seconds,
            kept=end.best_round,
            round=number,
            tau=after.tau,
            forget=Score(before.forget_recall, after.forget_recall, _difference(forget)),
            neighbour=Score(before.neighbour_recall, after.neighbour_recall, _difference(near)),
            token_loss=Score(before.token_loss, after.token_loss),
            fluency=Score(before.fluency_entropy, after.fluency_entropy),
            forgotten=tuple(_answers(pair) for pair in judged if _leaks(pair[0]) and not _leaks(pair[1])),
            leaking=tuple(_answers(pair) for pair in judged if _leaks(pair[1])),
            lost=tuple(_answers(pair) for pair in near if _leaks(pair[0]) and _leaks(pair[1]) is False),
            asked=len(judged),
            told=len(forget) - len(judged),
        )


def lower_tau(config: RunConfig, tau: float) -> RunConfig:
    """The settings of a run that goes on below τ: a few more rounds like the last one, each a little lower, and half
    the forget goal, so that the goal that was reached does not end it at once."""
    last = config.rounds[-1]
    rounds = [
        RoundPlan(
            align_steps=last.align_steps,
            unlearn_steps=last.unlearn_steps,
            tau=round(max(tau - _LOWER_BY * number, _LEAST_TAU), 3),
        )
        for number in range(1, _MORE_ROUNDS + 1)
    ]
    goal = config.guards.forget_goal
    guards = config.guards.model_copy(update={"forget_goal": None if goal is None else goal / 2})
    return config.model_copy(update={"rounds": rounds, "schedule": "custom", "guards": guards})


def _pairs(events: Sequence[Event], number: int) -> list[_Pair]:
    """Every question's answer by the untouched model and after a round."""
    items = [event for event in events if isinstance(event, ItemAnswered)]
    before = {item.probe_id: item for item in items if item.round == 0}
    return [(before[item.probe_id], item) for item in items if item.round == number and item.probe_id in before]


def _leaks(item: ItemAnswered) -> bool | None:
    """Whether the answer holds the gold answer; None where the question does already."""
    verdict = judge(item.answer, item.query, (item.gold,)).verdict
    return None if verdict in ("told", "unknown") else verdict == "leak"


def _answers(pair: _Pair) -> Answers:
    before, after = pair
    spans = judge(after.answer, after.query, (after.gold,)).spans
    return Answers(after.query, after.gold, before.answer, after.answer, spans)


def _difference(pairs: Sequence[_Pair]) -> Difference | None:
    return paired_difference(
        {one.probe_id: one.rouge_l_recall for one, _ in pairs}, {two.probe_id: two.rouge_l_recall for _, two in pairs}
    )
