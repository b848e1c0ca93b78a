"""Runs that were cut off, offered and gone on with through the window."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytestqt.qtbot import QtBot

from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.basics import QPushButton
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    window = make_window(bench)
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == len(bench.records), timeout=20_000)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)
    return window


def _press(window: MainWindow, words: str) -> None:
    made = [one for one in window.workbench.notice.findChildren(QPushButton) if one.text() == words and one.isVisible()]
    made[0].click()


def test_a_run_that_was_cut_off_is_offered_and_goes_on(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa", status="crashed", checkpoint=time.time() - 12)
    bench.keep("bbbb")
    window = _window(make_window, qtbot, bench)
    assert window.page == "workbench"
    assert "Run aaaa “Leonardo da Vinci” was cut off before its end." in window.workbench.notice.words
    _press(window, "Resume")
    qtbot.waitUntil(lambda: "resume_run aaaa" in bench.calls, timeout=20_000)
    assert window.workbench.notice.isHidden()
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE and window.display.live_run == "fake-1", timeout=20_000)
    assert len(window.workbench.plots.curves.rounds) == 4


def test_the_offer_can_be_dismissed_and_taken_up_from_the_list(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    bench.keep("aaaa", status="interrupted", checkpoint=time.time() - 12)
    bench.keep("bbbb")
    window = _window(make_window, qtbot, bench)
    _press(window, "Dismiss")
    assert window.workbench.notice.isHidden() and not bench.calls.count("resume_run aaaa")
    window.workbench.runs.select("bbbb")
    assert not window.actions_.resume_run.isEnabled()
    window.workbench.runs.select("aaaa")
    assert window.actions_.resume_run.isEnabled()
    window.actions_.resume_run.trigger()
    qtbot.waitUntil(lambda: "resume_run aaaa" in bench.calls, timeout=20_000)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def test_the_offer_shows_how_far_a_run_came(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa", status="failed", checkpoint=time.time() - 12)
    window = _window(make_window, qtbot, bench)
    _press(window, "Show")
    qtbot.waitUntil(lambda: window.display.past is not None and window.display.past.run_id == "aaaa", timeout=20_000)


def test_runs_without_a_checkpoint_are_not_offered(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.keep("aaaa", status="crashed")
    bench.keep("bbbb")
    window = _window(make_window, qtbot, bench)
    assert window.workbench.notice.isHidden()
    window.workbench.runs.select("aaaa")
    assert not window.actions_.resume_run.isEnabled()
