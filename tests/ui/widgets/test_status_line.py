"""What the status bar says while a run goes on."""

from __future__ import annotations

import time

from pytestqt.qtbot import QtBot

from atu_gui.core.events import CheckpointWritten, RunFailed
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.status_line import StatusLine


def test_the_age_of_the_last_checkpoint(qtbot: QtBot, theme: Theme) -> None:
    line = StatusLine(theme)
    qtbot.addWidget(line)
    line.show_pace(2.0, "")
    assert line.checkpoint.text() == ""
    line.handle(CheckpointWritten("r", 3, time.time() - 12.2, 1000, 0.1))
    assert line.checkpoint.text() == "Checkpoint 12 s ago"
    line.handle(RunFailed("r", "It broke.", "", "", 0))
    assert line.checkpoint.text() == ""
