"""Copying the report, and the offer after a crash."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from atu_gui.core import paths
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.widgets.basics import QPushButton
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _left_by_a_crash() -> None:
    folder = paths.log_folder()
    folder.mkdir(parents=True)
    (folder / "running-9999999-1000.txt").write_text("Fatal Python error: Segmentation fault", encoding="utf-8")


def test_the_report_is_put_on_the_clipboard(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    window.actions_.copy_diagnostics.trigger()
    words = QGuiApplication.clipboard().text()
    assert "Versions" in words and "Qt 6" in words and "concepts: " in words
    assert window.page == "workbench" and "on the clipboard" in window.workbench.notice.words


def test_a_crash_is_offered_once(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    _left_by_a_crash()
    window = make_window(bench)
    crash = window.workbench.crash
    qtbot.waitUntil(lambda: not crash.isHidden(), timeout=20_000)
    assert window.page == "workbench" and crash.words.startswith("The program crashed")
    buttons = {one.text(): one for one in crash.findChildren(QPushButton) if not one.isHidden()}
    buttons["Copy"].click()
    assert "Segmentation fault" in QGuiApplication.clipboard().text()
    buttons["Dismiss"].click()
    assert crash.isHidden()
    again = make_window(FakeWorkbench())
    qtbot.wait(50)
    assert again.workbench.crash.isHidden()
    again.actions_.copy_diagnostics.trigger()
    assert "Segmentation fault" in QGuiApplication.clipboard().text()


def test_nothing_is_offered_after_an_orderly_end(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    qtbot.wait(50)
    assert window.workbench.crash.isHidden()
