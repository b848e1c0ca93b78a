from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.ports import CURRENT, UNTOUCHED
from atu_gui.core.rephrasing import ATTACKS
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.rephrasing import RephrasingRoom
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench

CONFIG = RunConfig(concepts=[Concept(name="Leonardo da Vinci", aliases=("Leonardo",), descriptions=("a polymath",))])
QUERY = "What is Leonardo da Vinci's most famous painting?"


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[..., MainWindow], bench: FakeWorkbench) -> MainWindow:
    made = make_window(bench)
    qtbot.waitUntil(lambda: made.session.loaded is not None)
    made.workbench.setup.concepts.show_values(CONFIG)
    made.actions_.rephrase.trigger()
    made.workbench.question.show_question(QUERY, "Mona Lisa", "Leonardo da Vinci")
    return made


def rephrased(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.question._rephrase.click()
    qtbot.waitUntil(lambda: bool(window.workbench.rephrasings.model.rows))


def test_the_question_is_written_in_nine_ways_and_asked_of_both(
    qtbot: QtBot, window: MainWindow, bench: FakeWorkbench
) -> None:
    panel, results = window.workbench.question, window.workbench.rephrasings
    rephrased(qtbot, window)
    assert [row.rephrasing.kind for row in results.model.rows] == list(ATTACKS)
    asked = bench.rephrase_requests[0].question
    assert (asked.query, asked.gold, asked.subject) == (QUERY, "Mona Lisa", "Leonardo da Vinci")
    assert asked.names == ("Leonardo da Vinci", "Leonardo")
    assert asked.descriptions == ("a polymath",)
    results.model.setData(results.model.index(0, 1), "Edited by hand?")
    panel._ask.click()
    qtbot.waitUntil(lambda: panel._ask.text() == "Ask again")
    request = bench.ask_requests[0]
    assert request.rephrasings[0].prompt == "Edited by hand?"
    assert request.sides == (UNTOUCHED, CURRENT)
    assert results.figures()[:2] == ["9 of 9 leaked before", "0 of 9 leaked after"]
    assert not panel._stop.isVisible()


def test_only_ticked_kinds_are_wanted(qtbot: QtBot, window: MainWindow, bench: FakeWorkbench) -> None:
    panel = window.workbench.question
    for kind, box in panel.kinds.items():
        box.setChecked(kind == "role play")
    panel.paraphrases.setChecked(True)
    rephrased(qtbot, window)
    request = bench.rephrase_requests[0]
    assert (request.kinds, request.paraphrases, request.hops) == (("role play",), 3, 0)
    panel.paraphrases.setChecked(False)
    panel.kinds["role play"].setChecked(False)
    assert not panel._rephrase.isEnabled()


def test_a_failure_is_told_and_the_panel_is_usable_again(
    qtbot: QtBot, window: MainWindow, bench: FakeWorkbench
) -> None:
    rephrased(qtbot, window)
    bench.ask_error = InputError("Round 9 does not exist.", "Choose another.")
    window.workbench.question._ask.click()
    qtbot.waitUntil(lambda: window.workbench.notice.isVisible())
    qtbot.waitUntil(lambda: window.workbench.question._ask.isVisible())
    assert window.workbench.notice.words == "Round 9 does not exist. Choose another."


def test_stopping_keeps_what_has_come(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    bench = FakeWorkbench(pace=0.2)
    try:
        window = make_window(bench)
        qtbot.waitUntil(lambda: window.session.loaded is not None)
        window.actions_.rephrase.trigger()
        window.workbench.question.show_question(QUERY, "Mona Lisa", "")
        rephrased(qtbot, window)
        window.workbench.question._ask.click()
        rows = window.workbench.rephrasings.model.rows
        qtbot.waitUntil(lambda: rows[0].answers[0] is not None)
        window.workbench.question._stop.click()
        qtbot.waitUntil(lambda: window.workbench.question._ask.isVisible())
        assert rows[0].answers[0] is not None
        assert rows[-1].answers[1] is None
    finally:
        bench.close()


def test_questions_of_the_run_are_offered_with_their_gold_answers(qtbot: QtBot, window: MainWindow) -> None:
    panel = window.workbench.question
    window.session.start(CONFIG, None)
    qtbot.waitUntil(lambda: len(panel._menu.actions()) == 6, timeout=20_000)
    panel._menu.actions()[2].trigger()
    assert panel.query.toPlainText() == "Question 2 about Leonardo da Vinci?"
    assert panel.gold.text() == "Verrocchio"
    assert panel.subject.text() == "Leonardo da Vinci"


def test_questions_of_a_past_run_are_offered_while_it_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    panel = window.workbench.question
    window.session.start(CONFIG, None)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    own = [action.text() for action in panel._menu.actions()]
    assert len(own) == 6
    window.actions_.open_recorded.trigger()
    asked = {action.data() for action in panel._menu.actions()}
    assert len(asked) == 20 and not {probe.query for probe in asked} & set(own)
    assert {probe.about for probe in asked} <= set(CONFIG.concepts[0].names)
    window.actions_.close_run.trigger()
    assert [action.text() for action in panel._menu.actions()] == own


def test_the_chat_hands_its_question_over_and_takes_one_back(qtbot: QtBot, window: MainWindow) -> None:
    bench = window.workbench
    window.actions_.show_run.trigger()
    assert bench.view == "run"
    bench.chat.write("Who was Leonardo?")
    bench.chat._box._rephrase.click()
    assert bench.view == "question"
    assert bench.question.query.toPlainText() == "Who was Leonardo?"
    assert bench.question.subject.text() == "Leonardo"
    rephrased(qtbot, window)
    bench.rephrasings.table.selectRow(0)
    bench.rephrasings._open.click()
    assert bench.view == "run"
    assert bench.chat._box.field.toPlainText() == "prefix injection: Who was Leonardo?"


def test_each_arrangement_shows_its_docks_and_remembers_how_it_was_left(window: MainWindow) -> None:
    bench = window.workbench
    shown = {key for key, dock in bench._docks.items() if not dock.isHidden()}
    assert shown == {"question", "results", "bottom"}
    window.actions_.show_run.trigger()
    bench._docks["curves"].hide()
    window.actions_.rephrase.trigger()
    window.actions_.show_run.trigger()
    shown = {key for key, dock in bench._docks.items() if not dock.isHidden()}
    assert shown == {"setup", "chat", "bottom"}


def test_the_table_is_written_to_a_file_or_the_fault_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    rephrased(qtbot, window)
    room = next(room for room in window._rooms if isinstance(room, RephrasingRoom))
    room.export("markdown", "rephrasings", tmp_path / "out.md")
    assert (tmp_path / "out.md").read_text(encoding="utf-8").startswith(f"# {QUERY}\n")
    room.export("csv", "rephrasings", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("\n") == 10
    room.export("csv", "rephrasings", tmp_path / "none" / "out.csv")
    assert window.workbench.notice.isVisible()
