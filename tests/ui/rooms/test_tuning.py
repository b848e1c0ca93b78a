"""Wishes on their way to the run, from wherever they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core.events import ControlApplied, Event
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench


@pytest.fixture
def port() -> Iterator[FakeWorkbench]:
    made = FakeWorkbench(pace=0.02)
    yield made
    made.close()


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: QtBot, port: FakeWorkbench) -> MainWindow:
    """A window whose run is paused within the first align stage."""
    made = make_window(port)
    made.welcome._run.click()
    qtbot.waitUntil(lambda: made.page == "review", timeout=20_000)
    qtbot.mouseClick(made.review._start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: made._progress.at >= 1 and made._progress._steps > 0, timeout=20_000)
    made.actions_.pause.trigger()
    qtbot.waitUntil(lambda: made.session.phase is Phase.PAUSED, timeout=20_000)
    return made


def _end(window: MainWindow, qtbot: QtBot) -> None:
    window.session.stop()
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def test_every_place_shows_a_wish_for_tau(window: MainWindow, qtbot: QtBot, port: FakeWorkbench) -> None:
    bench = window.workbench
    bench.setup.aim.tau_requested.emit(0.29)
    assert bench.plots.plots.similarity.handle.pending == 0.29
    assert port.control.read().tau == 0.29
    bench.plots.tau_requested.emit(0.31)
    assert bench.setup.aim._tau.value() == pytest.approx(0.31)
    assert port.control.read().tau == 0.31
    _end(window, qtbot)


def test_knobs_reach_the_run_and_come_back_applied(window: MainWindow, qtbot: QtBot, port: FakeWorkbench) -> None:
    heard: list[Event] = []
    window.bridge.add_handler(heard.append)
    live = window.workbench.setup.live
    assert window.workbench.setup.section("live").isVisible()
    for name, words in (("align_learning_rate", "0.002"), ("forget_goal", "0.1")):
        live.rows[name]._field.editor.setText(words)
        live.rows[name]._field.editor.editingFinished.emit()
    live.rows["stage_steps"]._field.editor.setValue(40)
    live.rows["action"]._field.editor.setCurrentIndex(1)
    assert live.summary() == "4 changes pending"
    window.actions_.pause.trigger()
    qtbot.waitUntil(lambda: live.summary() == "weights, rates, steps, goals", timeout=20_000)
    fields = {event.field for event in heard if isinstance(event, ControlApplied)}
    assert fields == {"align_learning_rate", "forget_goal", "stage_steps", "action"}
    lines = "\n".join(window.workbench.log.lines())
    assert "Align rate 0.001 → 0.002 by you, applied at step" in lines and "Guards stop → pause by you" in lines
    assert "forget goal 0.2 → 0.1 by you" in [flag.text for flag in window.workbench.plots.curves.flags]
    assert window.workbench.setup.schedule.plans[0].align_steps == 40
    assert window.workbench.plots._guards.forget_goal == 0.1
    _end(window, qtbot)
    assert not window.workbench.setup.section("live").isVisible()


def test_a_few_more_steps_then_a_pause(window: MainWindow, qtbot: QtBot) -> None:
    window.workbench.setup.live._more.setValue(3)
    before = window._progress._steps
    window.actions_.pause_after.trigger()
    qtbot.waitUntil(lambda: window._progress._steps > before, timeout=20_000)
    qtbot.waitUntil(lambda: window.session.phase is Phase.PAUSED, timeout=20_000)
    assert window._progress._steps == before + 3
    _end(window, qtbot)


def test_discarding_keeps_no_round(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.discard.trigger()
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    assert window._progress.words() == ("Run stopped", "Discarded by you")
    assert not window.actions_.discard.isEnabled()
