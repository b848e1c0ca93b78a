from __future__ import annotations

import dataclasses

import pytest

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.events import (
    AuditFound,
    Event,
    GroupScores,
    Interval,
    ItemAnswered,
    RoundScored,
    RunFinished,
    RunStarted,
)
from atu_gui.core.outcome import Outcome, lower_tau
from tests.core.test_findings import found
from tests.ui.fake_auditing import forgetting
from tests.ui.fake_keeping import past_config, past_events


def _events(**answers: dict[int, str]) -> list[Event]:
    """A run in which some probes answer otherwise: probe id to round to answer."""
    made: list[Event] = []
    for event in past_events("aaaa", past_config()):
        if isinstance(event, ItemAnswered):
            said = answers.get(event.probe_id.replace("-", "_"), {}).get(event.round, "I am not sure.")
            event = dataclasses.replace(event, answer=said)
        made.append(event)
    return made


def test_answers_are_sorted_by_what_became_of_the_gold_answer() -> None:
    outcome = Outcome.of(
        _events(
            forget_0={0: "It was verrocchio.", 3: "A carpenter."},
            forget_1={0: "Verrocchio", 3: "Andrea del VERROCCHIO!"},
            near_0={0: "In Florence.", 3: "In Rome."},
            near_1={0: "In Rome.", 3: "In Rome."},
        )
    )
    assert outcome is not None and (outcome.kept, outcome.round, outcome.asked, outcome.told) == (3, 3, 6, 0)
    assert [one.after for one in outcome.forgotten] == ["A carpenter."]
    (leak,) = outcome.leaking
    assert [leak.after[start:end] for start, end in leak.spans] == ["VERROCCHIO"]
    assert [one.before for one in outcome.lost] == ["In Florence."]


def test_a_question_that_tells_its_answer_is_not_counted() -> None:
    events = [
        dataclasses.replace(event, query="Was it Verrocchio?")
        if isinstance(event, ItemAnswered) and event.probe_id == "forget-0"
        else event
        for event in _events(forget_0={0: "Verrocchio", 3: "Verrocchio"})
    ]
    outcome = Outcome.of(events)
    assert outcome is not None and (outcome.asked, outcome.told, outcome.leaking) == (5, 1, ())


def test_without_a_good_round_the_last_one_is_judged() -> None:
    events = [
        dataclasses.replace(event, best_round=0) if isinstance(event, RunFinished) else event for event in _events()
    ]
    outcome = Outcome.of(events)
    assert outcome is not None and (outcome.kept, outcome.round) == (0, 3)


def test_without_an_end_there_is_no_outcome() -> None:
    assert Outcome.of(event for event in _events() if not isinstance(event, RunFinished)) is None
    assert Outcome.of([]) is None


@pytest.mark.parametrize(("tau", "taus"), [(0.25, [0.22, 0.19, 0.16, 0.13]), (-0.85, [-0.88, -0.9, -0.9, -0.9])])
def test_a_lower_tau_goes_down_from_what_was_reached(tau: float, taus: list[float]) -> None:
    config = RunConfig(rounds=[RoundPlan(align_steps=6, unlearn_steps=5, quantile=0.05)])
    lower = lower_tau(config, tau)
    assert [plan.tau for plan in lower.rounds] == pytest.approx(taus)
    assert {(plan.align_steps, plan.unlearn_steps) for plan in lower.rounds} == {(6, 5)}
    assert (lower.schedule, lower.guards.forget_goal) == ("custom", 0.1)
    assert config.rounds[0].quantile == 0.05


def _sided(events: list[Event]) -> list[Event]:
    """Every other question steers, the others judge."""
    made: list[Event] = []
    for event in events:
        if isinstance(event, ItemAnswered):
            event = dataclasses.replace(event, side="dev" if event.probe_id[-1] in "024" else "test")
        elif isinstance(event, RoundScored):
            scores = GroupScores(Interval(0.5 / (1 + event.round), 0.1, 0.6, 3))
            event = dataclasses.replace(event, forget_test=scores, neighbour_test=scores)
        made.append(event)
    return made


def test_what_is_shown_is_of_test_questions_only() -> None:
    outcome = Outcome.of(_sided(_events(forget_0={3: "Verrocchio"}, forget_1={3: "Verrocchio"})))
    assert outcome is not None and outcome.tested
    assert (outcome.asked, len(outcome.leaking)) == (3, 1)
    assert outcome.forget.after is not None and outcome.forget.after.mean == 0.125
    assert outcome.forget.difference is not None and outcome.forget.difference.n == 3


def test_each_of_several_concepts_has_its_verdict() -> None:
    events = [
        dataclasses.replace(event, concepts=("Ada", "Grace"))
        if isinstance(event, RunStarted)
        else dataclasses.replace(event, about="Ada" if event.probe_id[-1] in "012" else "Grace")
        if isinstance(event, ItemAnswered)
        else event
        for event in _events()
    ]
    outcome = Outcome.of(events)
    assert outcome is not None
    assert [name for name, _ in outcome.verdicts] == ["Ada", "Grace"]


def test_audits_of_the_judged_round_are_in_the_verdict() -> None:
    events = forgetting(_events())

    def kinds(*audits: AuditFound) -> list[str]:
        outcome = Outcome.of(events, audits)
        return [verdict.kind for _, verdict in outcome.verdicts] if outcome else []

    little = (found("relearn", "half of the facts", 0.1), found("quantize", "4 bits", 0.05))
    assert kinds() == ["suppressed"]
    assert kinds(*little) == ["erased"]
    assert kinds(*(dataclasses.replace(one, round=2) for one in little)) == ["suppressed"], "another round"
    assert kinds(*little, found("prompts", "expert", 0.7)) == ["suppressed"]


def test_a_collapsed_round_is_collapsed_whatever_it_scores() -> None:
    events = [
        dataclasses.replace(event, collapse="It stammers.") if isinstance(event, RoundScored) and event.round else event
        for event in _events()
    ]
    outcome = Outcome.of(events)
    assert outcome is not None and outcome.collapsed == "It stammers."
    assert [verdict.kind for _, verdict in outcome.verdicts] == ["collapsed"]
