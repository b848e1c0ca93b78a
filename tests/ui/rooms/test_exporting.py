"""Exporting a round, through the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from atu_gui.core.errors import OutputError
from atu_gui.core.ports import Weights
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.exporting import ExportingRoom
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    bench.keep("aaaa", title="Leonardo, gentle")
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == 1, timeout=20_000)
    qtbot.waitUntil(lambda: window.session.loaded is not None, timeout=20_000)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    return window


def test_a_round_goes_into_a_folder_of_its_own(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path
) -> None:
    window = _window(make_window, qtbot, bench)
    window.actions_.export_round.trigger()
    rounds = window.findChild(ExportingRoom)._round.dialog
    rounds._table.selectRow(1)
    qtbot.mouseClick(rounds._take, Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path))
    dialog.close()
    folder = tmp_path / "leonardo-gentle-aaaa-round-2"
    qtbot.waitUntil(lambda: bench.exported == [(Weights("aaaa", 2), folder)], timeout=20_000)
    qtbot.waitUntil(lambda: f"Exported to {folder}. 538 MB." in window.workbench.notice.words, timeout=20_000)
    assert "same answers to 14 questions" in window.workbench.notice.words
    assert window.session.phase is Phase.IDLE


def test_an_export_that_fails_says_why(make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path) -> None:
    window = _window(make_window, qtbot, bench)
    bench.export_error = OutputError("The folder out is not empty.", "Choose another.")
    window.findChild(ExportingRoom).export(Weights("aaaa", 1), tmp_path)
    assert window.session.phase is Phase.EXPORTING and not window.actions_.export_round.isEnabled()
    assert window.actions_.stop.isEnabled()
    qtbot.waitUntil(lambda: "is not empty" in window.workbench.notice.words, timeout=20_000)
    assert window.session.phase is Phase.IDLE and window.actions_.export_round.isEnabled()
