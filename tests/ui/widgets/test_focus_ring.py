from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.focus_ring import FocusRing
from atu_gui.ui.widgets.section import Section


@pytest.fixture
def ring(qtbot: QtBot, theme: Theme) -> Iterator[FocusRing]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    made = FocusRing(theme, app)
    yield made
    app.focusChanged.disconnect(made.follow)
    made.deleteLater()


def _around(ring: FocusRing, widget: QWidget) -> bool:
    """Whether all of the ring is in the window, around the widget and above all that lies there."""
    window, within = widget.window(), ring.parentWidget()
    if within is None or not ring.isVisible():
        return False
    frame = QRect(ring.mapTo(window, QPoint(0, 0)), ring.size())
    inside = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    whole = not ring.visibleRegion().isEmpty() and ring.visibleRegion().boundingRect() == ring.rect()
    later = within.children()[within.children().index(ring) + 1 :]
    hidden = any(isinstance(one, QWidget) and one.geometry().intersects(ring.geometry()) for one in later)
    return whole and not hidden and frame.contains(inside.adjusted(-2, -2, 2, 2))


def test_the_ring_is_whole_where_a_layout_is_tight(qtbot: QtBot, theme: Theme, ring: FocusRing) -> None:
    window, tight = QWidget(), QWidget()
    qtbot.addWidget(window)
    first, second = QPushButton("Untouched weights"), QPushButton("Current weights")
    inside = QHBoxLayout(tight)
    inside.setContentsMargins(0, 0, 0, 0)
    inside.setSpacing(0)
    for one in (first, second):
        inside.addWidget(one)
    whole = QVBoxLayout(window)
    whole.addWidget(tight)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_Tab)
        now = window.focusWidget()
        assert now in (first, second)
        qtbot.waitUntil(lambda now=now: _around(ring, now), timeout=20_000)
    QTest.mouseClick(second if first.hasFocus() else first, Qt.MouseButton.LeftButton)
    assert not ring.isVisible()


def test_whatever_takes_the_keyboard_has_a_ring(qtbot: QtBot, theme: Theme, ring: FocusRing) -> None:
    section = Section("Aim", QLabel("Layer"), theme)
    area = QScrollArea()
    qtbot.addWidget(area)
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.addWidget(section)
    layout.addWidget(QPushButton("Use"))
    area.setWidgetResizable(True)
    area.setWidget(page)
    with qtbot.waitActive(area):
        area.show()
        area.activateWindow()
    heading = next(one for one in section.findChildren(QWidget) if one.accessibleName() == "Aim")
    for _ in range(4):
        QTest.keyClick(area, Qt.Key.Key_Tab)
        if heading.hasFocus():
            break
    qtbot.waitUntil(lambda: _around(ring, heading), timeout=20_000)


def test_what_is_scrolled_into_sight_has_a_ring(qtbot: QtBot, ring: FocusRing) -> None:
    area, page = QScrollArea(), QWidget()
    qtbot.addWidget(area)
    layout = QVBoxLayout(page)
    buttons = [QPushButton(f"Round {number}") for number in range(30)]
    for one in buttons:
        layout.addWidget(one)
    area.setWidgetResizable(True)
    area.setWidget(page)
    area.resize(200, 150)
    with qtbot.waitActive(area):
        area.show()
        area.activateWindow()
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    buttons[0].setFocus()

    def stands() -> bool:
        now = area.focusWidget()
        return now is not None and _around(ring, now)

    for _ in buttons:
        # Backwards from the first is the last, far below.
        QTest.keyClick(area, Qt.Key.Key_Backtab)
        qtbot.waitUntil(stands, timeout=20_000)
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    area.verticalScrollBar().setValue(0)
    qtbot.waitUntil(stands, timeout=20_000)


def test_the_ring_outlives_a_dialog(qtbot: QtBot, ring: FocusRing) -> None:
    for _ in range(2):
        dialog = QWidget()
        layout = QVBoxLayout(dialog)
        for words in ("Cancel", "Save"):
            layout.addWidget(QPushButton(words))
        with qtbot.waitActive(dialog):
            dialog.show()
            dialog.activateWindow()
        QTest.keyClick(dialog, Qt.Key.Key_Tab)
        assert ring.isVisible() and ring.window() is dialog
        dialog.close()
        dialog.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not ring.isVisible()
