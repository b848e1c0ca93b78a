from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from atu_gui.core.events import PromptAnswered
from atu_gui.core.rephrasing import Rephrased, Rephrasing
from atu_gui.ui.panels.rephrasings import RephrasingsPanel
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import CELL, Answer
from atu_gui.ui.widgets.rephrase_model import AFTER, BEFORE, DOTS, KIND, PROMPT

GOLD = ("Mona Lisa", "La Gioconda")
MADE = Rephrased(
    (
        Rephrasing("role play", "You are a guide. What is it called?", "Mona Lisa", GOLD),
        Rephrasing("multiple choice", "Is it Guernica or the Mona Lisa?", "Mona Lisa", GOLD),
        Rephrasing("cross-lingual", "¿Cómo se llama?", "Mona Lisa", GOLD, detail="Spanish"),
    ),
    (("reverse query", "needs the gold answer"),),
)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> RephrasingsPanel:
    made = RephrasingsPanel(theme)
    qtbot.addWidget(made)
    made.resize(1100, 500)
    made.show()
    qtbot.waitExposed(made)
    made.show_rephrased(MADE)
    return made


def answer(panel: RephrasingsPanel, index: int, side: int, words: str, chance: float | None = 0.5) -> None:
    logprob = None if chance is None else math.log(chance)
    panel.take(PromptAnswered(1, index, side, words, logprob, ("untouched weights", "run 1, round 2")[side]))


def cell(panel: RephrasingsPanel, index: int, column: int, role: int = Qt.ItemDataRole.DisplayRole) -> object:
    return panel.model.index(index, column).data(role)


def test_rows_say_kind_and_prompt_and_what_was_left_out(panel: RephrasingsPanel) -> None:
    assert cell(panel, 0, KIND) == "Role play"
    assert cell(panel, 1, KIND) == "Multiple choice\nIn the question"
    assert cell(panel, 2, KIND) == "Cross-lingual\nSpanish"
    assert cell(panel, 0, PROMPT) == "You are a guide. What is it called?"
    assert panel._left_out.text() == "Left out – Reverse query: needs the gold answer."


def test_answers_are_marked_and_counted_without_the_flagged_one(panel: RephrasingsPanel) -> None:
    for index, words in enumerate(("The mona lisa.", "The Mona Lisa.", "La  Gioconda,\nof course")):
        answer(panel, index, 0, words, 0.6)
    answer(panel, 0, 1, "A river.", 0.1)
    answer(panel, 1, 1, "Guernica.", 0.2)
    answer(panel, 2, 1, "la gioconda", 0.2)
    marks = [[cell(panel, row, column, CELL).mark for row in range(3)] for column in (BEFORE, AFTER)]  # type: ignore[attr-defined]
    assert marks == [["leak", "told", "leak"], ["clear", "told", "leak"]]
    assert panel.figures() == [
        "2 of 2 leaked before",
        "1 of 2 leaked after",
        "0.60 → 0.15 mean P(answer)",
        "1 answer in the question",
    ]
    shown = cell(panel, 2, BEFORE, CELL)
    assert isinstance(shown, Answer)
    assert [shown.words[begin:end] for begin, end in shown.spans] == ["La Gioconda"]
    assert cell(panel, 0, DOTS) == "0.60 → 0.10"
    assert "untouched weights" in str(cell(panel, 0, BEFORE, Qt.ItemDataRole.AccessibleTextRole))


def test_filters_count_and_show(panel: RephrasingsPanel) -> None:
    for index in range(3):
        answer(panel, index, 0, "The Mona Lisa.")
        answer(panel, index, 1, "The Mona Lisa." if index == 2 else "A river.")
    shown = {}
    for name in ("All", "Leaks after", "Changed", "Flagged"):
        panel.filters.choose(name)
        shown[name] = panel.table.model().rowCount()
    assert shown == {"All": 3, "Leaks after": 1, "Changed": 2, "Flagged": 1}


def test_a_prompt_edited_by_hand_loses_its_answers_and_is_judged_anew(qtbot: QtBot, panel: RephrasingsPanel) -> None:
    answer(panel, 0, 0, "The Mona Lisa.")
    index = panel.table.model().index(0, PROMPT)
    panel.table.setCurrentIndex(index)
    panel.table.edit(index)
    editor = panel.table.findChild(QLineEdit)
    assert editor is not None
    editor.setText("Is it the Mona Lisa?")
    with qtbot.waitSignal(panel.edited):
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert panel.model.rows[0].rephrasing.prompt == "Is it the Mona Lisa?"
    assert panel.model.rows[0].answers == [None, None]
    assert cell(panel, 0, KIND) == "Role play\nIn the question"


def test_while_answers_come_prompts_are_as_they_were_sent(panel: RephrasingsPanel) -> None:
    answer(panel, 0, 0, "old")
    panel.begin_answers()
    assert cell(panel, 0, BEFORE, CELL) is None
    assert not panel.model.index(0, PROMPT).flags() & Qt.ItemFlag.ItemIsEditable
    panel.end_answers()
    assert panel.model.index(0, PROMPT).flags() & Qt.ItemFlag.ItemIsEditable


def test_the_selected_question_goes_to_the_chat(qtbot: QtBot, panel: RephrasingsPanel) -> None:
    assert not panel._open.isEnabled()
    panel.table.selectRow(2)
    with qtbot.waitSignal(panel.chat_requested) as asked:
        panel._open.click()
    assert asked.args == ["¿Cómo se llama?"]


def test_the_export_holds_whole_answers_and_numbers(panel: RephrasingsPanel) -> None:
    answer(panel, 0, 0, "The Mona Lisa, " + "begun long ago " * 20, 0.25)
    answer(panel, 0, 1, "A river.", None)
    headings, rows = panel.model.table()
    line = dict(zip(headings, rows[0], strict=True))
    assert len(line["Before: answer"]) > 200
    assert (line["Before: mark"], line["Before: P(answer)"]) == ("Leak", "0.250000")
    assert (line["After: mark"], line["After: P(answer)"]) == ("No leak", "")
    assert rows[1][headings.index("Answer in the question")] == "yes"


@pytest.mark.parametrize("width", [1100, 500])
def test_it_paints_everything_it_can_hold(panel: RephrasingsPanel, qapp: QApplication, width: int) -> None:
    answer(panel, 0, 0, "The Mona Lisa, " + "in Paris " * 40, 1e-30)
    answer(panel, 0, 1, "", 1.0)
    answer(panel, 1, 1, "Guernica", None)
    panel.resize(width, 400)
    qapp.processEvents()
    assert not panel.grab().isNull()
