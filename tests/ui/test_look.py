"""What a designer looks at first, under the real style sheet: nothing cut, one height for one kind, words that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from atu_gui.core.look import DARK
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.stylesheet import style_sheet
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]
SIZES = [(1280, 800), (1920, 1080)]


@pytest.fixture
def dressed(make_window: Make, theme: Theme, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    """A window on a loaded model, in the style sheet and fonts of the program."""
    window = make_window(bench)
    window.setFont(theme.font(13, figures=False))
    window.setStyleSheet(style_sheet(DARK, dict.fromkeys(("caret", "caret_up", "check", "menu_check"), "")))
    qtbot.waitUntil(lambda: window.session.loaded is not None)
    window.show_page("workbench")
    return window


def _settle(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    for _ in range(5):
        QApplication.processEvents()


def _seen(window: QWidget, *kinds: type[QWidget]) -> Iterator[QWidget]:
    for one in window.findChildren(QWidget):
        if isinstance(one, kinds) and one.isVisible():
            yield one


def _cut(window: MainWindow) -> list[str]:
    """Words in one line that have less room than they need. What is shortened with dots on purpose is not cut."""
    found = []
    for one in _seen(window, QLabel, QPushButton):
        assert isinstance(one, QLabel | QPushButton)
        if isinstance(one, Elided) or (isinstance(one, QLabel) and one.wordWrap()) or not one.text():
            continue
        if one.width() < one.minimumSizeHint().width() - 1:
            found.append(f"{one.text()!r}: {one.width()} of {one.minimumSizeHint().width()}")
    return found


@pytest.mark.parametrize("size", SIZES)
def test_no_words_are_cut(dressed: MainWindow, size: tuple[int, int]) -> None:
    actions = dressed.actions_
    for show in (actions.show_run, actions.rephrase, actions.compare, actions.welcome):
        show.trigger()
        _settle(dressed, size)
        assert _cut(dressed) == [], show.text()


def test_fields_have_one_height(dressed: MainWindow) -> None:
    for key in ("model", "concepts", "aim", "schedule", "settings"):
        dressed.workbench.setup.section(key).set_folded(False)
    _settle(dressed, (1280, 1400))
    fields = [
        one
        for one in _seen(dressed.workbench.setup, QLineEdit, QAbstractSpinBox, QComboBox)
        if not isinstance(one.parent(), QAbstractSpinBox)
    ]
    assert len(fields) > 8
    assert {one.accessibleName(): one.height() for one in fields if one.height() != 28} == {}


@pytest.mark.parametrize("size", SIZES)
def test_the_set_up_is_no_wider_than_its_dock(dressed: MainWindow, size: tuple[int, int]) -> None:
    for key in ("model", "concepts", "texts", "aim", "live", "schedule", "settings"):
        dressed.workbench.setup.section(key).set_folded(False)
    _settle(dressed, size)
    area = dressed.workbench.setup.findChild(QScrollArea)
    assert area is not None and area.verticalScrollBar().isVisible()
    assert area.widget().width() <= area.viewport().width()


def test_controls_beside_the_tabs_leave_the_tabs_alone(dressed: MainWindow) -> None:
    tabs = dressed.workbench.tabs
    for size in ((960, 640), *SIZES):
        _settle(dressed, size)
        for panel in (dressed.workbench.runs, dressed.workbench.probes):
            dressed.workbench.show_tab(panel)
            _settle(dressed, size)
            bar = tabs.tabBar()
            end = bar.mapTo(tabs, QPoint(bar.width(), 0)).x()
            beside = tabs.cornerWidget()
            begins = [one.mapTo(tabs, QPoint(0, 0)).x() for one in _seen(beside, QPushButton, QLineEdit, QToolButton)]
            assert begins and min(begins) >= end, f"{panel.objectName()} at {size}"
            # From the smallest size that is promised on, every tab is seen.
            assert size < SIZES[0] or bar.width() >= bar.sizeHint().width(), f"{panel.objectName()} at {size}"


def test_a_longer_step_is_whole_at_once(dressed: MainWindow) -> None:
    """The words grow by a figure; what is painted next, before any layout of its own, has all of them."""
    _settle(dressed, (1280, 800))
    bar = dressed.workbench.run_bar
    for step in ("step 9 of 12", "step 11 of 12", "step 1,000 of 12,000"):
        bar._say("Round 10 of 10", f"Unlearn · {step}", "stage 0:21 · <b>run 1:38 left</b>")
        assert bar._rest.width() >= bar._rest.fontMetrics().horizontalAdvance(bar._rest.text())
        for words in (bar._begin, bar._left):
            assert words.width() >= words.sizeHint().width()


def test_a_long_name_is_shortened_and_the_rest_is_kept(dressed: MainWindow, bench: FakeWorkbench, qtbot: QtBot) -> None:
    bench.keep("long", title="Leonardo " * 22)
    dressed.session.runs_changed.emit() if hasattr(dressed.session, "runs_changed") else None
    strip = dressed.workbench.past
    _settle(dressed, (1280, 800))
    strip.show_run(bench.records["long"], live=True, kept=True)
    _settle(dressed, (1280, 800))
    assert strip.words.width() < strip.words.fontMetrics().horizontalAdvance(strip.words.text())
    assert strip._tail.width() >= strip._tail.sizeHint().width() and "round 3 kept" in strip.said
    assert _cut(dressed) == []


def test_the_tab_in_front_stays_when_the_window_is_narrowed(dressed: MainWindow) -> None:
    bench = dressed.workbench
    _settle(dressed, (1600, 1000))
    bench.show_tab(bench.log)
    _settle(dressed, (1280, 800))
    assert bench.tabs.currentWidget() is bench.log
