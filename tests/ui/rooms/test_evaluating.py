"""The benchmark, through the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core.ports import Weights
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.evaluating import EvaluatingRoom
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.evaluate_dialog import EvaluationWish
from tests.ui.fake_auditing import report
from tests.ui.fake_keeping import past_config
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _idle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench, folder: Path) -> MainWindow:
    config = past_config()
    bench.keep("aaaa", config.model_copy(update={"texts": config.texts.model_copy(update={"probes": [folder]})}))
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: window.session.loaded is not None and bool(window.workbench.runs.records), timeout=20_000)
    _idle(window, qtbot)
    return window


def test_from_the_action_to_the_scores_of_a_round(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path
) -> None:
    window = _window(make_window, qtbot, bench, tmp_path)
    window.actions_.evaluate.trigger()
    dialog = window.findChild(EvaluatingRoom)._dialog
    qtbot.waitUntil(dialog.isVisible, timeout=20_000)
    assert dialog.folders.paths() == [tmp_path], "the run's own target is offered"
    assert dialog.weights.currentText() == "Run aaaa, round 3 (kept)"
    dialog.parts["bbh"].setChecked(False)
    dialog.reading.setCurrentIndex(1)
    dialog.limit.setValue(8)
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert window.session.phase is Phase.EVALUATING and not window.actions_.evaluate.isEnabled()
    _idle(window, qtbot)
    (request,) = bench.requests
    assert (request.run, request.round, request.model, request.reading, request.limit) == (
        "aaaa",
        3,
        None,
        "corrected",
        8,
    )
    assert request.targets == (str(tmp_path),) and "bbh" not in request.parts and len(request.parts) == 10
    panel = window.workbench.evaluations
    qtbot.waitUntil(lambda: panel.shown is not None, timeout=20_000)
    assert window.workbench.tabs.currentWidget() is panel and panel.which.count() == 1


def test_what_is_kept_of_a_run_is_there_at_once(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path
) -> None:
    window = _window(make_window, qtbot, bench, tmp_path)
    bench.reports["aaaa"] = (report("run aaaa, round 2"),)
    window.actions_.open_run.trigger()
    panel = window.workbench.evaluations
    qtbot.waitUntil(lambda: panel.which.count() == 1, timeout=20_000)
    window.actions_.close_run.trigger()
    assert panel.which.count() == 0
    assert not bench.requests


def test_the_model_of_the_set_up_belongs_to_no_run(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path
) -> None:
    window = _window(make_window, qtbot, bench, tmp_path)
    room = window.findChild(EvaluatingRoom)
    room.evaluate(EvaluationWish(Weights(), (tmp_path,), "rwku", ("fb",), None))
    _idle(window, qtbot)
    (request,) = bench.requests
    assert request.run == "" and request.round is None and request.model is not None
    panel = window.workbench.evaluations
    qtbot.waitUntil(lambda: panel.which.count() == 1, timeout=20_000)
    bench.reports["aaaa"] = (report("run aaaa, round 2"),)
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: panel.which.count() == 2, timeout=20_000)


def test_an_evaluation_can_be_stopped(make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path) -> None:
    window = _window(make_window, qtbot, bench, tmp_path)
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: window.display.past is not None, timeout=20_000)
    bench._pace = 0.5
    room = window.findChild(EvaluatingRoom)
    room.evaluate(EvaluationWish(Weights("aaaa", 2), (tmp_path,), "rwku", ("fb",), None))
    panel = window.workbench.evaluations
    qtbot.waitUntil(lambda: "of 4 items · 0:12 left" in panel._busy.text(), timeout=20_000)
    qtbot.mouseClick(panel._stop, Qt.MouseButton.LeftButton)
    _idle(window, qtbot)
    assert panel.shown is None and not bench.reports and not panel._stop.isVisible()


def test_without_folders_or_parts_nothing_can_be_asked(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, tmp_path: Path
) -> None:
    window = _window(make_window, qtbot, bench, tmp_path)
    dialog = window.findChild(EvaluatingRoom)._dialog
    dialog.ask(None, [])
    assert dialog.weights.count() == 1 and not dialog.take.isEnabled()
    dialog.folders.set_paths([tmp_path])
    dialog.folders.changed.emit()
    assert dialog.take.isEnabled()
    for box in dialog.parts.values():
        box.setChecked(False)
    assert not dialog.take.isEnabled()
    dialog.close()
