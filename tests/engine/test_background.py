"""Work on a thread of its own: results, errors and giving up."""

from __future__ import annotations

import threading
import time

import pytest

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
from atu_gui.engine.background import Pace, in_background
from tests.engine.draining import drain

HALF = Progress("download", "x", 1, 2)


def test_result_and_progress() -> None:
    events, value = drain(in_background(lambda _stop: time.sleep(0.35) or 7, lambda: HALF))
    assert value == 7
    assert 2 <= len(events) <= 4
    assert set(events) == {HALF}


def test_errors_come_through() -> None:
    def fail(_stop: threading.Event) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        drain(in_background(fail, lambda: HALF))


def test_cancel_is_heard_at_once_and_told() -> None:
    told = threading.Event()

    def wait(stop: threading.Event) -> None:
        stop.wait(5)
        told.set()

    begun = time.monotonic()
    with pytest.raises(Cancelled):
        drain(in_background(wait, lambda: HALF, lambda: True))
    assert time.monotonic() - begun < 1
    assert told.wait(1)


def test_closing_tells_the_thread() -> None:
    told = threading.Event()

    def wait(stop: threading.Event) -> None:
        stop.wait(5)
        told.set()

    work = in_background(wait, lambda: HALF)
    next(work)
    work.close()
    assert told.wait(1)


def test_time_left_ignores_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0])
    monkeypatch.setattr("atu_gui.engine.background.time.monotonic", lambda: next(clock))
    pace = Pace("download", "x")
    assert pace.progress(50, 100).seconds_left is None
    assert pace.progress(60, 100).seconds_left == pytest.approx(8.0)
