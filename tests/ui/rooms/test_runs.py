"""Keeping runs, through the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from atu_gui.core.events import RunFinished
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.runs import RunsRoom
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.runs_model import CONCEPT, NAME
from tests.ui.fake_keeping import past_config
from tests.ui.fake_run import materials
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == len(bench.records), timeout=20_000)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    return window


def _open(window: MainWindow, qtbot: QtBot, run_id: str) -> None:
    assert window.workbench.runs.select(run_id)
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: window.display.past is not None and window.display.past.run_id == run_id, timeout=20_000)


def test_an_opened_run_shows_all_it_said_and_says_that_it_is_past(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa")
    window = _window(make_window, qtbot, bench)
    work = window.workbench
    live = work.log.lines()
    _open(window, qtbot, "aaaa")
    assert work.past.isVisible() and "Run aaaa · Leonardo da Vinci" in work.past.words.text()
    # One of the user's own: it is not called by the name of the one that comes with the program.
    assert work.past.accessibleName().startswith("Opened run: ") and work.past.out.text() == "Close opened run"
    assert work.rounds._table.rowCount() == 4 and work.probes.model.rowCount() == 12
    assert len(work.plots.curves.rounds) == 4 and not work.plots.curves.running
    assert any("Run aaaa started" in line for line in work.log.past_lines()) and work.log.lines() == live
    assert ("aaaa", 3) in {(one.run_id, one.round) for _, one in work.chat.after._choices}
    window.actions_.close_run.trigger()
    assert not work.past.isVisible() and work.rounds._table.rowCount() == 0 and work.plots.curves.empty
    assert len(work.chat.after._choices) == 2
    assert [one.round for _, one in work.chat.after._others] == [3], "its kept round can still be asked"
    assert not window.actions_.close_run.isEnabled()


def test_a_run_without_an_end_is_not_shown_as_running(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    events = bench.keep("aaaa", status="crashed")
    bench.told["aaaa"] = [event for event in events if not isinstance(event, RunFinished)]
    window = _window(make_window, qtbot, bench)
    _open(window, qtbot, "aaaa")
    assert not window.workbench.plots.curves.running
    assert "crashed" in window.workbench.past.said


def test_what_a_run_says_while_another_is_open_is_not_lost(make_window: Make, qtbot: QtBot) -> None:
    bench = FakeWorkbench(pace=0.003)
    bench.keep("aaaa")
    window = _window(make_window, qtbot, bench)
    window.session.start(past_config("Ada Lovelace"), materials())
    qtbot.waitUntil(lambda: window.display.live_run == "fake-1", timeout=20_000)
    _open(window, qtbot, "aaaa")
    assert window.workbench.past.out.text() == "Back to the present run"
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    assert window.workbench.plots.curves.rounds[0].run_id == "aaaa"
    window.workbench.past.out.click()
    curves = window.workbench.plots.curves
    assert {one.run_id for one in curves.rounds} == {"fake-1"} and len(curves.rounds) == 4
    assert window.workbench.rounds._table.rowCount() == 4
    bench.close()


def test_a_run_is_named_and_found(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa")
    bench.keep("bbbb", past_config("Stephen King"))
    window = _window(make_window, qtbot, bench)
    runs = window.workbench.runs
    _open(window, qtbot, "aaaa")
    window.actions_.annotate_run.trigger()
    dialog = next(room for room in window._rooms if isinstance(room, RunsRoom))._annotate
    assert dialog.isVisible() and dialog._name.text() == "Leonardo da Vinci"
    dialog._name.setText("")
    assert not dialog._save.isEnabled()
    dialog._name.setText("Gentle")
    dialog._note.setPlainText("the good one")
    dialog._tags._field.setText("paper")
    qtbot.mouseClick(dialog._save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bench.records["aaaa"].title == "Gentle", timeout=20_000)
    assert (bench.records["aaaa"].note, bench.records["aaaa"].tags) == ("the good one", ("paper",))
    qtbot.waitUntil(lambda: any(one.title == "Gentle" for one in runs.records), timeout=20_000)
    assert window.workbench.past.words.text() == "Run aaaa · Gentle"
    for words, found in (("gent", 1), ("king", 1), ("paper", 1), ("good one", 1), ("", 2), ("nothing like it", 0)):
        runs._search.setText(words)
        assert runs._filter.rowCount() == found, words


def test_a_narrow_table_leaves_out_columns_instead_of_scrolling(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa")
    runs = _window(make_window, qtbot, bench).workbench.runs
    table = runs.findChild(QTableView)
    assert isinstance(table, QTableView)
    for width, all_shown in ((980, False), (1400, True), (980, False)):
        runs.resize(width, 200)
        qtbot.waitUntil(lambda shown=all_shown: table.isColumnHidden(CONCEPT) is not shown, timeout=20_000)
        assert table.horizontalHeader().length() <= width
    assert "Leonardo da Vinci; layer" in table.model().index(0, NAME).data(Qt.ItemDataRole.ToolTipRole)


def test_deleting_can_be_undone(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa")
    bench.keep("bbbb")
    window = _window(make_window, qtbot, bench)
    runs = window.workbench.runs
    _open(window, qtbot, "aaaa")
    window.actions_.delete_run.trigger()
    qtbot.waitUntil(lambda: [one.run_id for one in runs.records] == ["bbbb"], timeout=20_000)
    assert window.display.past is None and "“Leonardo da Vinci” is deleted" in window.workbench.notice.words
    assert runs.selected_run is not None and runs.selected_run.run_id == "bbbb"
    window.workbench.notice._offers.itemAt(0).widget().click()
    qtbot.waitUntil(lambda: len(runs.records) == 2, timeout=20_000)
    assert runs.selected_run.run_id == "aaaa" and not window.actions_.undelete_run.isEnabled()
    assert window.workbench.notice.isHidden()


def test_a_run_that_goes_on_cannot_be_deleted_and_its_state_is_shown(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa", status="running")
    bench.keep("bbbb", stopped_because="guard: neighbour recall")
    window = _window(make_window, qtbot, bench)
    runs = window.workbench.runs
    runs.select("aaaa")
    assert not window.actions_.delete_run.isEnabled()
    words = [[runs._filter.index(at, column).data() for column in (0, 1, 6)] for at in range(2)]
    assert words == [["Stopped by guard", "bbbb", "3"], ["Running", "aaaa", "3"]]
    assert "τ per round: 0.35, 0.25, 0.20" in runs._filter.index(0, 5).data(Qt.ItemDataRole.ToolTipRole)


def test_in_a_narrow_window_what_a_kept_run_offers_loses_its_words(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa")
    window = _window(make_window, qtbot, bench)
    _open(window, qtbot, "aaaa")
    offered = window.workbench.past._of_kept
    assert "Branch from round…" in [one.text() for one in offered]
    window.resize(1280, 800)
    assert [one.text() for one in offered] == [""] * len(offered)
    assert "Branch from round…" in [one.accessibleName() for one in offered]
    window.resize(1600, 1000)
    assert "" not in [one.text() for one in offered]
