"""The clock on the wall names things; how long they take is read elsewhere, so that setting it changes nothing."""

from __future__ import annotations

import itertools
import shutil
import time

import pytest

from atu_gui.core import events as ev
from atu_gui.core.sameness import said
from atu_gui.engine.gate import Clock
from tests.engine.test_resume import Lab, lab

__all__ = ["lab"]


def test_a_run_whose_clock_jumps_does_the_same_and_takes_its_time(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.go()
    events = said(lab.record)
    shutil.rmtree(lab.folder)
    lab.record = []
    real, jumps = time.time, itertools.cycle((0.0, 86_400.0, -86_400.0))
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    lab.go()
    assert said(lab.record) == events
    seconds = [event.seconds for event in lab.record if isinstance(event, ev.StepDone | ev.RoundScored)]
    assert seconds == sorted(seconds)
    assert 0 < seconds[-1] < 3600


def test_run_time_leaves_out_what_was_held(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = Clock(before=5.0)
    now += 60.0
    clock.hold(20.0)
    assert clock.seconds() == 45.0
