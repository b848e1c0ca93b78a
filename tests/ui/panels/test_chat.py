from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from atu_gui.core.events import ChatAnswered, ChatToken, JobFailed
from atu_gui.core.ports import CURRENT, UNTOUCHED, ChatRequest, Weights
from atu_gui.ui.panels.chat import ChatPanel
from atu_gui.ui.theme import Theme

ROUND_4 = Weights("run-1", 4)
CHOICES = [("untouched weights", UNTOUCHED), ("run 1, round 4", ROUND_4), ("now · round 5", CURRENT)]


@pytest.fixture
def theme(qapp: object) -> Theme:
    return Theme()


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> ChatPanel:
    made = ChatPanel(theme)
    qtbot.addWidget(made)
    made.resize(440, 600)
    made.set_weights(CHOICES)
    made.show()
    qtbot.waitExposed(made)
    return made


def button(panel: ChatPanel, words: str) -> QPushButton:
    return next(one for one in panel.findChildren(QPushButton) if one.text() == words)


def ask(panel: ChatPanel, prompt: str = "Who?", number: int = 7) -> None:
    panel.ask(prompt)
    panel.set_request_id(number)


def test_one_question_goes_to_both_weights(qtbot: QtBot, panel: ChatPanel) -> None:
    with qtbot.waitSignal(panel.asked) as asked:
        panel.ask("  Who was Leonardo?  ")
    assert asked.args == [ChatRequest("Who was Leonardo?", (UNTOUCHED, CURRENT))]


def test_both_sides_stream_and_name_their_weights(panel: ChatPanel) -> None:
    ask(panel)
    before, after = panel.exchanges[0].cards
    for side, words in ((0, "A pain"), (0, "ter."), (1, "I am ")):
        panel.handle(ChatToken(7, side, words))
    assert (before.text, after.text) == ("A painter.", "I am ")
    assert before.weights_shown == "Untouched weights · answering"
    panel.handle(ChatAnswered(7, 0, "A painter.", "untouched weights", False, 0.5))
    assert before.done
    assert not after.done
    assert before.weights_shown == "Untouched weights"
    panel.handle(ChatAnswered(7, 1, "I am not sure.", "run 1, round 5, step 80", False, 0.5))
    assert after.text == "I am not sure."
    assert after.weights_shown == "Run 1, round 5, step 80"
    assert not panel.answering


def test_words_of_a_model_are_never_markup(panel: ChatPanel) -> None:
    ask(panel, "<b>bold?</b>")
    panel.handle(ChatToken(7, 0, "<img src='x'> <h1>big</h1>"))
    shown = panel.exchanges[0].cards[0]._answer
    assert shown.text() == "<img src='x'> <h1>big</h1>"
    assert shown.textFormat() == Qt.TextFormat.PlainText


def test_answers_to_other_requests_are_dropped(panel: ChatPanel) -> None:
    ask(panel)
    panel.handle(ChatToken(6, 0, "stale"))
    panel.handle(ChatAnswered(6, 0, "stale", "w", False, 0.1))
    assert panel.exchanges[0].cards[0].text == ""


def test_stop_asks_with_the_id_and_keeps_what_was_written(qtbot: QtBot, panel: ChatPanel) -> None:
    stop = button(panel, "Stop answer")
    assert not stop.isVisible()
    ask(panel)
    assert stop.isVisible()
    assert not button(panel, "Ask").isVisible()
    panel.handle(ChatToken(7, 0, "Half an"))
    with qtbot.waitSignal(panel.stop_requested) as stopped:
        stop.click()
    assert stopped.args == [7]
    for side in (0, 1):
        panel.handle(ChatAnswered(7, side, "Half an" if side == 0 else "", "w", True, 0.1))
    assert panel.exchanges[0].cards[0].text == "Half an"
    assert panel.exchanges[0].cards[0].weights_shown == "W · stopped"
    assert not stop.isVisible()
    assert button(panel, "Ask").isVisible()


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier])
def test_enter_sends_and_shift_enter_breaks_the_line(
    qtbot: QtBot, panel: ChatPanel, modifier: Qt.KeyboardModifier
) -> None:
    field = panel._box.field
    QTest.keyClicks(field, "one")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(field, "two")
    with qtbot.waitSignal(panel.asked) as asked:
        QTest.keyClick(field, Qt.Key.Key_Return, modifier)
    assert asked.args[0].prompt == "one\ntwo"
    assert field.toPlainText() == ""


def test_while_an_answer_is_written_a_question_waits_in_the_field(qtbot: QtBot, panel: ChatPanel) -> None:
    ask(panel)
    panel._box.field.setPlainText("And then?")
    with qtbot.assertNotEmitted(panel.asked):
        QTest.keyClick(panel._box.field, Qt.Key.Key_Return)
    assert panel._box.field.toPlainText() == "And then?"


