"""Recorded runs replayed: how honest the announced remaining time was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from atu_gui.bench.eta import measure_eta, read_events, replay
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, RoundScored, RunFinished, StepDone
from tests.core.test_paces import CPU, DEFAULT, timeline

# Times and stages of a default run of the starter on a quiet machine.
QUIET = Path(__file__).parent / "quiet_run.jsonl.gz"


def _whole(slow_round: int = 0) -> list[Event]:
    events = list(timeline(DEFAULT, CPU, 5.0, slow_round=slow_round))
    seconds = events[-1].seconds  # type: ignore[union-attr]
    return [*events, RunFinished("r", "all rounds done", 8, 8, seconds, "")]


def test_a_real_run_of_a_quiet_machine_was_announced_within_20_percent() -> None:
    report, paces = replay(read_events(QUIET))
    assert report.whole and report.known == 1.0
    assert report.within > 0.95 and report.within_whole == 1.0
    assert set(paces.measured) == {"first align", "align", "unlearn", "probe", "between"}


def test_one_stage_that_was_held_up_is_no_new_pace() -> None:
    """In a real run an unlearn stage took twice its time; the rest was then announced a third too long."""
    calm, held_up = replay(_whole())[0], replay(_whole(slow_round=3))[0]
    assert calm.within == pytest.approx(1.0)
    assert held_up.within > 0.9


def test_announcements_that_are_wrong_are_found_out() -> None:
    """The measure itself can fail: a run that ended in half the announced time was announced wrongly until then."""
    events = _whole()
    half = next(at for at, event in enumerate(events) if isinstance(event, RoundScored) and event.round == 4)
    seconds = events[half].seconds  # type: ignore[union-attr]
    ended = [*events[: half + 1], RunFinished("r", "goal: reached", 4, 4, seconds, "")]
    report = replay(ended)[0]
    assert not report.whole and report.within == 0.0 and report.median_error > 0.5
    assert report.held > 0.99 and report.paced > 0.99, "“at most” was true, and the paces were right"


def test_an_at_most_that_is_exceeded_is_found_out() -> None:
    """All that comes after the first unlearn stage takes three times as long as it did at first."""
    events, late = list[Event](), 0.0
    for event in _whole():
        if isinstance(event, StepDone | RoundScored | RunFinished):
            late = event.seconds if not late and getattr(event, "round", 0) == 3 else late
            if late and event.seconds > late:
                event = replace(event, seconds=late + 3 * (event.seconds - late))
        events.append(event)
    report = replay(events)[0]
    assert 0.0 < report.held < 0.7 and report.within < 0.7


def test_a_run_without_an_end_and_one_that_is_missing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no end"):
        replay(_whole()[:-1])
    with pytest.raises(InputError, match="before its first step"):
        replay(_whole()[-1:])
    with pytest.raises(InputError, match="no recorded run"):
        read_events(tmp_path)
    (tmp_path / "events.jsonl").write_text("{ damaged")
    with pytest.raises(InputError, match="damaged"):
        read_events(tmp_path)


def test_several_runs_are_also_replayed_one_after_another() -> None:
    found = measure_eta([QUIET, QUIET])
    assert [len(found[kind]) for kind in ("first", "next")] == [2, 2]
    assert len(measure_eta([QUIET])) == 1
