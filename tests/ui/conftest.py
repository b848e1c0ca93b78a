"""A window on a workbench without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.theme import Theme
from tests.ui.fake_run import PLANNED
from tests.ui.fake_workbench import FakeWorkbench


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """A theme that is not applied to the application, so that tests do not colour each other."""
    made = Theme()
    yield made
    made.deleteLater()


@pytest.fixture
def bench() -> Iterator[FakeWorkbench]:
    """A fast workbench with the starter kit in place."""
    made = FakeWorkbench()
    yield made
    made.close()


@pytest.fixture
def make_window(theme: Theme, qtbot: QtBot) -> Iterator[Callable[..., MainWindow]]:
    """Builds windows and closes them."""
    made: list[MainWindow] = []

    def build(port: FakeWorkbench | None = None) -> MainWindow:
        window = MainWindow(theme)
        window.furnish()
        qtbot.addWidget(window)
        made.append(window)
        window.workbench.setup.schedule.show_values(PLANNED)
        window.resize(1600, 1000)
        window.show()
        if port is not None:
            window.connect_to(port)
        return window

    yield build
    for window in made:
        window.bridge.close()
