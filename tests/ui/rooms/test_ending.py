"""The end of a run, through the window."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from atu_gui.core.ports import Weights
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.panels.outcome import OutcomePanel
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.round_scores import RoundScores
from tests.ui.fake_keeping import past_config
from tests.ui.fake_run import materials
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _idle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    bench.keep("aaaa")
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: window.session.loaded is not None, timeout=20_000)
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == 1, timeout=20_000)
    _idle(window, qtbot)
    return window


def _opened(window: MainWindow, qtbot: QtBot) -> None:
    window.workbench.runs.select("aaaa")
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: window.display.past is not None, timeout=20_000)
    window.actions_.outcome.trigger()
    assert window.workbench.view == "outcome"


def test_a_run_that_ends_says_what_it_came_to(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    assert not window.actions_.outcome.isEnabled()
    window.workbench.runs.setFocus()
    window.session.start(past_config(), materials())
    qtbot.waitUntil(lambda: window.workbench.view == "outcome", timeout=20_000)
    panel = window.workbench.outcome
    assert "Run fake-1" in panel._title.text() and "Round 3 is kept." in panel._ended.text()
    assert panel.leaking.figure.text() == "0 of 6" and "recall" in panel.worse.caption.text()
    qtbot.mouseClick(panel.question, Qt.MouseButton.LeftButton)
    assert window.workbench.view == "run" and window.workbench.chat.after.weights == Weights("fake-1", 3)
    assert window.workbench.question.after.weights == Weights("fake-1", 3)


def test_whoever_is_typing_is_left_in_peace(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    window.activateWindow()
    window.workbench.chat.setFocus()
    window.session.start(past_config(), materials())
    _idle(window, qtbot)
    qtbot.waitUntil(window.actions_.outcome.isEnabled, timeout=20_000)
    assert window.workbench.view == "run"
    window.actions_.outcome.trigger()
    assert window.workbench.view == "outcome"
    window.workbench.outcome.left.emit()
    assert window.workbench.view == "run"


def test_a_lower_tau_is_a_branch_from_the_kept_round(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _opened(window, qtbot)
    qtbot.mouseClick(window.workbench.outcome.lower_tau, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.branch is not None, timeout=20_000)
    branch = window.session.branch
    assert branch is not None and branch.weights == Weights("aaaa", 3) and window.workbench.view == "run"
    assert [plan.tau for plan in window.workbench.setup.config().rounds] == [0.17, 0.14, 0.11, 0.08]


def test_the_kept_round_is_exported(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _opened(window, qtbot)
    qtbot.mouseClick(window.workbench.outcome.export, Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(QFileDialog)
    dialog.close()


def test_leaving_the_recorded_run_leaves_its_outcome(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _opened(window, qtbot)
    window.actions_.close_run.trigger()
    assert window.workbench.view == "run" and not window.actions_.outcome.isEnabled()


def _draw_anew(panel: OutcomePanel, qtbot: QtBot) -> None:
    """As in other colours; every answer has its height again."""
    panel._theme.changed.emit()
    qtbot.wait(300)
    answers = [one for one in panel.forgotten._body.findChildren(QLabel) if one.isVisible()]
    assert answers and all(one.height() >= one.heightForWidth(one.width()) for one in answers)


def test_the_rounds_that_led_there_stand_below(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _opened(window, qtbot)
    scores = window.workbench.outcome.findChild(RoundScores)
    assert scores is not None and scores.isVisible()
    assert [dot.round for dot in scores.frontier.dots] == [0, 1, 2, 3]
    assert [limit.word for limit in scores.recall.limits] == ["goal", "floor"]
    # One figure below another: cards with little to say leave their room to the plots, and there is no void.
    frame, panel = scores.parentWidget(), window.workbench.outcome
    cards = (panel.forgotten, panel.leaking, panel.worse)
    assert frame is not None
    qtbot.waitUntil(
        lambda: panel.forgotten.height() == max(one.room_wanted(one.width()) for one in cards), timeout=20_000
    )
    qtbot.waitUntil(lambda: frame.y() - panel.forgotten.geometry().bottom() <= 13, timeout=20_000)
    few_need = panel.forgotten.height()
    assert few_need < frame.height()
    # Other colours draw the answers anew: they are all in sight again.
    _draw_anew(panel, qtbot)
    assert panel.forgotten.height() == few_need
    # In the midst of a layout nothing is measured: the answers would lose their heights.
    panel.forgotten.setMaximumHeight(999)
    QApplication.sendEvent(panel, QEvent(QEvent.Type.LayoutRequest))
    assert panel.forgotten.maximumHeight() == 999
    qtbot.waitUntil(lambda: panel.forgotten.maximumHeight() == few_need, timeout=20_000)
    # Those with much to say have the larger part of the window.
    few = panel.outcome
    assert few is not None and few.forgotten
    panel.show_outcome(dataclasses.replace(few, forgotten=few.forgotten * 20))
    qtbot.waitUntil(lambda: panel.forgotten.height() > frame.height(), timeout=20_000)
    _draw_anew(panel, qtbot)
    assert panel.forgotten.height() > frame.height()
    scores.frontier.round_chosen.emit(2)
    assert window.workbench.view == "run" and window.workbench.chat.after.weights == Weights("aaaa", 2)


@pytest.mark.parametrize("size", [(960, 640), (1280, 800), (1920, 1080)])
def test_no_line_of_a_card_is_cut(make_window: Make, qtbot: QtBot, bench: FakeWorkbench, size: tuple[int, int]) -> None:
    window = _window(make_window, qtbot, bench)
    window.resize(*size)
    _opened(window, qtbot)
    panel = window.workbench.outcome
    some = panel.outcome
    assert some is not None
    # Many words and no answer: the list below the words needs less than a scroll area's least.
    panel.show_outcome(dataclasses.replace(some, forgotten=(), leaking=(), lost=()))
    cards = (panel.forgotten, panel.leaking, panel.worse)
    for finding in cards:
        finding.more.setText("\n".join(["Token loss 6.00 → 6.00, unclear: the intervals overlap"] * 4))
    qtbot.wait(300)
    words = [
        one
        for finding in cards
        for one in (finding.figure, finding.caption, finding.more, *finding._body.findChildren(QLabel))
    ]
    assert all(one.height() >= one.heightForWidth(one.width()) for one in words if one.isVisible())
    # What has no room is reached by scrolling, and where there is room nothing scrolls.
    hidden = [finding._body.height() - finding._area.viewport().height() for finding in cards]
    assert all(finding._area.verticalScrollBar().maximum() == rest for finding, rest in zip(cards, hidden, strict=True))
    assert size[1] < 800 or hidden == [0, 0, 0]