def test_nothing_is_not_a_question(qtbot: QtBot, panel: ChatPanel) -> None:
    with qtbot.assertNotEmitted(panel.asked):
        panel.ask("   ")


def test_a_failure_stands_where_the_answer_would(panel: ChatPanel) -> None:
    ask(panel)
    panel.handle(JobFailed("load", "Other work failed.", "", ""))
    assert panel.answering
    panel.handle(JobFailed("chat", "No model is loaded.", "Load one first.", ""))
    assert not panel.answering
    assert panel.exchanges[0].cards[1].weights_shown == "No model is loaded. Load one first."


def test_suggested_questions_fill_the_empty_panel(qtbot: QtBot, panel: ChatPanel) -> None:
    panel.suggest(["What is Hamlet?", "Who wrote it?", "Why?", "one too many"])

    def shown() -> list[str]:
        links = panel.findChildren(QPushButton)
        return [one.text() for one in links if one.property("kind") == "link" and one.isVisible()]

    qtbot.waitUntil(lambda: shown() == ["What is Hamlet?", "Who wrote it?", "Why?"])
    with qtbot.waitSignal(panel.asked) as asked:
        button(panel, "Who wrote it?").click()
    assert asked.args[0].prompt == "Who wrote it?"


def test_weights_are_picked_and_kept(qtbot: QtBot, panel: ChatPanel) -> None:
    actions = panel.after.choices_menu.actions()
    assert [action.text() for action in actions] == [words for words, _ in CHOICES]
    actions[1].trigger()
    panel.set_weights([*CHOICES, ("run 1, round 5", Weights("run-1", 5))])
    with qtbot.waitSignal(panel.asked) as asked:
        panel.ask("Who?")
    assert asked.args[0].sides == (UNTOUCHED, ROUND_4)
    assert panel.after.accessibleName() == "After: run 1, round 4"


def test_a_round_of_another_run_can_answer(qtbot: QtBot, panel: ChatPanel) -> None:
    other = Weights("bbbb", 3)
    panel.set_weights(CHOICES, [("Run bbbb, round 3 · Gentle & slow", other)])
    (menu,) = panel.after.choices_menu.findChildren(QMenu)
    (action,) = menu.actions()
    assert menu.title() == "Another run" and "Gentle && slow" in action.text()
    action.trigger()
    panel.set_weights([CHOICES[0]], [("Run bbbb, round 3 · Gentle & slow", other)])
    assert panel.after.weights == other and panel.after.label == "Run bbbb, round 3 · Gentle & slow"
    with qtbot.waitSignal(panel.asked) as asked:
        panel.ask("Who?")
    assert asked.args[0].sides == (UNTOUCHED, other)
    panel.set_weights([CHOICES[0]])
    assert panel.after.weights == CHOICES[0][1]


def test_weights_that_are_gone_give_way(panel: ChatPanel) -> None:
    panel.choose_after(ROUND_4)
    panel.set_weights([CHOICES[0], CHOICES[2]])
    assert panel.after.weights == CURRENT
    assert panel.before.weights == UNTOUCHED


def test_the_note_says_that_training_waits(panel: ChatPanel) -> None:
    panel.set_busy_training(True)
    assert not panel._note.isVisible()
    ask(panel)
    assert panel._note.isVisible()
    panel.set_busy_training(False)
    assert not panel._note.isVisible()


def test_a_low_panel_takes_the_form_of_a_tab(qtbot: QtBot, panel: ChatPanel) -> None:
    ask(panel)
    panel.resize(960, 170)
    qtbot.waitUntil(lambda: panel.compact)
    assert panel._box.height() < 40
    first, second = panel.exchanges[0].cards
    assert first.y() == second.y()
    panel.resize(440, 600)
    assert panel.before.height() == 40 and not panel.compact


def test_the_way_to_stop_has_the_room_of_what_cannot_be_changed_now(qtbot: QtBot, panel: ChatPanel) -> None:
    panel.resize(364, 600)
    assert panel._box.sampling.isVisible()
    ask(panel)
    qtbot.waitUntil(lambda: button(panel, "Stop answer").isVisible())
    assert not panel._box.sampling.isVisible()
    for words in ("Stop answer", "Rephrase 9 ways"):
        one = button(panel, words)
        qtbot.waitUntil(lambda one=one: one.width() >= one.sizeHint().width())


