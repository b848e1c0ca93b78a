"""The speed is measured by itself after loading, or on demand, and gives way to everything else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


@pytest.fixture
def window(make_window: Make, bench: FakeWorkbench) -> MainWindow:
    made = make_window(bench)
    made.show_page("workbench")
    made._pacing._rest.setInterval(1)
    return made


def _words(window: MainWindow) -> str:
    return window.workbench.setup.cost.words


def test_after_loading_twenty_steps_are_measured_once(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    qtbot.waitUntil(lambda: _words(window).endswith(", from 20 measured steps"), timeout=20_000)
    assert " of memory, at most " in _words(window) and len(bench.measured) == 1
    assert window.actions_.measure_speed.text() == "Measure the speed"
    window.session.load(RunConfig().model, "auto")
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    QTest.qWait(150)
    assert len(bench.measured) == 1, "it is known by now"


def test_other_settings_are_priced_by_scaling_and_measured_when_asked(
    window: MainWindow, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    qtbot.waitUntil(lambda: _words(window).endswith("from 20 measured steps"), timeout=20_000)
    window.workbench.setup.show_config(RunConfig(layers=[20]))
    qtbot.waitUntil(
        lambda: _words(window).endswith("scaled from 20 measured steps with other settings"), timeout=20_000
    )
    window.workbench.setup.cost.measure.click()
    qtbot.waitUntil(lambda: _words(window).endswith(", from 20 measured steps"), timeout=20_000)
    assert [config.layers for config in bench.measured] == [[], [20]]


def test_measuring_tells_how_far_it_is_and_can_be_stopped(make_window: Make, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.05)
    window = make_window(port)
    window.show_page("workbench")
    window._pacing._rest.setInterval(1)
    action = window.actions_.measure_speed
    qtbot.waitUntil(lambda: "measuring align steps" in _words(window), timeout=20_000)
    assert _words(window).endswith(" of 20") and action.text() == "Stop measuring" and action.isEnabled()
    assert window.actions_.run.isEnabled(), "measuring is in nobody's way"
    action.trigger()
    qtbot.waitUntil(lambda: action.text() == "Measure the speed", timeout=20_000)
    assert _words(window).endswith("time not measured yet")
    port.close()


def test_whatever_the_user_wants_comes_first(make_window: Make, qtbot: QtBot) -> None:
    # Measuring takes twenty paces: on a busy machine too it is not over before the click.
    port = FakeWorkbench(pace=0.1)
    window = make_window(port)
    window._pacing._rest.setInterval(1)
    qtbot.waitUntil(lambda: bool(port.measured), timeout=20_000)
    window.welcome._run.click()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    assert window._pacing._future is None and window.actions_.measure_speed.text() == "Measure the speed"
    assert window._pacing.recall(window.workbench.setup.config_without_concepts()).paces == {}
    port.close()


def test_without_a_model_the_reason_is_said(make_window: Make) -> None:
    window = make_window()
    window.actions_.measure_speed.trigger()
    assert window.workbench.notice.words.startswith("There is no model to measure yet.")


def test_a_model_that_is_only_named_is_neither_measured_nor_fetched(
    window: MainWindow, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    qtbot.waitUntil(lambda: len(bench.measured) == 1, timeout=20_000)
    window.session.load(ModelConfig(source="another/model"), "auto")
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    QTest.qWait(150)
    assert len(bench.measured) == 1
    window.actions_.measure_speed.trigger()
    assert window.workbench.notice.words.startswith("The set-up names other models")
    assert len(bench.measured) == 1
