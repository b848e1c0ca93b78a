"""Events survive JSON, whatever their fields."""

from __future__ import annotations

import json

import pytest

from atu_gui.core import events as ev
from atu_gui.core.records import hints_of

INTERVAL = ev.Interval(0.5, 0.4, 0.6, 12)
ANSWERED = ev.ItemAnswered("a", 0, "p1", "forget", "cloze", "q ___", "gold", "“answer”\n", 0.5, -1.5)
SAMPLES: tuple[ev.Event, ...] = (
    ev.RunStarted(
        "a", "t", "m", "e", ("x", "y"), (1, 2), "default", 0, (ev.StagePlan("align", 1, 5),), "f", 1.0, 1, 2, 3, 4
    ),
    ev.RoundScored("a", 1, 2, None, INTERVAL, None, INTERVAL, None, None, None, 0.5, None, None, 0.25, 1.0),
    ev.RoundScored(
        "a",
        1,
        2,
        None,
        INTERVAL,
        *(None,) * 9,
        1.0,
        forget_dev=ev.GroupScores(INTERVAL, None, INTERVAL),
        speech=ev.Speech(0.9, 0.0, 0.1, 12),
        collapse="Broken.",
    ),
    ev.ItemSampled("a", 1, "p1", "verbatim", ("x", "y"), (0.0, 1.0), 3.5),
    ev.DeepScored("a", 1, (1, 4), (INTERVAL, INTERVAL), (), (), None, 255),
    ev.StepDone("a", "unlearn", 1, 2, 1, 4, 0.5, 1e-4, 3, 9.0, tau=0.2),
    ANSWERED,
    ev.SimilaritySeen("a", 1, 2, (0, 3, 1), (2, 0, 0)),
    ev.Progress("download", "model", 1, 2, "bytes"),
)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_round_trip(event: ev.Event) -> None:
    assert ev.from_record(json.loads(json.dumps(ev.to_record(event)))) == event


@pytest.mark.parametrize(
    "record", [{}, {"event": "Nonsense"}, {"event": "StepDone", "step": 1}, {"event": "Note", "x": 1}]
)
def test_damaged_records_are_refused(record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not an event|damaged"):
        ev.from_record(record)


def test_records_of_earlier_versions_open_with_nothing_in_the_new_fields() -> None:
    scored = ev.to_record(SAMPLES[1])
    for name in ("forget", "forget_dev", "forget_test", "neighbour", "neighbour_dev", "neighbour_test"):
        del scored[name]
    for name in ("verbatim", "speech", "collapse"):
        del scored[name]
    event = ev.from_record(scored)
    assert isinstance(event, ev.RoundScored) and event == SAMPLES[1]
    assert event.recall("forget", "dev") == event.recall("forget", "test") == INTERVAL
    item = {
        name: getattr(ANSWERED, name)
        for name in (
            "run_id", "round", "probe_id", "group", "kind", "query", "gold", "answer", "rouge_l_recall",
            "answer_logprob",
        )
    }  # fmt: skip
    assert ev.from_record({"event": "ItemAnswered", **item}) == ANSWERED


def test_the_types_of_an_events_fields_are_looked_up_once() -> None:
    assert hints_of(ev.StepDone) is hints_of(ev.StepDone)
    assert hints_of(ev.StepDone)["tau"] == float | None
