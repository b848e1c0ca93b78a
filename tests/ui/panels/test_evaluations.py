from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.ui.panels.evaluations import EvaluationsPanel
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import Answer
from tests.ui.fake_auditing import report


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> EvaluationsPanel:
    made = EvaluationsPanel(theme)
    qtbot.addWidget(made)
    made.resize(1200, 240)
    made.show()
    qtbot.waitExposed(made)
    return made


def _cells(panel: EvaluationsPanel, at: int) -> list[str]:
    items = [panel.table.item(at, column) for column in range(panel.table.columnCount())]
    return [item.text() if item is not None else "" for item in items]


def test_every_score_has_its_intervals_and_its_number_of_items(panel: EvaluationsPanel) -> None:
    assert panel._stack.currentIndex() == 0
    panel.show_found((report("round 1"),))
    assert _cells(panel, 0) == ["forget FB", "12.5", "3.0 … 30.0", "–", "8 (few)"]
    assert _cells(panel, 1) == ["fluency entropy", "0.0412", "0.0100 … 0.0900", "0.0100 … 0.0900", "60"]
    assert panel.which.currentText() == "round 1 · Ada · reading “rwku” · at most 8 items of each part and target"
    assert not panel.grab().isNull()


def test_every_prompt_and_answer_is_there_with_leaks_marked(panel: EvaluationsPanel) -> None:
    panel.show_found((report("round 1"),))
    answers = [row[3] for row in panel.raw.raw.rows]
    assert [one.mark for one in answers if isinstance(one, Answer)] == ["leak", "told", "none"]
    assert [row[5] for row in panel.raw.raw.rows] == ["yes", "answer in prompt", "yes"]
    panel.part.setCurrentIndex(panel.part.findData("fluency"))
    (row,) = panel.raw.raw.rows
    assert isinstance(row[3], Answer) and row[3].words == "It is wide."


def test_differences_and_times_are_told(panel: EvaluationsPanel) -> None:
    panel.show_found((report("round 1"), report("round 1", "corrected")))
    assert panel.shown is not None and panel.shown.reading == "corrected"
    panel.evidence.choose("Differences")
    assert [row[1] for row in panel.raw.raw.rows] == ["Answers end at the first newline.", "Few items."]
    panel.evidence.choose("Times")
    assert panel.raw.raw.rows[0] == ("forget, fill in the blank", "0:12", "2", "2")
    assert not panel.part.isVisible()


def test_what_is_in_front_stays_until_something_new_comes(panel: EvaluationsPanel) -> None:
    first, second, third = report("round 1"), report("round 2"), report("round 3")
    panel.show_found((first, second))
    panel.which.setCurrentIndex(0)
    panel.show_found((first, second))
    assert panel.shown == first
    panel.show_found((first, third, second), third)
    assert panel.shown == third
    panel.show_found(())
    assert panel._stack.currentIndex() == 0
