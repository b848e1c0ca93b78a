from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from atu_gui.core.round_marks import RoundDot
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.frontier import Frontier
from atu_gui.ui.widgets.plot_base import AXIS_HEIGHT, TICK_ROOM

DOTS = (RoundDot(0, 0.2, 2.15), RoundDot(1, 0.12, 2.16), RoundDot(2, 0.05, 2.2))


@pytest.fixture
def frontier(qtbot: QtBot) -> Frontier:
    theme = Theme()
    made = Frontier(theme)
    theme.setParent(made)
    qtbot.addWidget(made)
    made.resize(320, 260)
    made.show()
    qtbot.waitExposed(made)
    made.set_dots(DOTS)
    return made


def test_the_ring_is_on_the_newest_round_until_one_is_chosen(frontier: Frontier) -> None:
    assert frontier.ringed == 2
    frontier.set_dots((*DOTS, RoundDot(3, 0.04, 2.21)))
    assert frontier.ringed == 3


def test_at_the_end_of_a_run_the_ring_is_on_the_round_that_is_kept(frontier: Frontier) -> None:
    frontier.set_dots(DOTS, 1)
    assert frontier.ringed == 1
    frontier.set_dots(DOTS, 0)
    assert frontier.ringed == 0


def test_a_click_on_a_dot_chooses_its_round(qtbot: QtBot, frontier: Frontier) -> None:
    spot = frontier.plot.mapFrom(frontier, frontier.point_of(1).toPoint())
    with qtbot.waitSignal(frontier.round_chosen) as chosen:
        QTest.mouseClick(frontier.plot.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert chosen.args == [1]
    frontier.set_dots((*DOTS, RoundDot(3, 0.04, 2.21)))
    assert frontier.ringed == 1


def test_a_click_beside_the_dots_chooses_nothing(qtbot: QtBot, frontier: Frontier) -> None:
    spot = frontier.plot.mapFrom(frontier, frontier.point_of(1).toPoint())
    with qtbot.assertNotEmitted(frontier.round_chosen):
        QTest.mouseClick(frontier.plot.viewport(), Qt.MouseButton.LeftButton, pos=spot + spot.__class__(40, 0))


def test_keys_move_the_ring_and_choose(qtbot: QtBot, frontier: Frontier) -> None:
    QTest.keyClick(frontier, Qt.Key.Key_Left)
    assert frontier.accessibleDescription() == "round 1: forget 0.12, token loss 2.16"
    with qtbot.waitSignal(frontier.round_chosen) as chosen:
        QTest.keyClick(frontier, Qt.Key.Key_Return)
    assert chosen.args == [1]


def test_words_lie_within_the_plot_and_on_no_dot(frontier: Frontier) -> None:
    # The untouched model at the left edge: what it is called would stick out of the plot.
    crowd = (RoundDot(0, 0.0, 2.15), *(RoundDot(n, 0.002 * n, 2.15 + 0.002 * (n % 3)) for n in range(1, 9)))
    frontier.set_dots((*crowd, RoundDot(9, 0.2, 2.2)))
    shown = [words for words in frontier._words if words.isVisible()]
    assert {"untouched", "9"} <= {words.toPlainText() for words in shown} and len(shown) < 10
    areas = [QRectF(frontier.plot.getViewBox().mapViewToScene(words.pos()), words.size()) for words in shown]
    frame = frontier.plot.frame()
    assert all(frame.adjusted(-1, -1, 1, 1).contains(area) for area in areas)
    for at, area in enumerate(areas):
        assert not any(area.adjusted(1, 1, -1, -1).intersects(other) for other in areas[at + 1 :])


def test_the_axis_says_which_questions_and_stays_in_the_middle(frontier: Frontier) -> None:
    axis = frontier.plot.bottom
    frontier.show_asked("test questions")
    assert axis.labelText == "forget recall, test questions (lower is better)"
    middle = axis.label.pos().x() + axis.label.boundingRect().width() / 2
    assert middle == pytest.approx(axis.size().width() / 2, abs=1)


def test_the_axis_has_no_more_words_than_room(qtbot: QtBot, frontier: Frontier) -> None:
    axis = frontier.plot.bottom
    frontier.show_asked("test questions")
    for width, words in ((260, "forget recall, test questions"), (150, "forget recall")):
        frontier.resize(width, 260)
        qtbot.waitUntil(lambda words=words: axis.labelText == words, timeout=20_000)
        assert axis.label.boundingRect().width() <= axis.size().width() + TICK_ROOM
    assert "forget recall, test questions (lower is better)" in frontier.title.caption.toolTip()


def test_a_low_plot_names_its_axis_in_the_title_and_gives_the_height_to_its_dots(
    qtbot: QtBot, frontier: Frontier
) -> None:
    frontier.resize(400, 130)
    qtbot.waitUntil(lambda: not frontier.plot.bottom.label.isVisible(), timeout=20_000)
    assert frontier.title.caption.text() == "token loss by forget recall · click a round"
    qtbot.waitUntil(lambda: frontier.plot.bottom.height() == AXIS_HEIGHT, timeout=20_000)
    frontier.resize(400, 260)
    qtbot.waitUntil(frontier.plot.bottom.label.isVisible, timeout=20_000)
    assert frontier.title.caption.text() == "token loss · click a round"
