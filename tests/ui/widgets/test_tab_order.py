"""The order of Tab is read off the screen; tests/ui/test_accessibility.py walks the whole window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from atu_gui.ui.widgets.tab_order import move_focus, tab_stops


class _Window(QWidget):
    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802
        return move_focus(self, forward)


def _field(parent: QWidget, name: str, x: int, y: int, w: int = 80, h: int = 20) -> QLineEdit:
    made = QLineEdit(parent)
    made.setObjectName(name)
    made.setGeometry(x, y, w, h)
    made.show()
    return made


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = _Window()
    qtbot.addWidget(made)
    made.resize(400, 300)
    with qtbot.waitActive(made):
        made.show()
    return made


def _names(window: QWidget) -> list[str]:
    return [one.objectName() for one in tab_stops(window)]


def test_rows_come_before_columns_whatever_was_made_first(window: QWidget) -> None:
    _field(window, "below", 0, 100)
    _field(window, "right", 100, 0)
    _field(window, "left", 0, 0)
    assert _names(window) == ["left", "right", "below"]


def test_a_column_beside_one_that_has_no_gap_there_is_read_to_its_end(window: QWidget) -> None:
    _field(window, "tall right", 200, 0, h=120)
    _field(window, "lower left", 0, 60)
    _field(window, "upper left", 0, 0)
    assert _names(window) == ["upper left", "lower left", "tall right"]


def test_what_a_widget_holds_stays_together(window: QWidget) -> None:
    panel = QWidget(window)
    panel.setGeometry(0, 0, 100, 200)
    panel.show()
    _field(window, "beside", 150, 0)
    _field(panel, "second", 0, 100)
    _field(panel, "first", 0, 0)
    assert _names(window) == ["first", "second", "beside"]


def test_what_is_hidden_or_off_is_passed_over_and_the_end_leads_to_the_beginning(window: QWidget) -> None:
    fields = [_field(window, str(number), 0, 30 * number) for number in range(4)]
    fields[1].hide()
    fields[2].setEnabled(False)
    fields[0].setFocus()
    walked = []
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        QTest.keyClick(window.windowHandle(), key)
        walked.append(QApplication.focusWidget())
    assert walked == [fields[3], fields[0], fields[3]]
    assert window.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange), "or the focus ring would not show"


def test_where_there_is_nothing_else_the_focus_stays(window: QWidget) -> None:
    assert not move_focus(window, forward=True)
    only = _field(window, "only", 0, 0)
    only.setFocus()
    assert not move_focus(window, forward=True) and window.focusWidget() is only


def test_a_stop_that_is_scrolled_out_comes_into_sight(window: QWidget, qtbot: QtBot) -> None:
    area, body = QScrollArea(window), QWidget()
    inside = QVBoxLayout(body)
    fields = [QLineEdit() for _ in range(30)]
    for field in fields:
        inside.addWidget(field)
    area.setWidget(body)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setGeometry(0, 50, 200, 100)
    area.show()
    above = _field(window, "above", 0, 0)
    above.setFocus()
    assert fields[-1].visibleRegion().isEmpty()
    assert move_focus(window, forward=False)
    assert window.focusWidget() is fields[-1] and not fields[-1].visibleRegion().isEmpty()
