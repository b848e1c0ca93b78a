"""A run as comparisons see it: scores per round, and every answer of every round by its question.

Like the verdict, scores and differences are those of test questions, in records without sides those of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from atu_gui.core import text
from atu_gui.core.config import RunConfig
from atu_gui.core.differences import settings_of
from atu_gui.core.events import ControlApplied, Event, ItemAnswered, RoundScored
from atu_gui.core.materials import Group
from atu_gui.core.paired import Difference, paired_difference
from atu_gui.core.ports import RunRecord
from atu_gui.core.split import on_side

# Ids of self-made questions are the same in every run; the words tell them apart.
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """One run of a comparison.

    Attributes:
        events: All it said.
        rounds: Scores by round.
        answers: Answers by round, then by question and gold answer.
    """

    record: RunRecord
    config: RunConfig
    events: tuple[Event, ...]
    rounds: dict[int, RoundScored] = field(default_factory=dict)
    answers: dict[int, dict[_Key, ItemAnswered]] = field(default_factory=dict)

    @classmethod
    def of(cls, record: RunRecord, config: RunConfig, events: Iterable[Event]) -> Compared:
        """Sort what a run said."""
        made = cls(record, config, tuple(events))
        for event in made.events:
            if isinstance(event, RoundScored):
                made.rounds[event.round] = event
            elif isinstance(event, ItemAnswered):
                made.answers.setdefault(event.round, {})[event.query, event.gold] = event
        return made

    @property
    def final_round(self) -> int:
        """The round it is judged by: the best one, or the last one scored while none was good."""
        best = self.record.best_round
        return best if best and best in self.rounds else max(self.rounds, default=0)

    @property
    def tested(self) -> bool:
        """Whether test questions are known apart."""
        return any(scored.tested for scored in self.rounds.values())

    def settings(self) -> list[tuple[str, str]]:
        """Every setting and its value, what the run began with, and what was changed by hand while it went on."""
        parent = self.record.parent
        began = f"run {parent.run_id}, round {parent.round}" if parent.run_id else "untouched model"
        changes = [event for event in self.events if isinstance(event, ControlApplied) and event.field != "pause_step"]
        by_hand = "; ".join(f"{text.change(one)} at step {text.count(one.step)}" for one in changes)
        return [*settings_of(self.config), ("Began with", began), ("Changed by hand", by_hand or text.NOTHING)]

    def recalls(self, number: int, group: Group) -> dict[_Key, float]:
        """ROUGE-L recall of every test question of a group after a round."""
        return {key: item.rouge_l_recall for key, item in self._judging(number, group).items()}

    def probability(self, number: int, group: Group) -> float | None:
        """Mean probability per token of the gold answers to a group's test questions after a round."""
        items = self._judging(number, group).values()
        return sum(math.exp(item.answer_logprob) for item in items) / len(items) if items else None

    def _judging(self, number: int, group: Group) -> dict[_Key, ItemAnswered]:
        answers = self.answers.get(number, {})
        return {
            key: item
            for key, item in answers.items()
            if item.group == group and item.kind != "verbatim" and on_side(item.side, "test")
        }


def difference(baseline: Compared, other: Compared, group: Group) -> Difference | None:
    """Paired difference of the recalls after both runs' final rounds; None where they share no question."""
    before, after = baseline.recalls(baseline.final_round, group), other.recalls(other.final_round, group)
    return paired_difference(before, after)


def change(run: Compared, number: int, group: Group) -> Difference | None:
    """Paired difference of a round's recalls from the untouched model's."""
    return paired_difference(run.recalls(0, group), run.recalls(number, group))


def asked_words(runs: Sequence[Compared]) -> str:
    """Which questions the scores of these runs are of; nothing without runs."""
    if len({run.tested for run in runs}) > 1:
        return "test questions, all where a record has no sides"
    return text.asked(runs[0].tested) if runs else ""
