"""What loading takes is said before it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.machine import Machine
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.sizing import SizingRoom
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.load_cost import LoadCost
from tests.ui.fake_workbench import FakeWorkbench


class Roomy(Machine):
    """A machine with 16 GB free."""

    def free(self, device: str) -> float | None:
        return 16e9


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    made = make_window(bench)
    qtbot.waitUntil(lambda: made.session.phase is Phase.IDLE and made.session.loaded is not None, timeout=20_000)
    made._sizing._machine = Roomy()
    return made


def _type(window: MainWindow, qtbot: QtBot, source: str, expected: str) -> LoadCost:
    panel = window.workbench.setup.model
    panel._source.setText(source)
    panel._source.textEdited.emit(source)
    qtbot.waitUntil(lambda: expected in panel.cost.words, timeout=20_000)
    return panel.cost


def test_a_model_that_fits_is_sized_up_while_it_is_typed(window: MainWindow, qtbot: QtBot) -> None:
    cost = _type(window, qtbot, "someone/model-1B", "1,000 M parameters in 30 layers")
    assert "Loading takes about 4.1 GB of the main memory" in cost.words and not cost.warns
    # What the loaded model takes is let go first, so it counts as free.
    loaded = window.session.loaded
    assert loaded is not None and loaded.memory_bytes > 1e8
    assert "16.0 GB are free" not in cost.words


def test_one_that_does_not_fit_is_warned_of(window: MainWindow, qtbot: QtBot) -> None:
    cost = _type(window, qtbot, "someone/model-7B", "would not fit")
    assert cost.warns and "28.1 GB" in cost.words


def test_what_is_not_there_says_so_and_what_is_not_fetched_too(window: MainWindow, qtbot: QtBot) -> None:
    assert _type(window, qtbot, "/nowhere", "There is no folder or file /nowhere. Check the path.").warns
    assert not _type(window, qtbot, "someone/other", "its size is known once it has been fetched").warns


def test_what_is_loaded_needs_no_words(window: MainWindow, qtbot: QtBot) -> None:
    cost = _type(window, qtbot, "someone/model-1B", "1,000 M")
    window.workbench.setup.model._source.setText("starter")
    window.workbench.setup.model.changed.emit()
    qtbot.waitUntil(lambda: cost.words == "", timeout=20_000)


def test_late_answers_are_dropped(window: MainWindow, qtbot: QtBot) -> None:
    room: SizingRoom = window._sizing
    window.workbench.setup.model._source.setText("someone/model-7B")
    room.size_up()
    window.workbench.setup.model._source.setText("someone/model-1B")
    room.size_up()
    qtbot.waitUntil(lambda: window.workbench.setup.model.cost.words != "", timeout=20_000)
    assert "1,000 M" in window.workbench.setup.model.cost.words
