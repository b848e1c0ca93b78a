"""Quiet mode with a battery of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.preferences import load_preferences
from atu_gui.ui.rooms.quiet import QuietRoom
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


class Battery:
    """Whether the machine runs on battery; None where it has none."""

    def __init__(self) -> None:
        self.used: bool | None = False

    def __call__(self) -> bool | None:
        return self.used


@pytest.fixture
def port() -> Iterator[FakeWorkbench]:
    made = FakeWorkbench(pace=0.02)
    yield made
    made.close()


@pytest.fixture
def battery() -> Battery:
    return Battery()


def _room(window: MainWindow) -> QuietRoom:
    return next(room for room in window._rooms if isinstance(room, QuietRoom))


@pytest.fixture
def window(make_window: Make, qtbot: QtBot, port: FakeWorkbench, battery: Battery) -> MainWindow:
    """A window with a model, on a machine that has power."""
    made = make_window(port)
    _room(made)._battery = battery
    qtbot.waitUntil(lambda: made.session.loaded is not None and made.session.phase is Phase.IDLE, timeout=20_000)
    return made


def _run(window: MainWindow, qtbot: QtBot) -> None:
    window.welcome._run.click()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    qtbot.mouseClick(window.review._start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window._progress.at >= 1 and window._progress._steps > 0, timeout=20_000)


def _wait(window: MainWindow, qtbot: QtBot, phase: Phase) -> None:
    qtbot.waitUntil(lambda: window.session.phase is phase, timeout=20_000)


def _end(window: MainWindow, qtbot: QtBot) -> None:
    window.session.stop()
    _wait(window, qtbot, Phase.IDLE)


def test_the_switch_caps_the_threads_and_says_so(window: MainWindow, port: FakeWorkbench, qtbot: QtBot) -> None:
    window.actions_.quiet.trigger()
    qtbot.waitUntil(
        lambda: any("Quiet mode on: 1 processor thread." in one for one in window.workbench.log.lines()), timeout=20_000
    )
    assert "a run waits while the machine is on battery" in window.workbench.notice.words
    window.actions_.quiet.trigger()
    assert port.quiet == [True, False] and "Quiet mode is off." in window.workbench.notice.words


def test_a_machine_without_a_battery_is_told_so(window: MainWindow, battery: Battery) -> None:
    battery.used = None
    window.actions_.quiet.trigger()
    assert "this machine has no battery" in window.workbench.notice.words


def test_a_run_waits_on_battery_and_goes_on_with_power(window: MainWindow, qtbot: QtBot, battery: Battery) -> None:
    window.actions_.quiet.trigger()
    _run(window, qtbot)
    room = _room(window)
    assert room._clock.isActive()
    room.look()
    assert window.session.phase is Phase.RUNNING
    battery.used = True
    room.look()
    _wait(window, qtbot, Phase.PAUSED)
    notice = window.workbench.notice
    assert notice.words.startswith("Paused by quiet mode The machine runs on battery")
    assert window._progress.words()[0] == "Paused by quiet mode"
    room.look()
    assert window.session.phase is Phase.PAUSED
    battery.used = False
    room.look()
    _wait(window, qtbot, Phase.RUNNING)
    assert notice.isHidden()
    _end(window, qtbot)
    room.look()
    assert not room._clock.isActive()


def test_a_run_that_begins_on_battery_waits_at_once(window: MainWindow, qtbot: QtBot, battery: Battery) -> None:
    window.actions_.quiet.trigger()
    battery.used = True
    window.welcome._run.click()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    qtbot.mouseClick(window.review._start, Qt.MouseButton.LeftButton)
    _wait(window, qtbot, Phase.PAUSED)
    # Switched off, it lets go of the run.
    window.actions_.quiet.trigger()
    _wait(window, qtbot, Phase.RUNNING)
    _end(window, qtbot)


def test_who_goes_on_all_the_same_is_left_alone_until_power_came_back(
    window: MainWindow, qtbot: QtBot, battery: Battery
) -> None:
    window.actions_.quiet.trigger()
    _run(window, qtbot)
    room = _room(window)
    battery.used = True
    room.look()
    _wait(window, qtbot, Phase.PAUSED)
    window.actions_.pause.trigger()
    _wait(window, qtbot, Phase.RUNNING)
    room.look()
    assert window.session.control is not None and not window.session.control.read().paused
    battery.used = False
    room.look()
    battery.used = True
    room.look()
    _wait(window, qtbot, Phase.PAUSED)
    _end(window, qtbot)


def test_a_pause_of_the_user_outlasts_the_power(window: MainWindow, qtbot: QtBot, battery: Battery) -> None:
    window.actions_.quiet.trigger()
    _run(window, qtbot)
    room = _room(window)
    window.actions_.pause.trigger()
    _wait(window, qtbot, Phase.PAUSED)
    for used in (True, False):
        battery.used = used
        room.look()
        assert window.session.control is not None and window.session.control.read().paused
    _end(window, qtbot)


def test_without_the_switch_nothing_is_held(window: MainWindow, qtbot: QtBot, battery: Battery) -> None:
    battery.used = True
    _run(window, qtbot)
    room = _room(window)
    room.look()
    assert not room._clock.isActive() and window.session.phase is Phase.RUNNING
    _end(window, qtbot)


def test_it_is_remembered_and_holds_for_the_next_model(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = make_window()
    window.actions_.quiet.trigger()
    window.close()
    assert load_preferences().quiet
    again = make_window(bench)
    assert again.actions_.quiet.isChecked() and again.workbench.notice.isHidden()
    qtbot.waitUntil(lambda: bench.quiet == [True], timeout=20_000)
