"""Measurements before a run, from the button to the field."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    """A window with a model and a concept, on the workbench page."""
    made = make_window(bench)
    qtbot.waitUntil(lambda: made.session.phase is Phase.IDLE and made.session.loaded is not None, timeout=20_000)
    made.workbench.setup.concepts.show_values(RunConfig(concepts=[Concept(name="Leonardo da Vinci")]))
    made.show_page("workbench")
    return made


def _idle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def test_a_scan_fills_the_strip_and_a_pick_the_field(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    aim = window.workbench.setup.aim
    window.actions_.scan.trigger()
    assert aim.layers.scanning and not window.actions_.run.isEnabled()
    _idle(window, qtbot)
    assert bench.calls[-2:] == ["prepare", "scan_layers"]
    assert "Suggested: layer 15" in aim.layers.words
    assert aim.layers.strip.picks == (10,), "an empty field stands for a third of the depth"
    aim.layers._use.click()
    assert window.workbench.setup.config().layers == [15]
    aim._layers.setText("12, 18")
    aim._layers.textEdited.emit("12, 18")
    assert aim.layers.strip.picks == (12, 18)


def test_texts_are_written_once_for_scan_and_run(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window.actions_.scan.trigger()
    _idle(window, qtbot)
    window.actions_.scan.trigger()
    _idle(window, qtbot)
    window.actions_.run.trigger()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    assert bench.calls.count("prepare") == 1 and bench.calls.count("scan_layers") == 2


def test_a_scan_can_be_cancelled(make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.01)
    window = make_window(port)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE and window.session.loaded is not None, timeout=20_000)
    window.workbench.setup.concepts.show_values(RunConfig(concepts=[Concept(name="X")]))
    window.actions_.scan.trigger()
    qtbot.waitUntil(lambda: window.session.phase is Phase.MEASURING, timeout=20_000)
    layers = window.workbench.setup.aim.layers
    qtbot.waitUntil(lambda: not layers.strip.isHidden(), timeout=20_000)
    layers._cancel.click()
    _idle(window, qtbot)
    assert layers.strip.isHidden() and not layers.scanning
    port.close()


def test_without_a_concept_nothing_is_scanned(window: MainWindow, bench: FakeWorkbench) -> None:
    window.workbench.setup.concepts.show_values(RunConfig())
    window.actions_.scan.trigger()
    assert "scan_layers" not in bench.calls and window.session.phase is Phase.IDLE


def test_ten_questions_before_a_run(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    concepts = window.workbench.setup.concepts
    concepts.knowledge._check.click()
    assert concepts.knowledge.asking
    _idle(window, qtbot)
    assert bench.calls[-2:] == ["prepare", "check_knowledge"]
    assert concepts.knowledge.words.startswith("It answers 2 of 6 questions")
    concepts._editors[0].name.setText("Somebody else")
    concepts._editors[0].name.textEdited.emit("Somebody else")
    assert concepts.knowledge.words == "", "the verdict was about another concept"
