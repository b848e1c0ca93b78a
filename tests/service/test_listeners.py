from __future__ import annotations

import logging

import pytest

from atu_gui.core.events import Event, Note
from atu_gui.service.listeners import Listeners


def test_who_left_hears_no_more_and_may_leave_twice() -> None:
    listeners, heard = Listeners(), list[Event]()
    stop = listeners.add(heard.append)
    listeners.tell(Note("info", "one"))
    stop()
    stop()
    listeners.tell(Note("info", "two"))
    assert heard == [Note("info", "one")]


def test_one_that_fails_is_logged_and_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    listeners, heard = Listeners(), list[Event]()

    def broken(_event: Event) -> None:
        raise ValueError("deaf")

    listeners.add(broken)
    listeners.add(heard.append)
    with caplog.at_level(logging.ERROR):
        listeners.tell(Note("info", "one"))
    assert heard and "A subscriber failed on Note." in caplog.text
