"""A run seen from outside its window: the title, and the message to the launcher."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from PySide6.QtDBus import QDBusMessage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from atu_gui.core.events import RunFinished, RunStarted, StepDone
from atu_gui.core.progress import RunProgress
from atu_gui.ui.outside import Outside, launcher_message
from tests.core.test_paces import CPU, DEFAULT, timeline

REAL = """
import sys
from PySide6.QtCore import QCoreApplication
from atu_gui.ui.outside import launcher_message, session_bus
app = QCoreApplication(sys.argv)
send = session_bus()
assert send is not None and send(launcher_message("atu-gui", 0.25)), "no bus"
"""


def test_the_launcher_is_told_in_whole_percents_and_the_bar_goes_at_the_end(qtbot: QtBot) -> None:
    window, sent = QWidget(), list[QDBusMessage]()
    qtbot.addWidget(window)
    outside, progress = Outside(window, "atu-gui", sent.append), RunProgress()
    outside.show_progress(progress)
    assert window.windowTitle() == "atu-gui" and sent == []
    for event in timeline(DEFAULT, CPU, ready=5.0):
        progress.handle(event)
        if isinstance(event, RunStarted | StepDone):
            outside.show_progress(progress)
    shares = [message.arguments()[1]["progress"] for message in sent]
    assert window.windowTitle().startswith("Round 8 of 8 · ")
    assert 20 < len(shares) <= 101 and shares == sorted(shares) and shares[-1] > 0.8
    progress.handle(RunFinished("r", "all rounds done", 8, 8, 600.0, ""))
    outside.show_progress(progress)
    outside.show_progress(progress)
    assert window.windowTitle() == "atu-gui"
    assert sent[-1].arguments() == ["application://atu-gui.desktop", {"progress": 0.0, "progress-visible": False}]
    assert len(sent) == len(shares) + 1


def test_the_message_is_that_of_the_launcher_entry() -> None:
    message = launcher_message("atu-gui", 0.25)
    assert message.type() == QDBusMessage.MessageType.SignalMessage
    assert (message.interface(), message.member()) == ("com.canonical.Unity.LauncherEntry", "Update")
    assert message.arguments() == ["application://atu-gui.desktop", {"progress": 0.25, "progress-visible": True}]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no session bus")
def test_a_real_bus_carries_the_types_that_launchers_read() -> None:
    if shutil.which("dbus-run-session") is None or shutil.which("dbus-monitor") is None:
        pytest.skip("needs dbus-run-session and dbus-monitor")
    script = (
        "dbus-monitor \"interface='com.canonical.Unity.LauncherEntry'\" & sleep 0.5; "
        f"'{sys.executable}' -c '{REAL}' || echo FAILED; sleep 0.3; kill $!"
    )
    said = subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        check=False,
    ).stdout
    assert "FAILED" not in said
    told = said[said.index("member=Update") :].split()
    assert "double" in told and told[told.index("double") + 1] == "0.25"
    assert told[told.index("boolean") + 1] == "true" and '"application://atu-gui.desktop"' in told
