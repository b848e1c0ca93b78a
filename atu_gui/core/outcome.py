"""What a run came to: what is forgotten, what still leaks and what got worse, with intervals and raw answers.

All of it is about test questions, by which nothing was chosen; in records without sides about all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.events import AuditFound, Event, Interval, ItemAnswered, RoundScored, RunFinished, RunStarted
from atu_gui.core.findings import brought_back
from atu_gui.core.leaks import Span, judge
from atu_gui.core.paired import Difference, mean_of, paired_difference
from atu_gui.core.split import on_side
from atu_gui.core.verdict import BroughtBack, Measured, Verdict, decide

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
        weights_hash: Of its weights; "" in records of earlier versions.
        forgotten: Forget questions whose answer held the gold answer before and does not now.
        leaking: Forget questions whose answer still holds it.
        lost: Neighbour questions whose answer held it before and does not now.
        asked: How many forget questions were judged.
        told: How many were not, because the question contains its answer.
        tested: Whether the figures are those of test questions; False: of all, as in records without sides.
        collapsed: What was seen where the round has lost its language and its forget scores are void; "" otherwise.
        verdicts: A name and a verdict for each target: the run as a whole, or each of several concepts.
        verbatim: Share of the tokens of verbatim strings that are reproduced from some point to the end.
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
    tested: bool = False
    collapsed: str = ""
    verdicts: tuple[tuple[str, Verdict], ...] = ()
    verbatim: Score = field(default_factory=Score)
    weights_hash: str = ""

    @classmethod
    def of(cls, events: Iterable[Event], audits: Iterable[AuditFound] = ()) -> Outcome | None:
        """From all that a run said; None where it has no end, or nothing was scored after the untouched model.

        `audits` are findings about the run; those about the judged round count.
        """
        said = tuple(events)
        start = next((event for event in said if isinstance(event, RunStarted)), None)
        end = next((event for event in said if isinstance(event, RunFinished)), None)
        rounds = {event.round: event for event in said if isinstance(event, RoundScored)}
        if start is None or end is None or 0 not in rounds or len(rounds) < 2:
            return None
        number = end.best_round if end.best_round and end.best_round in rounds else max(rounds)
        before, after = rounds[0], rounds[number]
        pairs = [pair for pair in _pairs(said, number) if on_side(pair[1].side, "test") and pair[1].kind != "verbatim"]
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
            forget=Score(before.recall("forget", "test"), after.recall("forget", "test"), _difference(forget)),
            neighbour=Score(before.recall("neighbour", "test"), after.recall("neighbour", "test"), _difference(near)),
            token_loss=Score(before.token_loss, after.token_loss),
            fluency=Score(before.fluency_entropy, after.fluency_entropy),
            forgotten=tuple(_answers(pair) for pair in judged if _leaks(pair[0]) and not _leaks(pair[1])),
            leaking=tuple(_answers(pair) for pair in judged if _leaks(pair[1])),
            lost=tuple(_answers(pair) for pair in near if _leaks(pair[0]) and _leaks(pair[1]) is False),
            asked=len(judged),
            told=len(forget) - len(judged),
            tested=after.tested,
            collapsed=after.collapse,
            weights_hash=after.weights_hash,
            verdicts=_verdicts(start, forget, near, after.collapse, brought_back(audits, number)),
            verbatim=Score(
                before.verbatim.extraction_strength if before.verbatim else None,
                after.verbatim.extraction_strength if after.verbatim else None,
            ),
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


def _recall(item: ItemAnswered) -> float:
    return item.rouge_l_recall


def _logprob(item: ItemAnswered) -> float:
    return item.answer_logprob


def _difference(pairs: Sequence[_Pair], of: Callable[[ItemAnswered], float] = _recall) -> Difference | None:
    return paired_difference({one.probe_id: of(one) for one, _ in pairs}, {two.probe_id: of(two) for _, two in pairs})


def _measured(pairs: Sequence[_Pair]) -> Measured:
    return Measured(
        mean_of([_recall(one) for one, _ in pairs]),
        mean_of([_recall(two) for _, two in pairs]),
        _difference(pairs),
        _difference(pairs, _logprob),
    )


def _verdicts(
    start: RunStarted, forget: Sequence[_Pair], near: Sequence[_Pair], collapsed: str, audits: Sequence[BroughtBack]
) -> tuple[tuple[str, Verdict], ...]:
    """One verdict for each concept where there are several and the questions say whom they are about. Neighbours and
    audits count for all of them."""
    groups: dict[str, list[_Pair]] = {start.title: list(forget)}
    if len(start.concepts) > 1 and {pair[1].about for pair in forget} >= set(start.concepts):
        groups = {name: [pair for pair in forget if pair[1].about == name] for name in start.concepts}
    around = _measured(near)
    found = ((name, decide(_measured(own), around, collapsed, audits)) for name, own in groups.items())
    return tuple((name, verdict) for name, verdict in found if verdict is not None)
