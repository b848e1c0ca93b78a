from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from atu_gui.core.knowledge import Knowledge
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.knowledge_view import KnowledgeView
from tests.ui.fake_run import materials
from tests.ui.fake_workbench import knowledge


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> KnowledgeView:
    made = KnowledgeView(theme)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_verdict_with_the_answers_behind_it(view: KnowledgeView) -> None:
    view.begin()
    assert view.asking and view._cancel.isVisible() and not view._check.isVisible()
    view.show_result(knowledge(materials()))
    assert view.words.startswith("It answers 2 of 6 questions (recall 0.33).")
    assert view._good.isVisible() and not view._poor.isVisible() and not view.asking
    assert not view._answers.isVisible()
    view._show.click()
    words = [one.text() for one in view._answers.findChildren(QLabel)]
    assert view._answers.isVisible() and words.count("Known: Verrocchio") == 2
    assert words.count("Not known: Verrocchio") == 4 and "I am not sure." in words


def test_next_to_nothing_is_warned_of(view: KnowledgeView) -> None:
    found = knowledge(materials())
    view.show_result(Knowledge(found.forget[1:3], found.neighbour, own=False))
    assert view._poor.isVisible() and not view._good.isVisible()
    assert "almost nothing" in view.words


def test_cleared_it_only_offers_to_ask(view: KnowledgeView) -> None:
    view.show_result(knowledge(materials()))
    view.clear()
    assert view.words == "" and view._check.isVisible() and not view._show.isVisible()
