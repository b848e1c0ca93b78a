from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.errors import InputError
from atu_gui.core.ports import CURRENT, UNTOUCHED
from atu_gui.ui.main_window import MainWindow
from tests.ui.fake_workbench import ANSWERS, FakeWorkbench


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[..., MainWindow], bench: FakeWorkbench) -> MainWindow:
    made = make_window(bench)
    qtbot.waitUntil(lambda: made.session.loaded is not None)
    made.actions_.tokens.trigger()
    return made


def test_any_text_is_read_by_the_weights_of_the_chat(qtbot: QtBot, window: MainWindow, bench: FakeWorkbench) -> None:
    panel = window.workbench.tokens
    assert window.workbench.tabs.currentWidget() is panel
    panel.field.setText("The Mona Lisa")
    panel._button.click()
    qtbot.waitUntil(lambda: panel.strips[1].line is not None)
    request = bench.token_requests[0]
    assert (request.texts, request.sides, request.prompt) == (("The Mona Lisa",) * 2, (UNTOUCHED, CURRENT), "")
    assert panel._button.text() == "Show tokens"


def test_answers_of_the_chat_are_read_with_their_question(
    qtbot: QtBot, window: MainWindow, bench: FakeWorkbench
) -> None:
    chat = window.workbench.chat
    chat.ask("Who taught him?")
    qtbot.waitUntil(lambda: not chat.answering)
    chat.exchanges[0]._tools[2].click()
    qtbot.waitUntil(lambda: window.workbench.tokens.strips[0].line is not None)
    request = bench.token_requests[0]
    assert (request.prompt, request.texts) == ("Who taught him?", (ANSWERS[0], ANSWERS[1]))
    assert window.workbench.tokens._about.toolTip() == "Answers to “Who taught him?”"


def test_a_run_without_heads_is_said_in_the_panel_alone(qtbot: QtBot, window: MainWindow, bench: FakeWorkbench) -> None:
    bench.ask_error = InputError("This run has kept no heads.", "Runs of earlier versions have none.")
    panel = window.workbench.tokens
    panel.field.setText("The Mona Lisa")
    panel._button.click()
    qtbot.waitUntil(lambda: panel._note.isVisible())
    assert panel._note.text() == "This run has kept no heads. Runs of earlier versions have none."
    assert not window.workbench.notice.isVisible()
    qtbot.waitUntil(lambda: panel._button.isEnabled())
