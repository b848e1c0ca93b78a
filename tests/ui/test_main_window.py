"""The window against a workbench without torch: what a newcomer does, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from atu_gui.core.errors import ModelError, ResourceError
from atu_gui.core.events import ControlApplied
from atu_gui.core.ports import ChatRequest
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.preferences import Layout, Preferences, load_preferences, save_preferences
from atu_gui.ui.session import Phase
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.leave_dialog import LeaveDialog
from tests.ui.fake_run import materials
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _to_review(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(window.welcome._run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)


def _to_run(window: MainWindow, qtbot: QtBot) -> None:
    _to_review(window, qtbot)
    qtbot.mouseClick(window.review._start, Qt.MouseButton.LeftButton)


def _wait_idle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


@pytest.mark.parametrize("starter", [True, False])
def test_two_clicks_lead_from_nothing_to_a_finished_run(make_window: Make, qtbot: QtBot, starter: bool) -> None:
    port = FakeWorkbench(starter=starter)
    window = make_window(port)
    assert window.page == "welcome" and window.welcome._name.text() == "Leonardo da Vinci"
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    _to_run(window, qtbot)
    assert window.page == "workbench"
    _wait_idle(window, qtbot)
    wanted = ["load", "prepare", "run"] if starter else ["fetch_starter", "load", "prepare", "run"]
    assert port.calls == wanted
    assert port.configs[-1].concepts[0].name == "Leonardo da Vinci"
    assert window._progress.words()[0] == "Run done"
    assert window.workbench.rounds._table.rowCount() == 4
    assert window.workbench.probes.table.model().rowCount() == 12
    assert any("Run ended" in line for line in window.workbench.log.lines())
    port.close()


def test_run_pressed_before_the_service_is_there_is_carried_out_later(make_window: Make, qtbot: QtBot) -> None:
    window = make_window()
    window.welcome._run.click()
    assert window.session.phase is Phase.FETCHING
    port = FakeWorkbench(starter=False)
    window.connect_to(port)
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    port.close()


def test_what_is_unticked_does_not_enter_the_run(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    _to_review(window, qtbot)
    window.review._concept._list.item(0).setCheckState(Qt.CheckState.Unchecked)
    window.review._questions._list.item(2).setCheckState(Qt.CheckState.Unchecked)
    window.review._start.click()
    _wait_idle(window, qtbot)
    given, written = bench.given[-1], materials()
    assert given is not None
    assert given.concept_passages == written.concept_passages[1:]
    assert written.probes[2] not in given.probes and len(given.probes) == len(written.probes) - 1
    assert given.neutral_texts == written.neutral_texts


def test_other_neighbours_are_written_for_anew(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    _to_review(window, qtbot)
    review = window.review
    assert review._rewrite.isHidden()
    review._neighbours._field.setText("Caravaggio")
    review._neighbours.take_typed()
    assert not review._rewrite.isHidden()
    review._rewrite.click()
    qtbot.waitUntil(lambda: bench.calls.count("prepare") == 2, timeout=20_000)
    assert "Caravaggio" in bench.configs[-1].texts.neighbours


def test_pause_resume_skip_and_stop(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.004)
    window = make_window(port)
    _to_run(window, qtbot)
    actions, bar = window.actions_, window.workbench.run_bar
    qtbot.waitUntil(lambda: window._progress.steps_per_second is not None, timeout=20_000)
    assert not actions.run.isEnabled() and bar._pause.property("kind") == "primary"
    actions.pause.trigger()
    qtbot.waitUntil(lambda: window.session.phase is Phase.PAUSED, timeout=20_000)
    assert bar._pause.text() == "Resume" and bar._begin.text() == "Paused by you"
    actions.pause.trigger()
    qtbot.waitUntil(lambda: window.session.phase is Phase.RUNNING, timeout=20_000)
    actions.skip.trigger()
    qtbot.waitUntil(lambda: any("skipped" in line for line in window.workbench.log.lines()), timeout=20_000)
    actions.stop.trigger()
    assert window.session.phase is Phase.STOPPING and not actions.stop.isEnabled()
    _wait_idle(window, qtbot)
    assert bar._begin.text() == "Run stopped" and "Stopped by you" in bar._rest.toolTip()
    assert actions.run.isEnabled() and bar._run.property("kind") == "primary"
    port.close()


def test_tau_is_a_wish_until_a_step_applies_it(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.05)
    window = make_window(port)
    heard: list[ControlApplied] = []
    window.bridge.add_handler(lambda event: heard.append(event) if isinstance(event, ControlApplied) else None)
    _to_run(window, qtbot)
    qtbot.waitUntil(lambda: window._progress.at >= 1, timeout=20_000)
    port.control.skip_stage()
    aim = window.workbench.setup.aim
    qtbot.waitUntil(lambda: aim._applied is not None, timeout=20_000)
    port.control.pause()
    qtbot.waitUntil(lambda: window.session.phase is Phase.PAUSED, timeout=20_000)
    aim._tau.setValue(0.29)
    assert "0.35 → 0.29 pending" in aim._pending.text()
    assert port.control.read().tau == pytest.approx(0.29) and not heard
    port.control.resume()
    qtbot.waitUntil(lambda: bool(heard), timeout=20_000)
    qtbot.waitUntil(lambda: "pending" not in aim._pending.text(), timeout=20_000)
    assert window.status.applied.text().startswith("✓ τ 0.29 applied at step")
    table = window.workbench.setup.schedule._table
    qtbot.waitUntil(lambda: table._words(1, 4) == "0.35 → 0.29", timeout=20_000)
    port.control.stop()
    _wait_idle(window, qtbot)
    port.close()


def test_a_model_that_cannot_be_loaded_is_told_in_place(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(starter=False)
    port.load_error = ModelError("There is no model nobody/nothing.", "Check the name.")
    window = make_window(port)
    window.welcome._hub.setText("nobody/nothing")
    window.welcome._take_hub()
    qtbot.waitUntil(lambda: not window.welcome.model_notice.isHidden(), timeout=20_000)
    assert window.welcome.model_notice.words == "There is no model nobody/nothing. Check the name."
    assert window.workbench.notice.isHidden() and window.session.phase is Phase.IDLE
    assert "error: There is no model nobody/nothing." in "\n".join(window.workbench.log.lines())
    port.close()


def test_the_window_is_seen_before_it_is_built(qtbot: QtBot, theme: Theme) -> None:
    window = MainWindow(theme)
    qtbot.addWidget(window)
    built: list[bool] = []
    window.painted.connect(lambda: built.append(hasattr(window, "workbench")))
    with qtbot.waitSignals([window.painted, window.ready], timeout=20_000, order="strict"):
        window.show()
    assert built == [False] and window.page == "welcome"
    window.show_page("workbench")
    assert window.workbench.isVisible()


def test_building_the_rest_moves_nothing_that_is_seen(qapp: QApplication, qtbot: QtBot, theme: Theme) -> None:
    dress = (qapp.palette(), qapp.font(), qapp.styleSheet())
    try:
        theme.prepare(qapp)
        window = MainWindow(theme)
        qtbot.addWidget(window)
        theme.apply(qapp)
        window.resize(1280, 800)
        window.welcome.setFocus()
        window.ensurePolished()
        before = window.grab().toImage()
        window.furnish()
        assert qapp.styleSheet()
        assert window.grab().toImage() == before
    finally:
        qapp.setStyleSheet(dress[2])
        qapp.setPalette(dress[0])
        qapp.setFont(dress[1])


def test_a_window_without_a_welcome_is_built_at_once(qtbot: QtBot, theme: Theme) -> None:
    save_preferences(Preferences(welcome=False))
    window = MainWindow(theme)
    qtbot.addWidget(window)
    assert window.page == "workbench"


def test_a_window_closed_before_it_is_built_keeps_the_layout(qtbot: QtBot, theme: Theme) -> None:
    save_preferences(Preferences(docks=Layout(b"kept")))
    window = MainWindow(theme)
    qtbot.addWidget(window)
    assert window.close()
    assert load_preferences().docks == Layout(b"kept")


def test_a_run_that_fails_says_what_and_what_to_try(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.run_error = ResourceError("Out of memory at batch 1.", "Shorten the passages.")
    window = make_window(bench)
    _to_run(window, qtbot)
    _wait_idle(window, qtbot)
    qtbot.waitUntil(lambda: not window.workbench.notice.isHidden(), timeout=20_000)
    assert window.workbench.notice.words == "Out of memory at batch 1. Shorten the passages."
    assert window._progress.words()[0] == "Run failed"
    assert window.actions_.run.isEnabled()


def test_run_without_a_concept_says_so_at_the_field(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    window.show_page("workbench")
    _wait_idle(window, qtbot)
    window.actions_.run.trigger()
    assert "empty" in window.workbench.setup.concepts._editors[0]._error.text()
    assert "prepare" not in bench.calls


def test_writing_can_be_cancelled(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.05)
    window = make_window(port)
    window.welcome._run.click()
    qtbot.waitUntil(lambda: window.session.phase is Phase.WRITING, timeout=20_000)
    window.welcome._cancel.click()
    _wait_idle(window, qtbot)
    assert window.page == "welcome" and window.welcome.notice.isHidden()
    port.close()


def test_closing_during_a_run_asks_and_keeps_running(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.005)
    window = make_window(port)
    _to_run(window, qtbot)
    qtbot.waitUntil(lambda: window._progress.at >= 1, timeout=20_000)
    assert not window.close()
    assert window.isVisible() and window.findChild(LeaveDialog).isVisible()
    window.findChild(LeaveDialog)._keep.click()
    assert window.session.phase is Phase.RUNNING
    assert not window.close()
    window.findChild(LeaveDialog)._checkpoint.click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    assert port.control.read().suspending and not port.control.read().stopping
    port.close()


def test_no_second_run_begins_from_the_welcome_during_a_run(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.005)
    window = make_window(port)
    _to_run(window, qtbot)
    qtbot.waitUntil(lambda: window._progress.at >= 1, timeout=20_000)
    window.actions_.welcome.trigger()
    assert window.page == "welcome" and not window.welcome._run.isEnabled()
    assert "A run is under way" in window.welcome._doing.text()
    window.run_from_welcome("Confucius", ())
    assert window.session.phase is Phase.RUNNING and port.calls.count("prepare") == 1
    assert not window.close(), "the run is asked about"
    window.findChild(LeaveDialog)._discard.click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    port.close()


def test_closing_during_a_run_may_discard_it(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.005)
    window = make_window(port)
    _to_run(window, qtbot)
    qtbot.waitUntil(lambda: window._progress.at >= 1, timeout=20_000)
    assert not window.close()
    window.findChild(LeaveDialog)._discard.click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    assert port.control.read().discarding
    port.close()


def test_a_question_is_answered_during_a_run(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    chat = window.workbench.chat
    chat.ask("Who?")
    assert not chat.answering, "another question can be asked"
    words = {card.weights_shown for card in chat.exchanges[-1].cards}
    assert words == {"There is no model to ask yet. Load one, then ask again."}
    _wait_idle(window, qtbot)
    window.workbench.chat.asked.emit(ChatRequest("Who was his teacher?"))
    qtbot.waitUntil(lambda: "chat" in bench.calls, timeout=20_000)


def test_small_windows_move_the_chat_into_the_tabs_and_back(make_window: Make, qtbot: QtBot) -> None:
    window = make_window()
    window.show_page("workbench")
    bench = window.workbench
    assert bench.tabs.indexOf(bench.chat) == -1 and bench.run_bar._skip.text() == "Skip stage"
    window.resize(1280, 800)
    assert bench.tabs.indexOf(bench.chat) == 0 and bench.run_bar._skip.text() == ""
    assert bench.run_bar._pause.text() == "Pause"
    window.resize(1600, 1000)
    assert bench.tabs.indexOf(bench.chat) == -1 and bench.chat.isVisible()


def test_layout_theme_and_welcome_are_remembered(make_window: Make, qtbot: QtBot) -> None:
    window = make_window()
    window.actions_.theme_light.trigger()
    window.welcome._at_start.setChecked(False)
    window.close()
    saved = load_preferences()
    assert (saved.mode, saved.welcome) == ("light", False) and saved.docks.run and saved.geometry
    again = make_window()
    assert again.page == "workbench" and again._theme.mode == "light"
    again.actions_.theme_system.trigger()


def test_a_service_that_cannot_start_is_told(make_window: Make, qtbot: QtBot) -> None:
    window = make_window()
    window.service_failed("The engine could not start: no torch.", "Traceback")
    assert "no torch" in window.welcome.notice.words


def test_every_control_has_a_name(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    _to_review(window, qtbot)
    kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit)
    nameless = [
        f"{type(widget).__name__} in {_path(widget)}"
        for kind in kinds
        for widget in window.findChildren(kind)
        if not _said(widget) and not widget.objectName().startswith("qt_") and not _inner(widget)
    ]
    assert nameless == []


def _said(widget: QWidget) -> str:
    words = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or words


def _inner(widget: QWidget) -> bool:
    """Qt's own parts of composed controls, which take their owner's name."""
    owner = widget.parent()
    return isinstance(owner, QComboBox | QAbstractSpinBox) or type(owner).__module__.startswith("PySide6")


def _path(widget: QWidget) -> str:
    names = []
    owner = widget.parent()
    while owner is not None:
        names.append(type(owner).__name__)
        owner = owner.parent()
    return " < ".join(names[:4])
