"""What the status bar says while a run goes on, and without one."""

from __future__ import annotations

import time

from pytestqt.qtbot import QtBot

from atu_gui.core.events import CheckpointWritten, ControlApplied, RunFailed, RunPaused
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.status_line import StatusLine
from tests.ui.run_events import started


def test_the_age_of_the_last_checkpoint(qtbot: QtBot, theme: Theme) -> None:
    line = StatusLine(theme)
    qtbot.addWidget(line)
    line.show_pace(2.0, "")
    assert line.checkpoint.text() == ""
    line.handle(CheckpointWritten("r", 3, time.time() - 12.2, 1000, 0.1))
    assert line.checkpoint.text() == "Checkpoint 12 s ago"
    line.handle(RunFailed("r", "It broke.", "", "", 0))
    assert line.checkpoint.text() == ""


def test_without_a_run_it_says_what_is_free(qtbot: QtBot, theme: Theme) -> None:
    line = StatusLine(theme)
    qtbot.addWidget(line)
    line.show_place("CPU · 9.1 GB of memory free", "Data folder: 41.0 GB free")
    assert not line.place.isHidden() and line.disk.text() == "Data folder: 41.0 GB free"
    line.handle(started())
    line.handle(ControlApplied("r", 12, "tau", 0.3, 0.25, 1))
    assert line.place.isHidden() and line.disk.isHidden()
    assert line.applied.text() == "✓ τ 0.25 applied at step 12"
    line.handle(RunFailed("r", "It broke.", "", "", 0))
    assert not line.place.isHidden() and line.applied.text() == ""


def test_a_pause_to_come_is_said_until_it_comes(qtbot: QtBot, theme: Theme) -> None:
    line = StatusLine(theme)
    qtbot.addWidget(line)
    line.handle(ControlApplied("r", 3, "pause_step", None, 8.0, 1))
    assert line.applied.text() == "Pauses after step 8"
    line.handle(RunPaused("r", 8, "you", ""))
    assert line.applied.text() == ""


def test_what_says_nothing_takes_no_room(qtbot: QtBot, theme: Theme) -> None:
    line = StatusLine(theme)
    qtbot.addWidget(line)
    assert line.applied.isHidden() and line.checkpoint.isHidden()
    line.handle(started())
    line.handle(CheckpointWritten("r", 3, time.time(), 1000, 0.1))
    assert line.applied.isHidden() and not line.checkpoint.isHidden()
    line.handle(ControlApplied("r", 12, "tau", 0.3, 0.25, 1))
    assert not line.applied.isHidden()
