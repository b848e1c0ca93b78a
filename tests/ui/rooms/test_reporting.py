"""The report of a run, through the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from atu_gui.core.errors import OutputError
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.reporting import ReportingRoom
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    bench.keep("aaaa", title="Leonardo, gentle")
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == 1, timeout=20_000)
    return window


def test_the_page_is_written_and_can_be_opened(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) is None)
    window = _window(make_window, qtbot, bench)
    assert window.actions_.report.isEnabled()
    window.actions_.report.trigger()
    (dialog,) = window.findChildren(QFileDialog)
    assert [Path(name).name for name in dialog.selectedFiles()] == ["leonardo-gentle-aaaa-report.html"]
    file = tmp_path / "report.html"
    dialog.fileSelected.emit(str(file))
    dialog.close()
    notice = window.workbench.notice
    qtbot.waitUntil(lambda: notice.words == f"The report is in {file}.", timeout=20_000)
    assert bench.reported == [("aaaa", file, True)]
    (button,) = [one for one in notice.findChildren(QPushButton) if one.text() == "Open the report"]
    button.click()
    assert opened == [QUrl.fromLocalFile(str(file))]


def test_what_goes_wrong_is_said(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = _window(make_window, qtbot, bench)
    room, notice = window.findChild(ReportingRoom), window.workbench.notice
    bench.report_error = OutputError("The disk is full.", "Free some space.")
    room.write("aaaa", tmp_path / "report.html")
    qtbot.waitUntil(lambda: notice.words == "The disk is full. Free some space.", timeout=20_000)
    bench.report_error = None
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    room.write("aaaa", tmp_path / "report.html")
    qtbot.waitUntil(lambda: "The report is in" in notice.words, timeout=20_000)
    (button,) = [one for one in notice.findChildren(QPushButton) if one.text() == "Open the report"]
    button.click()
    assert "no browser" in notice.words


def test_without_a_run_there_is_nothing_to_report(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    window.show_page("workbench")
    assert not window.actions_.report.isEnabled()
