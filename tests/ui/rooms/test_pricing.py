"""The price below the set-up follows its settings."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from atu_gui.core.config import RunConfig
from atu_gui.core.machine import Machine
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.pricing import PricingRoom
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench


def test_it_is_priced_anew_when_a_setting_changes(
    make_window: Callable[..., MainWindow], qtbot: QtBot, bench: FakeWorkbench
) -> None:
    window = make_window(bench)
    setup = window.workbench.setup
    assert setup.cost.isHidden(), "no model, no price"
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE and not setup.cost.isHidden(), timeout=20_000)
    before = setup.cost.words
    assert before.startswith("About 1.7 GB of memory, its speed is measured in a moment")
    setup.show_config(RunConfig(layers=[20]))
    qtbot.waitUntil(lambda: setup.cost.words.startswith("About 2.6 GB"), timeout=20_000)


def test_too_little_free_memory_is_warned_of(
    make_window: Callable[..., MainWindow], qtbot: QtBot, bench: FakeWorkbench
) -> None:
    class Full(Machine):
        def free(self, device: str) -> float | None:
            return 1e8

    window = make_window(bench)
    qtbot.waitUntil(lambda: window.session.loaded is not None, timeout=20_000)
    room = PricingRoom(window.session, window.workbench, window._pacing, window, Full())
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    room.price()
    assert window.workbench.setup.cost.warns
