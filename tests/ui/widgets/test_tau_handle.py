from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.tau_handle import TauHandle


@pytest.fixture
def handle(qtbot: QtBot) -> TauHandle:
    theme = Theme()
    made = TauHandle(theme)
    theme.setParent(made)
    qtbot.addWidget(made)
    made.set_applied(0.4)
    made.show()
    return made


@pytest.mark.parametrize(
    ("key", "modifier", "wanted"),
    [
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, 0.41),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, 0.39),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier, 0.45),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, 0.35),
    ],
)
def test_keys_ask_when_they_are_let_go(
    qtbot: QtBot, handle: TauHandle, key: Qt.Key, modifier: Qt.KeyboardModifier, wanted: float
) -> None:
    with qtbot.waitSignal(handle.tau_requested) as asked:
        QTest.keyClick(handle, key, modifier)
    assert asked.args == [pytest.approx(wanted)]
    assert handle.pending == pytest.approx(wanted)
    assert handle.applied == 0.4


def test_a_held_key_asks_once(qtbot: QtBot, handle: TauHandle) -> None:
    asked: list[float] = []
    handle.tau_requested.connect(asked.append)
    for _ in range(3):
        QTest.keyPress(handle, Qt.Key.Key_Up)
    assert asked == []
    QTest.keyRelease(handle, Qt.Key.Key_Up)
    assert asked == [pytest.approx(0.43)]


def test_escape_takes_the_wish_back(handle: TauHandle) -> None:
    asked: list[float] = []
    handle.tau_requested.connect(asked.append)
    QTest.keyPress(handle, Qt.Key.Key_Up)
    QTest.keyClick(handle, Qt.Key.Key_Escape)
    QTest.keyRelease(handle, Qt.Key.Key_Up)
    assert asked == []
    assert handle.shown == 0.4


def test_the_mouse_asks_when_it_is_let_go(handle: TauHandle) -> None:
    asked: list[float] = []
    handle.tau_requested.connect(asked.append)
    handle.dragged.connect(lambda place: handle.wish(0.3))
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=QPoint(30, 10))
    QTest.mouseMove(handle, QPoint(30, 20))
    assert handle.shown == 0.3
    assert asked == []
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=QPoint(30, 20))
    assert asked == [0.3]


def test_a_click_without_a_move_asks_nothing(handle: TauHandle) -> None:
    asked: list[float] = []
    handle.tau_requested.connect(asked.append)
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton)
    assert asked == []


def test_it_is_pending_until_a_step_has_that_tau(handle: TauHandle) -> None:
    handle.wish(0.3)
    handle.request()
    handle.set_applied(0.4)
    assert handle.pending == 0.3
    handle.set_applied(0.30000001)
    assert handle.pending is None
    assert handle.shown == pytest.approx(0.3)


def test_wishes_stay_within_the_open_interval(handle: TauHandle) -> None:
    handle.wish(3.0)
    assert handle.shown == 0.99
    handle.wish(-3.0)
    assert handle.shown == -0.99


def test_assistive_tools_hear_name_and_value(handle: TauHandle) -> None:
    spoken = QAccessible.queryAccessibleInterface(handle)
    assert spoken.role() == QAccessible.Role.Slider
    assert spoken.text(QAccessible.Text.Name) == "τ"
    assert spoken.text(QAccessible.Text.Description) == "0.40"
    assert handle.value() == 400
    handle.wish(0.35)
    assert handle.accessibleDescription() == "0.35 wished, applied 0.40"
