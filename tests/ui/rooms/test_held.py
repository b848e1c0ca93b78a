"""A run that a guard has paused: what it says, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.events import ControlApplied, Event, GuardTripped, Interval, RoundScored, RunPaused, RunResumed
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench

SAW = "Neighbour recall fell to 0.36 (0.29–0.44, n = 48); the floor is 0.37."


@pytest.fixture
def port() -> Iterator[FakeWorkbench]:
    made = FakeWorkbench(pace=0.02)
    yield made
    made.close()


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: QtBot, port: FakeWorkbench) -> MainWindow:
    """A window whose run is paused within the first unlearn stage, which is too long to end meanwhile."""
    made = make_window(port)
    rounds = [RoundPlan(align_steps=5000, unlearn_steps=5000, tau=0.35)] * 2
    made.workbench.setup.schedule.show_values(RunConfig(schedule="custom", rounds=rounds))
    made.welcome._run.click()
    qtbot.waitUntil(lambda: made.page == "review", timeout=20_000)
    qtbot.mouseClick(made.review._start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: made._progress.at >= 1, timeout=20_000)
    made.actions_.skip.trigger()
    qtbot.waitUntil(lambda: made.workbench.setup.aim._applied is not None, timeout=20_000)
    made.actions_.pause.trigger()
    qtbot.waitUntil(lambda: made.session.phase is Phase.PAUSED, timeout=20_000)
    return made


def _hear(window: MainWindow, *events: Event) -> None:
    window.bridge._queue.extend(events)
    window.bridge.drain()


def _scored(number: int) -> RoundScored:
    half = Interval(0.5, 0.4, 0.6, 6)
    return RoundScored("fake-1", number, 12 * number, 0.35, half, half, half, half, half, half, 0.6, 0.3, 0.4, 0.1, 9.0)


def _trip(window: MainWindow, guard: str, number: int = 1, *, rejected: bool = True) -> None:
    _hear(window, GuardTripped("fake-1", number, 12, guard, SAW, "pause", rejected=rejected))
    _hear(window, RunPaused("fake-1", 12, f"the {guard}", SAW))


def _buttons(window: MainWindow) -> dict[str, QPushButton]:
    row = window.workbench.notice._offers
    widgets = [row.itemAt(at).widget() for at in range(row.count())]
    return {one.text(): one for one in widgets if isinstance(one, QPushButton)}


def _end(window: MainWindow, qtbot: QtBot) -> None:
    window.session.stop()
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def test_it_says_what_was_seen_and_falls_silent_when_the_run_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    _trip(window, "neighbour floor")
    notice = window.workbench.notice
    assert notice.words.startswith(f"Paused by the neighbour floor {SAW} Resume goes on")
    assert window._progress.words()[0] == "Paused by the neighbour floor"
    assert f"warning: {SAW}" in "\n".join(window.workbench.log.lines())
    _hear(window, RunResumed("fake-1", 12))
    assert notice.isHidden()
    _end(window, qtbot)


def test_going_on_resumes(window: MainWindow, qtbot: QtBot, port: FakeWorkbench) -> None:
    _trip(window, "forget goal", rejected=False)
    assert list(_buttons(window)) == ["Go on", "Stop, back to untouched"]
    qtbot.mouseClick(_buttons(window)["Go on"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.phase is Phase.RUNNING, timeout=20_000)
    assert window.workbench.notice.isHidden() and not port.control.read().paused
    _end(window, qtbot)


def test_stopping_says_which_round_it_leads_to(window: MainWindow, qtbot: QtBot) -> None:
    _hear(window, _scored(1), _scored(2))
    _trip(window, "forget goal", 2, rejected=False)
    assert "Stop and keep round 2" in _buttons(window)
    _hear(window, RunResumed("fake-1", 12), _scored(3))
    _trip(window, "neighbour floor", 3)
    assert "Stop, back to round 2" in _buttons(window)
    assert "returns to round 2, the last good one" in window.workbench.notice.words
    # The run that is played has finished no round of its own, so only what comes of the button is looked at.
    window.session._phase = Phase.PAUSED
    qtbot.mouseClick(_buttons(window)["Stop, back to round 2"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    assert window._progress.words() == ("Run stopped", "Stopped by you")


def test_a_harsh_round_offers_gentler_wishes_that_reach_the_run(window: MainWindow, qtbot: QtBot) -> None:
    applied: list[ControlApplied] = []
    window.bridge.add_handler(lambda event: applied.append(event) if isinstance(event, ControlApplied) else None)
    _trip(window, "neighbour floor")
    assert list(_buttons(window))[:3] == ["Go on", "Raise τ to 0.40 and go on", "Raise λ to 40 and go on"]
    qtbot.mouseClick(_buttons(window)["Raise τ to 0.40 and go on"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [(one.field, one.new) for one in applied] == [("tau", 0.4)], timeout=20_000)
    assert window.actions_.undo_tau.isEnabled()
    window.actions_.pause.trigger()
    qtbot.waitUntil(lambda: window.session.phase is Phase.PAUSED, timeout=20_000)
    _trip(window, "collapse")
    qtbot.mouseClick(_buttons(window)["Raise λ to 40 and go on"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [(one.field, one.new) for one in applied[1:]] == [("retain_weight", 40.0)], timeout=20_000)
    assert window.workbench.setup.live.rows["retain_weight"].applied == 40.0
    _end(window, qtbot)


@pytest.mark.parametrize(
    ("guard", "words"), [("active share", "Lower τ to 0.30 and go on"), ("not finite", "Halve the rate and go on")]
)
def test_other_guards_offer_what_answers_them(window: MainWindow, qtbot: QtBot, guard: str, words: str) -> None:
    _trip(window, guard, rejected=False)
    assert list(_buttons(window))[1:-1] == [words]
    _end(window, qtbot)


def test_a_button_that_comes_too_late_does_nothing(window: MainWindow, qtbot: QtBot, port: FakeWorkbench) -> None:
    _trip(window, "forget goal", rejected=False)
    late = _buttons(window)["Go on"]
    window.actions_.pause.trigger()
    qtbot.waitUntil(lambda: window.session.phase is Phase.RUNNING, timeout=20_000)
    late.click()
    assert not port.control.read().paused
    _end(window, qtbot)
