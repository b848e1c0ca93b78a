"""Returning to a round and branching from one, through the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core.ports import UNTOUCHED, Weights
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.rounds import RoundsRoom
from atu_gui.ui.session import Phase
from tests.ui.fake_keeping import past_config
from tests.ui.fake_run import materials
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    bench.keep("aaaa", past_config("Stephen King", seed=7))
    bench.keep("bbbb", rounds=(), best_round=0)
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == 2, timeout=20_000)
    qtbot.waitUntil(lambda: window.session.loaded is not None, timeout=20_000)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    window.workbench.runs.select("aaaa")
    return window


def _branch(window: MainWindow, qtbot: QtBot, row: int) -> None:
    window.actions_.branch_round.trigger()
    dialog = window.findChild(RoundsRoom)._branch.dialog
    dialog._table.selectRow(row)
    qtbot.mouseClick(dialog._take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.branch is not None, timeout=20_000)


def test_a_run_without_rounds_offers_none(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    assert window.actions_.branch_round.isEnabled()
    window.workbench.runs.select("bbbb")
    assert not window.actions_.branch_round.isEnabled() and not window.actions_.return_round.isEnabled()


def test_returning_makes_a_round_current(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    window.actions_.return_round.trigger()
    dialog = window.findChild(RoundsRoom)._return.dialog
    assert dialog.isVisible() and dialog._take.text() == "Return to round 3"
    dialog._table.selectRow(1)
    assert dialog._take.text() == "Return to round 2"
    qtbot.mouseClick(dialog._take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bench.returned == [Weights("aaaa", 2)], timeout=20_000)
    qtbot.waitUntil(lambda: "those of run aaaa, round 2" in window.workbench.notice.words, timeout=20_000)
    assert not dialog.isVisible()


def test_the_buttons_beside_the_shown_run_are_about_that_run(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    window = _window(make_window, qtbot, bench)
    bench.keep("cccc")
    window.session.request(lambda port: port.runs(), window.workbench.runs.show_runs, lambda _: None)
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == 3, timeout=20_000)
    window.workbench.runs.select("aaaa")
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: window.display.past is not None, timeout=20_000)
    window.workbench.runs.select("cccc")
    button = next(one for one in window.workbench.past._of_kept if one.text() == "Branch from round…")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.findChild(RoundsRoom)._branch.dialog._run_id == "aaaa"
    window.findChild(RoundsRoom)._branch.dialog.reject()


def test_a_branch_takes_settings_texts_and_weights(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _branch(window, qtbot, 1)
    assert "run aaaa, round 2" in window.workbench.branch.words.text() and window.workbench.branch.isVisible()
    config = window.workbench.setup.config()
    assert (config.concepts[0].name, config.seed, config.out) == ("Stephen King", 7, None)
    window.actions_.run.trigger()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    assert "prepare" not in bench.calls
    window.review._start.click()
    qtbot.waitUntil(lambda: bench.starts == [Weights("aaaa", 2)], timeout=20_000)
    assert bench.given[-1] == materials("Stephen King")
    assert window.session.branch is None and window.workbench.branch.isHidden()
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def test_other_texts_are_prepared_for_a_branch(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _branch(window, qtbot, 0)
    window.workbench.setup.texts._neighbours.set_values(["Dean Koontz"])
    window.actions_.run.trigger()
    qtbot.waitUntil(lambda: window.page == "review", timeout=20_000)
    assert "prepare" in bench.calls


def test_a_branch_can_be_given_up(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _branch(window, qtbot, 0)
    window.workbench.branch.out.click()
    assert window.session.branch is None and window.workbench.branch.isHidden()
    window.session.start(window.workbench.setup.config(), materials())
    assert bench.starts == [UNTOUCHED]
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
