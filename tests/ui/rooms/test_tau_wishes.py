"""Wishes for τ before and during a run, and taking them back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core.events import ControlApplied, SimilaritySeen
from atu_gui.core.schedule import preset
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms import tau_wishes
from atu_gui.ui.session import Phase
from tests.ui.fake_run import bell
from tests.ui.fake_workbench import FakeWorkbench


@pytest.fixture
def window(make_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Before a run, with an adaptive schedule; every move of τ is one of its own."""
    monkeypatch.setattr(tau_wishes, "_TOGETHER", -1.0)
    made = make_window()
    made.show_page("workbench")
    made.workbench.setup.schedule.show_preset("adaptive")
    return made


def test_a_tau_before_a_run_goes_to_every_round_and_back(window: MainWindow) -> None:
    setup, actions = window.workbench.setup, window.actions_
    assert not actions.undo_tau.isEnabled()
    setup.aim._tau.setValue(0.3)
    setup.aim.view.tau_requested.emit(0.28)
    assert {plan.tau for plan in setup.schedule.plans} == {0.28}
    assert setup.aim.view.histogram.shown == pytest.approx(0.28)
    actions.undo_tau.trigger()
    assert {plan.tau for plan in setup.schedule.plans} == {0.3}
    actions.undo_tau.trigger()
    assert setup.schedule.plans == preset("adaptive")
    assert setup.schedule.values()["schedule"] == "adaptive"
    assert setup.aim._tau.value() == pytest.approx(0.35)
    assert not actions.undo_tau.isEnabled()
    actions.redo_tau.trigger()
    assert {plan.tau for plan in setup.schedule.plans} == {0.3}


def test_steps_in_a_row_are_one_move(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tau_wishes, "_TOGETHER", 60.0)
    for _ in range(3):
        window.workbench.setup.aim._tau.stepBy(1)
    assert window.workbench.setup.schedule.plans[0].tau == pytest.approx(0.38)
    window.actions_.undo_tau.trigger()
    assert window.workbench.setup.schedule.plans == preset("adaptive")


def test_undo_in_the_field_takes_tau_back_and_not_letters(window: MainWindow, qtbot: QtBot) -> None:
    spin = window.workbench.setup.aim._tau
    spin.setValue(0.3)
    window.activateWindow()
    spin.setFocus()
    qtbot.keyClick(spin, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert spin.value() == pytest.approx(0.35)
    assert window.workbench.setup.schedule.plans == preset("adaptive")


def test_a_wish_during_a_run_can_be_withdrawn_before_and_after_it_is_applied(
    make_window: Callable[..., MainWindow], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tau_wishes, "_TOGETHER", -1.0)
    port = FakeWorkbench(pace=0.02)
    window = make_window(port)
    bench, undo = window.workbench, window.actions_.undo_tau
    window.welcome._run.click()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    bench.setup.aim._tau.setValue(0.3)
    window.review._start.click()
    qtbot.waitUntil(lambda: window._progress._steps > 0, timeout=20_000)
    window.actions_.pause.trigger()
    qtbot.waitUntil(lambda: window.session.phase is Phase.PAUSED, timeout=20_000)
    assert not undo.isEnabled()

    bench.setup.aim.view.tau_requested.emit(0.27)
    assert port.control.read().tau == 0.27
    assert bench.plots.plots.similarity.handle.pending == 0.27
    undo.trigger()
    assert port.control.read().tau is None
    assert bench.plots.plots.similarity.handle.pending is None

    bench.plots.tau_requested.emit(0.26)
    window.bridge._queue.append(ControlApplied("fake-1", 9, "tau", 0.3, 0.26, 1))
    window.bridge.drain()
    undo.trigger()
    assert port.control.read().tau == 0.3
    assert bench.setup.aim._tau.value() == pytest.approx(0.3)

    window.bridge._queue.append(SimilaritySeen("fake-1", 1, 9, bell(0.3, 0.05, 1000), bell(0.1, 0.05, 1000)))
    window.bridge.drain()
    bench.plots.plots.similarity.handle.wish(0.25)
    caption = bench.plots.plots.similarity.frame.title.caption
    assert caption.text() == "pushes 84 % concept, 0 % other" and not caption.is_shortened
    window.session.stop()
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    port.close()
