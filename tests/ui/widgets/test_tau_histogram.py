from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.tau_histogram import TauHistogram
from tests.ui.fake_run import bell


@pytest.fixture
def histogram(qtbot: QtBot, theme: Theme) -> TauHistogram:
    made = TauHistogram(theme)
    qtbot.addWidget(made)
    made.resize(300, 120)
    made.show_counts(bell(0.3, 0.05, 1000), bell(0.1, 0.05, 1000))
    made.show_tau(0.25)
    made.show()
    return made


def _asked(histogram: TauHistogram) -> list[float]:
    asked: list[float] = []
    histogram.tau_requested.connect(asked.append)
    return asked


@pytest.mark.parametrize(
    ("key", "modifier", "wanted"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 0.26),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 0.24),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier, 0.30),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, 0.20),
    ],
)
def test_keys_ask_once_they_are_let_go(
    histogram: TauHistogram, key: Qt.Key, modifier: Qt.KeyboardModifier, wanted: float
) -> None:
    asked = _asked(histogram)
    QTest.keyPress(histogram, key, modifier)
    assert asked == [] and histogram.shown == pytest.approx(wanted)
    QTest.keyRelease(histogram, key, modifier)
    assert asked == [pytest.approx(wanted)]


def test_the_line_follows_the_mouse_and_asks_when_it_is_let_go(histogram: TauHistogram) -> None:
    asked, seen = _asked(histogram), []
    histogram.previewed.connect(seen.append)
    place = QPoint(round(histogram._x(0.2)), 60)
    QTest.mousePress(histogram, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(histogram, place + QPoint(20, 0))
    assert asked == [] and len(seen) == 2
    QTest.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=place + QPoint(20, 0))
    assert asked == [seen[-1]]
    assert seen[0] == pytest.approx(0.2, abs=0.011) and seen[1] > seen[0]


def test_escape_takes_the_move_back(histogram: TauHistogram) -> None:
    asked = _asked(histogram)
    QTest.keyPress(histogram, Qt.Key.Key_Right)
    QTest.keyClick(histogram, Qt.Key.Key_Escape)
    QTest.keyRelease(histogram, Qt.Key.Key_Right)
    assert asked == [] and histogram.shown == 0.25


def test_the_axis_holds_all_counts_and_tau(histogram: TauHistogram) -> None:
    low, high = histogram._range
    assert low < -0.05 and high > 0.45
    histogram.show_tau(0.9)
    assert histogram._range[1] > 0.9
    assert 0 < histogram._x(0.9) < histogram.width()


def test_assistive_tools_hear_name_value_and_shares(histogram: TauHistogram) -> None:
    spoken = QAccessible.queryAccessibleInterface(histogram)
    assert spoken.role() == QAccessible.Role.Slider
    assert histogram.value() == 250
    assert histogram.accessibleDescription() == "0.25, pushes 84 % of concept, 0 % of other text"


def test_it_paints_in_both_schemes(histogram: TauHistogram, theme: Theme) -> None:
    pictures = []
    for mode in ("dark", "light"):
        theme.set_mode(mode)  # type: ignore[arg-type]
        pictures.append(histogram.grab().toImage())
    assert pictures[0] != pictures[1]
