"""Events survive JSON, whatever their fields."""

from __future__ import annotations

import json

import pytest

from atu_gui.core import events as ev

INTERVAL = ev.Interval(0.5, 0.4, 0.6, 12)
SAMPLES: tuple[ev.Event, ...] = (
    ev.RunStarted(
        "a", "t", "m", "e", ("x", "y"), (1, 2), "default", 0, (ev.StagePlan("align", 1, 5),), "f", 1.0, 1, 2, 3, 4
    ),
    ev.RoundScored("a", 1, 2, None, INTERVAL, None, INTERVAL, None, None, None, 0.5, None, None, 0.25, 1.0),
    ev.StepDone("a", "unlearn", 1, 2, 1, 4, 0.5, 1e-4, 3, 9.0, tau=0.2),
    ev.ItemAnswered("a", 0, "p1", "forget", "cloze", "q ___", "gold", "“answer”\n", 0.5, -1.5),
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
