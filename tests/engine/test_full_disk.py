"""A round that cannot be written: the run waits for room, or ends so that it can be resumed."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
from pathlib import Path

import pytest

from atu_gui.core import events as ev
from atu_gui.core.control import RunControl
from atu_gui.core.errors import OutputError, Suspended
from atu_gui.core.sameness import said
from atu_gui.engine import checkpoints, snapshots
from atu_gui.engine.hashing import weights_hash
from tests.engine.test_resume import Lab, lab

__all__ = ["lab"]


class Disk:
    """Refuses the weights of rounds while it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        replace = os.replace

        def refuse(old: Path, new: Path) -> None:
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            replace(old, new)

        monkeypatch.setattr(snapshots.os, "replace", refuse)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def _whole(lab: Lab) -> tuple[str, list[str]]:
    lab.config.guards.action = "pause"
    found = weights_hash(lab.go().model), said(lab.record)
    shutil.rmtree(lab.folder)
    lab.record = []
    return found


def _work(record: list[ev.Event]) -> list[ev.Event]:
    """What was done, without the wait: holding a run and letting it go on are two changes of its control."""
    waits = (ev.RunPaused, ev.RunResumed, ev.Note)
    return [
        dataclasses.replace(event, generation=0) if isinstance(event, ev.StepDone) else event
        for event in record
        if not isinstance(event, waits)
    ]


def test_a_run_waits_for_room_and_does_the_same(lab: Lab, disk: Disk) -> None:
    lab.config.guards.action = "pause"
    whole, events = weights_hash(lab.go().model), said(_work(lab.record))
    shutil.rmtree(lab.folder)
    lab.record = []

    def act(event: object, control: RunControl) -> None:
        if isinstance(event, ev.StageEnded) and (event.stage, event.round) == ("unlearn", 1):
            disk.full = True
        if isinstance(event, ev.RunPaused):
            disk.full = False
            control.resume()

    lab.act = act
    lm = lab.go()
    (paused,) = [event for event in lab.record if isinstance(event, ev.RunPaused)]
    assert paused.by == "a round that could not be written"
    assert "Free some space" in paused.because
    assert weights_hash(lm.model) == whole
    assert said(_work(lab.record)) == events
    assert sum(isinstance(event, ev.RoundScored) for event in lab.record) == 1 + len(lab.config.rounds)


def test_an_unattended_run_ends_and_can_be_resumed(lab: Lab, disk: Disk) -> None:
    whole, events = _whole(lab)
    lab.config.guards.action = "stop"

    def act(event: object, control: RunControl) -> None:
        disk.full = disk.full or (isinstance(event, ev.StageEnded) and (event.stage, event.round) == ("unlearn", 2))

    lab.act = act
    with pytest.raises(OutputError, match=r"heads of round 2 cannot be written.*Free some space"):
        lab.go()
    assert (lab.folder / "rounds" / "round-1.safetensors").exists()
    assert not list(lab.folder.glob("*/*.part"))
    disk.full = False
    lab.act = lambda event, control: None
    lm = lab.go(resumed=True)
    assert weights_hash(lm.model) == whole
    assert said(lab.record) == events


def test_a_run_left_while_it_waits_goes_on_from_the_questions(lab: Lab, disk: Disk) -> None:
    whole, events = _whole(lab)

    def act(event: object, control: RunControl) -> None:
        disk.full = disk.full or (isinstance(event, ev.StageEnded) and (event.stage, event.round) == ("unlearn", 1))
        if isinstance(event, ev.RunPaused):
            control.suspend()

    lab.act = act
    with pytest.raises(Suspended):
        lab.go()
    disk.full = False
    lab.act = lambda event, control: None
    lm = lab.go(resumed=True)
    assert weights_hash(lm.model) == whole
    assert said(lab.record) == events


def test_without_a_checkpoint_before_none_is_said_to_stay(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def sync(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "sync", sync)
    with pytest.raises(OutputError, match=r"checkpoints: No space left on device\. Free some space"):
        lab.go()
