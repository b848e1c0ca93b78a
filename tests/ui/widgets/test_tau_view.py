from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from atu_gui.core.events import SimilaritySeen
from atu_gui.core.histogram import BINS
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.tau_view import TauView
from tests.ui.fake_run import bell
from tests.ui.run_events import RUN, started


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> TauView:
    made = TauView(theme)
    qtbot.addWidget(made)
    made.show_tau(0.25, pending=False)
    made.show()
    return made


def _seen(retain: tuple[int, ...]) -> SimilaritySeen:
    return SimilaritySeen(RUN, 1, 20, bell(0.3, 0.05, 1000), retain)


def test_without_similarities_it_says_where_they_come_from(view: TauView) -> None:
    assert view._empty.isVisible() and not view.histogram.isVisible()
    view.handle(_seen(bell(0.1, 0.05, 1000)))
    assert view.histogram.isVisible() and not view._empty.isVisible()
    view.handle(started())
    assert view._empty.isVisible() and view.suggested is None


def test_it_says_what_the_line_pushes_while_it_moves(view: TauView) -> None:
    view.handle(_seen(bell(0.1, 0.05, 1000)))
    assert view.words == "concept 84 %, other 0 % pushed"
    QTest.keyPress(view.histogram, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.words == "concept 98 %, other 2 % pushed"


def test_the_suggestion_spares_nearly_all_other_text(qtbot: QtBot, view: TauView) -> None:
    view.handle(_seen(bell(0.1, 0.05, 1000)))
    assert view.suggested == 0.19
    assert view._suggestion.text() == "Suggested: 0.19. 95 % of other text lies below it."
    with qtbot.waitSignal(view.tau_requested) as asked:
        view._use.click()
    assert asked.args == [0.19]
    view.show_tau(0.19, pending=False)
    assert not view._use.isVisible()


def test_without_other_text_nothing_is_suggested(view: TauView) -> None:
    view.handle(_seen((0,) * BINS))
    assert view.suggested is None and not view._use.isVisible()
    assert view.words == "concept 84 %, other – pushed"
