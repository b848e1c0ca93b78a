"""Comparing runs, through the window."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from atu_gui.core.config import RoundPlan
from atu_gui.core.events import Event, ItemAnswered, RoundScored
from atu_gui.core.recorded import read_recording, shipped_recording
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.panels.compare import ComparePanel
from atu_gui.ui.rooms import comparing
from tests.ui.fake_keeping import past_config
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]
_ROUNDS = [RoundPlan(align_steps=20, unlearn_steps=5, tau=tau) for tau in (0.4, 0.3)]


def _open(make_window: Make, qtbot: QtBot, bench: FakeWorkbench, selected: str = "aaaa") -> ComparePanel:
    window = make_window(bench)
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == len(bench.records), timeout=20_000)
    window.workbench.runs.select(selected)
    window.actions_.compare.trigger()
    assert window.page == "workbench" and window.workbench.view == "compare"
    return window.workbench.compare


def _ids(panel: ComparePanel) -> list[str]:
    return [run.record.run_id for run in panel.runs]


def _words(panel: ComparePanel, at: int, column: int) -> str:
    item = panel.body.final.table.item(at, column)
    return item.text() if item is not None else ""


def test_the_selected_run_and_one_like_it_are_compared_at_once(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa", title="Gentle")
    bench.keep("cccc", past_config("Stephen King"))
    bench.keep("bbbb", past_config(rounds=_ROUNDS), title="Short")
    panel = _open(make_window, qtbot, bench)
    qtbot.waitUntil(lambda: _ids(panel) == ["aaaa", "bbbb"], timeout=20_000)
    labels = [panel.body.settings.item(row, 0).text() for row in range(panel.body.settings.rowCount())]
    assert "τ of round 1" in labels and "Seed" not in labels
    assert len(panel.body.overlay.curves[1].getData()[0]) == 50
    assert [len(dots.data) for dots in panel.body.forget.dots] == [4, 3, 0, 0]
    assert list(panel.body.forget.dots[0].getData()[0])[:2] == [-0.1, 0.9]
    assert _words(panel, 0, 4) == "baseline" and _words(panel, 1, 0) == "Short · bbbb"
    panel.list._pin("bbbb")
    qtbot.waitUntil(lambda: _ids(panel) == ["bbbb", "aaaa"], timeout=20_000)
    panel.left.emit()


def test_a_clear_difference_is_named_and_an_unclear_one_is_not(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa")
    told = bench.keep("bbbb")

    def other(event: Event) -> Event:
        if isinstance(event, ItemAnswered) and event.group == "forget":
            return dataclasses.replace(event, rouge_l_recall=event.rouge_l_recall + 0.4)
        return (
            dataclasses.replace(event, weights_hash=f"1a2b{event.round}") if isinstance(event, RoundScored) else event
        )

    bench.told["bbbb"] = list(map(other, told))
    panel = _open(make_window, qtbot, bench)
    qtbot.waitUntil(lambda: _ids(panel) == ["aaaa", "bbbb"], timeout=20_000)
    assert _words(panel, 1, 4) == "+0.40 worse" and _words(panel, 1, 6) == "+0.00 unclear"
    final = panel.body.final.table.item(1, 2)
    assert final is not None and final.toolTip() == f"Weights 1a2b{final.text()}"
    assert "over 6 forget questions and 6 neighbour questions" in panel.body.final.note.text()
    panel.body.final._copy()
    assert QGuiApplication.clipboard().text().splitlines()[2].split("\t")[4] == "+0.40 worse"


def test_four_runs_are_the_most(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    for number in range(5):
        bench.keep(f"run{number}")
    panel = _open(make_window, qtbot, bench, "run0")
    for row in range(panel.list.list.count()):
        item = panel.list.list.item(row)
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            item.setCheckState(Qt.CheckState.Checked)
    assert len(panel.list.ids) == 4
    # The fifth, and the recorded run.
    off = [panel.list.list.item(row) for row in range(6)]
    assert sum(not item.flags() & Qt.ItemFlag.ItemIsEnabled for item in off) == 2
    qtbot.waitUntil(lambda: len(panel.runs) == 4, timeout=20_000)
    panel.list._remove("run0")
    qtbot.waitUntil(lambda: len(panel.runs) == 3 and "run0" not in _ids(panel), timeout=20_000)


def test_what_is_shown_can_be_chosen(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa")
    panel = _open(make_window, qtbot, bench)
    qtbot.waitUntil(lambda: _ids(panel) == ["aaaa"], timeout=20_000)
    assert (
        len(panel.body.forget.whiskers[0].getData()[0]) == 8 and len(panel.body.overlay.tau_lines[0].getData()[0]) > 0
    )
    for key in ("intervals", "taus", "untouched"):
        panel._shows[key].setChecked(False)
    panel._shows["seconds"].setChecked(True)
    for item in (panel.body.forget.whiskers[0], panel.body.overlay.tau_lines[0], panel.body.forget.untouched):
        assert len(item.getData()[0]) == 0
    assert panel.body.overlay.plot._corner.text() == "s"
    assert "Add a second run" in panel.body.final.note.text()


def test_a_deleted_run_leaves_the_comparison(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa")
    bench.keep("bbbb")
    panel = _open(make_window, qtbot, bench)
    qtbot.waitUntil(lambda: len(panel.runs) == 2, timeout=20_000)
    window = panel.window()
    assert isinstance(window, MainWindow)
    window.workbench.runs.select("bbbb")
    window.actions_.delete_run.trigger()
    qtbot.waitUntil(lambda: _ids(panel) == ["aaaa"], timeout=20_000)


def _tick(panel: ComparePanel, words: str) -> None:
    rows = [panel.list.list.item(row) for row in range(panel.list.list.count())]
    next(item for item in rows if words in item.text()).setCheckState(Qt.CheckState.Checked)


def test_the_recorded_run_is_compared_with_a_run_of_this_machine(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa", title="Mine")
    panel = _open(make_window, qtbot, bench)
    _tick(panel, "Recorded run")
    shipped = read_recording(shipped_recording()).record
    qtbot.waitUntil(lambda: _ids(panel) == ["aaaa", shipped.run_id], timeout=20_000)
    assert panel.runs[1].final_round == shipped.best_round
    assert len(panel.body.forget.dots[1].data) == len(shipped.rounds)
    # A newer list of this machine's runs keeps it.
    bench.keep("bbbb")
    window = panel.window()
    assert isinstance(window, MainWindow)
    window.workbench.runs.show_runs(tuple(bench.records.values()))
    assert _ids(panel) == ["aaaa", shipped.run_id]


def test_the_recorded_run_can_be_looked_at_in_a_comparison_without_a_service(make_window: Make) -> None:
    window = make_window()
    window.actions_.compare.trigger()
    panel = window.workbench.compare
    _tick(panel, "Recorded run")
    assert len(panel.runs) == 1 and "Add a second run" in panel.body.final.note.text()


def test_a_recorded_run_that_is_missing_costs_only_itself(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(comparing, "shipped_recording", lambda: tmp_path / "none.gz")
    bench.keep("aaaa")
    panel = _open(make_window, qtbot, bench)
    qtbot.waitUntil(lambda: _ids(panel) == ["aaaa"], timeout=20_000)
    assert panel.list.list.count() == 1
    window = panel.window()
    assert isinstance(window, MainWindow)
    assert any("There is no recorded run" in line for line in window.workbench.log.lines())


def test_every_run_of_the_differences_stays_in_sight(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa")
    far = past_config()
    far.texts.concept = ["/a/folder/with/a/name/of/many/letters/in/which/the/texts/of/the/concept/lie/concept.jsonl"]
    bench.keep("bbbb", far)
    panel = _open(make_window, qtbot, bench)
    qtbot.waitUntil(lambda: _ids(panel) == ["aaaa", "bbbb"], timeout=20_000)
    table = panel.body.settings
    rows = {table.item(row, 0).text(): table.item(row, 2).toolTip() for row in range(table.rowCount())}
    assert rows["Concept texts"].endswith("concept.jsonl")
    qtbot.waitUntil(lambda: table.viewport().width() > 100, timeout=20_000)
    assert sum(table.columnWidth(at) for at in range(3)) <= table.viewport().width()
    assert table.columnWidth(2) > 60
    panel.left.emit()
