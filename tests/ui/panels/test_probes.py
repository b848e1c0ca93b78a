from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core.events import ItemAnswered, ItemSampled, RunFinished, RunStarted
from atu_gui.ui.panels.probes import ProbesPanel
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import CELL
from atu_gui.ui.widgets.probes_model import AFTER, BEFORE, DOTS, QUERY, RECALL, SMOOTH
from tests.ui.run_events import scored, started

FORGET = ItemAnswered(
    "r", 0, "f1", "forget", "question", "What is it called?", "Mona Lisa", "The Mona Lisa.", 1.0, -0.5
)
BLANK = replace(
    FORGET, probe_id="f2", kind="cloze", query="Is the Mona Lisa ___?", answer="the Mona Lisa", gold="Mona Lisa"
)
NEAR = ItemAnswered("r", 0, "n1", "neighbour", "question", "Where did he work?", "Florence", "In Florence.", 1.0, -0.2)
FAR = replace(NEAR, probe_id="n2", query="Who taught him?", gold="Ghirlandaio", answer="Nobody.")


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> ProbesPanel:
    made = ProbesPanel(theme)
    qtbot.addWidget(made)
    made.resize(1100, 260)
    made.show()
    qtbot.waitExposed(made)
    made.handle(started())
    for item in (FORGET, BLANK, NEAR, FAR):
        made.handle(item)
    return made


def answered(panel: ProbesPanel, item: ItemAnswered, round_: int, words: str, logprob: float = -3.0) -> None:
    panel.handle(replace(item, round=round_, answer=words, answer_logprob=logprob, rouge_l_recall=0.0))


def second_round(panel: ProbesPanel) -> None:
    answered(panel, FORGET, 1, "La Gioconda or the mona lisa")
    answered(panel, FORGET, 2, "A river.")
    answered(panel, BLANK, 2, "the mona lisa")
    answered(panel, NEAR, 2, "I am not sure.")
    answered(panel, FAR, 2, "Nobody.")


def shown(panel: ProbesPanel) -> list[str]:
    return [panel.shown.index(row, QUERY).data() for row in range(panel.shown.rowCount())]


def test_before_stays_and_after_follows_the_newest_round_or_the_chosen_one(qtbot: QtBot, panel: ProbesPanel) -> None:
    assert panel.model.index(0, AFTER).data() == "–"
    second_round(panel)
    qtbot.waitUntil(lambda: panel.round.count() == 3)
    assert (panel.model.index(0, BEFORE).data(), panel.model.index(0, AFTER).data()) == ("The Mona Lisa.", "A river.")
    panel.round.setCurrentIndex(1)
    assert panel.model.index(0, AFTER).data() == "La Gioconda or the mona lisa"
    assert panel.model.headerData(AFTER, Qt.Orientation.Horizontal) == "● After: round 1"
    answered(panel, FORGET, 3, "Nothing.")
    assert panel.model.index(0, AFTER).data() == "La Gioconda or the mona lisa"
    assert "Round 2: A river." in panel.model.index(0, QUERY).data(Qt.ItemDataRole.ToolTipRole)


def test_at_the_end_after_is_the_round_that_is_kept_unless_one_was_chosen(qtbot: QtBot, panel: ProbesPanel) -> None:
    second_round(panel)
    qtbot.waitUntil(lambda: panel.round.count() == 3)
    assert panel.round.currentText() == "Newest round"
    panel.handle(RunFinished("r", "all rounds done", 1, 2, 9.0, ""))
    qtbot.waitUntil(lambda: panel.round.currentText() == "Round 1, kept")
    assert panel.model.index(0, AFTER).data() == "La Gioconda or the mona lisa"
    assert panel.model.headerData(AFTER, Qt.Orientation.Horizontal) == "● After: round 1"
    panel.round.setCurrentIndex(2)
    assert panel.model.index(0, AFTER).data() == "A river."
    panel.handle(started())
    assert panel.model.kept == 0


def test_marks_say_leak_for_what_goes_and_lost_for_what_stays(panel: ProbesPanel) -> None:
    second_round(panel)
    marks = [[panel.model.index(row, column).data(CELL).mark for column in (BEFORE, AFTER)] for row in range(4)]
    assert marks == [["leak", "clear"], ["told", "told"], ["kept", "lost"], ["none", "none"]]
    assert panel.model.index(0, DOTS).data() == "0.61 → 0.05"
    assert panel.model.index(0, RECALL).data() == "1.00 → 0.00"


def test_smooth_scores_are_columns_that_can_be_shown(panel: ProbesPanel) -> None:
    second_round(panel)
    strength = next(column for column, name in SMOOTH.items() if name == "extraction_strength")
    assert panel.model.index(0, strength).data() == "– → –", "earlier versions recorded none"
    for number, value in ((0, 0.75), (2, 0.25)):
        panel.model.take(replace(FORGET, round=number, extraction_strength=value))
    assert panel.model.index(0, strength).data() == "0.75 → 0.25"
    assert panel.table.isColumnHidden(strength)
    for action in panel.columns.menu().actions():
        if action.data() == strength:
            action.trigger()
    assert not panel.table.isColumnHidden(strength) and panel.table.isColumnHidden(strength + 1)


