from __future__ import annotations

import dataclasses
import math

import pytest

from atu_gui.core.compared import Compared, asked_words, change, difference
from atu_gui.core.differences import Setting, differing
from atu_gui.core.events import ControlApplied, Event, GroupScores, Interval, ItemAnswered, RoundScored
from atu_gui.core.ports import Weights
from tests.ui.fake_keeping import past_config, past_events, record_of


@pytest.fixture
def events() -> list[Event]:
    return past_events("aaaa", past_config())


def _compared(events: list[Event], **changes: object) -> Compared:
    return Compared.of(record_of(events, **changes), past_config(), events)


def test_a_run_is_judged_by_its_best_round(events: list[Event]) -> None:
    assert _compared(events).final_round == 3
    assert _compared(events, best_round=2).final_round == 2
    assert _compared(events, best_round=0).final_round == 3
    assert _compared(events[:2], best_round=0).final_round == 0


def test_answers_are_found_by_question(events: list[Event]) -> None:
    run = _compared(events)
    items = [event for event in events if isinstance(event, ItemAnswered) and event.round == 1]
    forget = [item for item in items if item.group == "forget"]
    assert run.recalls(1, "forget") == {(item.query, item.gold): item.rouge_l_recall for item in forget}
    mean = sum(math.exp(item.answer_logprob) for item in forget) / len(forget)
    assert run.probability(1, "forget") == pytest.approx(mean)
    assert run.probability(9, "forget") is None


def test_runs_on_other_questions_share_none(events: list[Event]) -> None:
    other = [
        dataclasses.replace(event, query=f"{event.query} Really?") if isinstance(event, ItemAnswered) else event
        for event in events
    ]
    assert difference(_compared(events), _compared(other), "forget") is None
    assert difference(_compared(events), _compared(events), "forget").unclear  # type: ignore[union-attr]


def test_a_change_is_counted_from_the_untouched_model(events: list[Event]) -> None:
    run = _compared(events)
    found = change(run, 3, "forget")
    before, after = (run.recalls(number, "forget").values() for number in (0, 3))
    assert found is not None
    assert found.mean == pytest.approx(sum(after) / len(after) - sum(before) / len(before))


def test_test_questions_judge_where_they_are_known(events: list[Event]) -> None:
    sided = [
        dataclasses.replace(event, side="dev" if event.probe_id[-1] in "024" else "test")
        if isinstance(event, ItemAnswered)
        else dataclasses.replace(event, forget_test=GroupScores(Interval(0.5, 0.4, 0.6, 3)))
        if isinstance(event, RoundScored)
        else event
        for event in events
    ]
    old, new = _compared(events), _compared(sided)
    assert (len(old.recalls(1, "forget")), len(new.recalls(1, "forget"))) == (6, 3)
    assert record_of(sided).rounds[1].forget == Interval(0.5, 0.4, 0.6, 3)
    found = difference(old, new, "forget")
    assert found is not None and found.n == 3, "what both know of"
    assert asked_words([new]) == "test questions" and asked_words([old]) == "all questions"
    assert "has no sides" in asked_words([old, new]) and asked_words([]) == ""


def test_what_was_changed_by_hand_and_what_it_began_with_are_differences(events: list[Event]) -> None:
    plain = [event for event in events if not isinstance(event, ControlApplied)]
    turned = [
        *plain,
        ControlApplied("aaaa", 40, "pause_step", None, 50.0, 1),
        ControlApplied("aaaa", 44, "tau", 0.1, 0.3, 2),
    ]
    other = _compared(turned, parent=Weights("bbbb", 2))
    rows, total = differing([_compared(plain).settings(), other.settings()])
    assert rows == [
        Setting("Began with", ("untouched model", "run bbbb, round 2")),
        Setting("Changed by hand", ("–", "τ 0.10 → 0.30 at step 44")),
    ]
    assert total > 30
