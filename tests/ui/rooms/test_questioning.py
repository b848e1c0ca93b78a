"""Asking in the chat, through the window: whose questions are shown, and who can answer them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.asked import AskedQuestion, AskedWay, Reply
from atu_gui.core.chats import Chat, KeptAnswer
from atu_gui.core.inquiries import Inquiries
from atu_gui.core.ports import UNTOUCHED, Weights
from atu_gui.core.rephrasing import Rephrased, Rephrasing
from atu_gui.core.tokens import TokenLine, TokenLook
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]
KEPT = Chat("Who was he?", 0.0, 0, 1.7e9, (KeptAnswer("untouched weights", "A painter.", False, 0.5),))

WAY = AskedWay(
    Rephrasing("role play", "You know him. Who was he?", "A painter", ("A painter",)),
    (Reply("untouched weights", "A painter.", -0.5), Reply("round 2", "A king.", -4.0)),
)
LOOK = TokenLook("Who was he?", 1.7e9, (TokenLine("round 2", 2, 0.2, ("A", " king"), (0.1, 0.3)),))


@pytest.fixture
def window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    bench.keep("aaaa")
    bench.inquiries["aaaa"] = Inquiries((KEPT,), (AskedQuestion("Who was he?", 1.7e9, (WAY,)),), (LOOK,))
    made = make_window(bench)
    made.show_page("workbench")
    qtbot.waitUntil(lambda: made.session.loaded is not None and made.session.phase is Phase.IDLE, timeout=20_000)
    qtbot.waitUntil(lambda: made.workbench.runs.holds("aaaa"), timeout=20_000)
    return made


def _asked(window: MainWindow) -> list[str]:
    return [exchange.request.prompt for exchange in window.workbench.chat.exchanges]


def _open(window: MainWindow, qtbot: QtBot) -> None:
    window.workbench.runs.select("aaaa")
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: window.display.past is not None, timeout=20_000)


def test_a_past_run_shows_its_own_questions_and_those_of_the_present_come_back(
    window: MainWindow, qtbot: QtBot
) -> None:
    chat = window.workbench.chat
    chat.ask("What is the capital of France?")
    qtbot.waitUntil(lambda: not chat.answering, timeout=20_000)
    _open(window, qtbot)
    qtbot.waitUntil(lambda: _asked(window) == ["Who was he?"], timeout=20_000)
    window.actions_.close_run.trigger()
    qtbot.waitUntil(lambda: _asked(window) == ["What is the capital of France?"], timeout=20_000)
    assert len(chat.kept()) == 1


def test_a_past_run_shows_the_last_question_asked_in_many_ways_and_the_last_look_at_tokens(
    window: MainWindow, qtbot: QtBot
) -> None:
    bench = window.workbench
    _open(window, qtbot)
    qtbot.waitUntil(lambda: bool(bench.rephrasings.model.rows), timeout=20_000)
    (row,) = bench.rephrasings.model.rows
    assert [answer.words if answer else "" for answer in row.answers] == ["A painter.", "A king."]
    assert row.leaks(0) and not row.leaks(1)
    assert bench.question.query.toPlainText() == "Who was he?" and bench.question.gold.text() == "A painter"
    assert bench.tokens.strips[0].line is not None
    assert bench.tokens._about.toolTip() == "Answers to “Who was he?”"
    window.actions_.close_run.trigger()
    assert bench.tokens.strips[0].line is None


def test_ways_that_the_user_wrote_stay_when_a_past_run_is_opened(window: MainWindow, qtbot: QtBot) -> None:
    bench = window.workbench
    mine = Rephrased((Rephrasing("paraphrase", "Which town was he from?"),))
    bench.rephrasings.show_rephrased(mine)
    _open(window, qtbot)
    qtbot.waitUntil(lambda: _asked(window) == ["Who was he?"], timeout=20_000)
    assert [row.rephrasing for row in bench.rephrasings.model.rows] == list(mine.rephrasings)


def test_a_run_opened_while_an_answer_comes_shows_its_questions_after_it(window: MainWindow, qtbot: QtBot) -> None:
    chat = window.workbench.chat
    chat.ask("What is the capital of France?")
    _open(window, qtbot)
    qtbot.waitUntil(lambda: _asked(window) == ["Who was he?"], timeout=20_000)
    window.actions_.close_run.trigger()
    assert _asked(window) == ["What is the capital of France?"]


def test_the_recorded_run_is_looked_at_without_an_error_and_cannot_answer(window: MainWindow, qtbot: QtBot) -> None:
    bench = window.workbench
    window.actions_.open_recorded.trigger()
    qtbot.wait(100)
    assert not bench.notice.isVisible()
    assert [action.text() for action in bench.chat.after.choices_menu.actions() if action.data()] == [
        "Untouched weights",
        "Current weights",
    ]
    before = bench.chat.after.weights
    bench.plots.round_chosen.emit(2)
    assert bench.chat.after.weights == before and "comes without its weights" in bench.notice.words
    window.actions_.outcome.trigger()
    panel = bench.outcome
    assert not any(one.isEnabled() for one in (panel.question, panel.lower_tau, panel.export, panel.audit))
    assert "Its weights are not on this machine" in panel._ended.text()


def test_rounds_of_an_opened_run_can_answer_and_its_outcome_leads_on(window: MainWindow, qtbot: QtBot) -> None:
    bench = window.workbench
    _open(window, qtbot)
    bench.plots.round_chosen.emit(2)
    assert bench.chat.after.weights == Weights("aaaa", 2) and bench.chat.before.weights == UNTOUCHED
    window.actions_.outcome.trigger()
    panel = bench.outcome
    assert all(one.isEnabled() for one in (panel.question, panel.lower_tau, panel.export, panel.audit))


def test_a_narrow_window_exports_the_chat_beside_its_tabs(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    window.workbench.show_chat()
    assert window.workbench.chat.corner.isVisible()