def test_filters_groups_kinds_and_search_work_together(qtbot: QtBot, panel: ProbesPanel) -> None:
    second_round(panel)
    panel.filters.choose("Changed")
    assert shown(panel) == [FORGET.query, BLANK.query, NEAR.query]
    panel.filters.choose("Lost")
    assert shown(panel) == [NEAR.query]
    panel.filters.choose("Flagged")
    assert shown(panel) == [BLANK.query]
    panel.filters.choose("All")
    panel.group.setCurrentIndex(2)
    assert shown(panel) == [NEAR.query, FAR.query]
    panel._search.setText("FLORENCE")
    assert shown(panel) == [NEAR.query]
    assert panel.filters._buttons["All"].text() == "All  1"
    panel._search.clear()
    panel.group.setCurrentIndex(0)
    panel.kind.setCurrentIndex(2)
    assert shown(panel) == [BLANK.query]


def test_sorting_by_an_answer_puts_the_worst_first(panel: ProbesPanel) -> None:
    second_round(panel)
    panel.table.sortByColumn(BEFORE, Qt.SortOrder.AscendingOrder)
    assert shown(panel)[0] == FORGET.query
    panel.table.sortByColumn(AFTER, Qt.SortOrder.AscendingOrder)
    assert shown(panel)[0] == NEAR.query


def test_a_selected_probe_goes_to_the_chat_or_is_rephrased(qtbot: QtBot, panel: ProbesPanel) -> None:
    panel._refresh()
    assert not panel._ask.isEnabled()
    panel.table.selectRow(2)
    for made, signal in ((panel._ask, panel.chat_requested), (panel._rephrase, panel.rephrase_requested)):
        with qtbot.waitSignal(signal) as asked:
            made.click()
        assert asked.args == [NEAR.query]


def test_the_export_has_every_round_of_every_probe(panel: ProbesPanel) -> None:
    second_round(panel)
    headings, rows = panel.model.table()
    first = dict(zip(headings, rows[0], strict=True))
    assert first["Round 1: mark"] == "Leak"
    assert first["Round 2: answer"] == "A river."
    assert first["Round 0: P(answer)"] == "0.606531"
    assert dict(zip(headings, rows[3], strict=True))["Round 1: answer"] == ""


def test_another_run_begins_an_empty_table(panel: ProbesPanel) -> None:
    second_round(panel)
    panel.clear()
    assert panel.model.rowCount() == 0
    assert panel.model.rounds == []
    assert not panel.grab().isNull()


def test_a_name_of_the_concept_is_a_leak_too(panel: ProbesPanel) -> None:
    run = started()
    assert isinstance(run, RunStarted)
    panel.handle(replace(run, concepts=("Leonardo da Vinci",)))
    panel.handle(replace(FORGET, query="Who painted it?", gold="x", answer="Leonardo da Vinci did."))
    assert panel.model.index(0, BEFORE).data(CELL).mark == "leak"


def test_answers_at_temperature_one_stand_behind_the_greedy_one(panel: ProbesPanel) -> None:
    second_round(panel)
    headings, _ = panel.model.table()
    assert not [name for name in headings if "temperature" in name]
    panel.handle(ItemSampled("r", 0, "f1", "forget", ("Mona\nLisa", "A lady."), (1.0, 0.0)))
    panel.handle(ItemSampled("r", 2, "f1", "forget", ("A river.", "A boat."), (0.0, 0.0)))
    before, after, other = (
        panel.model.index(row, column).data(Qt.ItemDataRole.ToolTipRole)
        for row, column in ((0, BEFORE), (0, AFTER), (1, AFTER))
    )
    assert before.endswith("At temperature 1:\nMona Lisa\nA lady.")
    assert after.endswith("At temperature 1:\nA river.\nA boat.")
    assert "temperature" not in other
    headings, lines = panel.model.table()
    assert headings[-2:] == ["Round 0: answers at temperature 1", "Round 2: answers at temperature 1"]
    assert lines[0][-2:] == ["Mona Lisa\nA lady.", "A river.\nA boat."]
    assert lines[1][-2:] == ["", ""]
    assert {len(line) for line in lines} == {len(headings)}


def test_answers_name_the_weights_by_their_hash(panel: ProbesPanel) -> None:
    for number, weights_hash in ((0, "aa11"), (1, "bb22")):
        panel.handle(replace(scored(number, 0), weights_hash=weights_hash))
    answered(panel, FORGET, 1, "La Gioconda")
    model, horizontal, tip = panel.model, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole
    assert model.headerData(BEFORE, horizontal, tip) == "untouched weights · aa11"
    assert model.headerData(AFTER, horizontal, tip) == "round 1 · bb22"
    assert model.index(0, AFTER).data(tip).endswith("round 1 · bb22")
    assert model.index(0, BEFORE).data(tip).endswith("untouched weights · aa11")
    second_round(panel)
    assert model.headerData(AFTER, horizontal, tip) == "round 2", "its hash is not known yet"
    panel.clear()
    assert model.headerData(BEFORE, horizontal, tip) == "untouched weights"