@pytest.mark.parametrize(("width", "beside"), [(960, True), (440, False)])
def test_a_low_panel_still_chooses_who_answers(qtbot: QtBot, panel: ChatPanel, width: int, beside: bool) -> None:
    panel.resize(width, 190)
    qtbot.waitUntil(lambda: panel.compact)
    qtbot.waitUntil(lambda: panel.before.isVisible() and panel.after.isVisible())
    assert panel.before.height() == panel._box.height()
    qtbot.waitUntil(lambda: (panel.before.mapTo(panel, QPoint()).y() == panel._box.y()) is beside)
    # What does not fit beside the words that are typed is left to the menus.
    assert panel._box.sampling.isVisible() is beside
    assert button(panel, "Rephrase 9 ways").isVisible() is beside
    assert panel._box.field.width() > 240


def test_an_answer_can_be_copied(panel: ChatPanel) -> None:
    ask(panel)
    panel.handle(ChatAnswered(7, 0, "A painter.", "untouched weights", False, 0.5))
    panel.exchanges[0].cards[0].copy()
    assert QGuiApplication.clipboard().text() == "A painter."


def test_many_exchanges_keep_the_newest_in_sight(qtbot: QtBot, panel: ChatPanel) -> None:
    for number in range(12):
        ask(panel, f"Question {number}", number)
        for side in (0, 1):
            panel.handle(ChatAnswered(number, side, "An answer of a few words.", "w", False, 0.1))
    bar = panel._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    assert len(panel.exchanges) == 12


def test_answers_longer_than_the_panel_are_read_from_their_beginning(qtbot: QtBot, panel: ChatPanel) -> None:
    for number in range(3):
        ask(panel, f"Question {number}", number)
        panel.handle(ChatAnswered(number, 0, "A painter, an engineer. " * 200, "untouched weights", False, 0.1))
        panel.handle(ChatAnswered(number, 1, "I am not sure.", "run 1, round 5, step 80", False, 0.1))
    bar, newest = panel._scroll.verticalScrollBar(), panel.exchanges[-1]
    qtbot.waitUntil(lambda: newest.y() > 0 and bar.value() == newest.y() < bar.maximum())


def test_the_focus_goes_to_the_field(panel: ChatPanel) -> None:
    panel.setFocus()
    assert panel.focusWidget() is panel._box.field


def test_markdown_is_rendered_at_the_end_and_copied_as_written(panel: ChatPanel) -> None:
    ask(panel)
    card = panel.exchanges[0].cards[0]
    panel.handle(ChatToken(7, 0, "It is **bo"))
    assert card._answer.textFormat() == Qt.TextFormat.PlainText
    panel.handle(ChatAnswered(7, 0, "It is **bold**.", "w", False, 0.1))
    assert card._answer.textFormat() == Qt.TextFormat.RichText
    card.copy()
    assert QGuiApplication.clipboard().text() == "It is **bold**."


def test_asking_again_takes_the_weights_chosen_now_and_draws_anew(qtbot: QtBot, panel: ChatPanel) -> None:
    ask(panel)
    for side in (0, 1):
        panel.handle(ChatAnswered(7, side, "A painter.", "w", False, 0.1))
    panel.choose_after(ROUND_4)
    with qtbot.waitSignal(panel.asked) as asked:
        panel.exchanges[0]._tools[0].click()
    assert asked.args == [ChatRequest("Who?", (UNTOUCHED, ROUND_4))]
    panel.set_request_id(8)
    for side in (0, 1):
        panel.handle(ChatAnswered(8, side, "A painter.", "w", False, 0.1))
    panel._box.sampling.menu().actions()[2].trigger()
    with qtbot.waitSignal(panel.asked) as drawn:
        panel.exchanges[1]._tools[0].click()
    assert (drawn.args[0].temperature, drawn.args[0].seed) == (0.8, 1)
    assert panel._box.sampling.text() == "seed 1 · temp 0.8"


def test_a_question_can_be_edited(panel: ChatPanel) -> None:
    ask(panel, "Who was it?")
    panel.exchanges[0]._tools[1].click()
    assert panel._box.field.toPlainText() == "Who was it?"


def test_what_was_asked_is_kept_and_shown_again(panel: ChatPanel) -> None:
    assert panel.kept() == []
    assert not panel._export.isEnabled()
    ask(panel)
    panel.handle(ChatAnswered(7, 0, "A painter.", "untouched weights", False, 0.5))
    panel.handle(ChatAnswered(7, 1, "Half", "run 1, round 4", True, 0.2))
    (chat,) = panel.kept()
    assert panel._export.isEnabled()
    assert [(one.weights, one.text, one.stopped) for one in chat.answers] == [
        ("untouched weights", "A painter.", False),
        ("run 1, round 4", "Half", True),
    ]
    panel.show_kept([chat, chat])
    assert panel.kept() == [chat, chat]
    assert not panel.answering
    panel.show_kept([])
    assert panel.exchanges == ()
