"""Audits, through the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from atu_gui.core.audits import AUDITS, AuditSettings
from atu_gui.core.ports import Weights
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.rooms.auditing import AuditingRoom
from atu_gui.ui.session import Phase
from tests.ui.fake_auditing import finding, forgetting
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]
USUAL = AuditSettings()


def _window(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    bench.told["aaaa"] = forgetting(bench.keep("aaaa"))
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: len(window.workbench.runs.records) == 1, timeout=20_000)
    qtbot.waitUntil(lambda: window.session.loaded is not None, timeout=20_000)
    _idle(window, qtbot)
    return window


def _idle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE, timeout=20_000)


def _opened(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.open_run.trigger()
    qtbot.waitUntil(lambda: window.display.past is not None, timeout=20_000)


def test_from_the_action_to_findings_and_the_verdict(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    window.actions_.audit_round.trigger()
    room = window.findChild(AuditingRoom)
    room._round.dialog._table.selectRow(1)
    qtbot.mouseClick(room._round.dialog._take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(room._attacks.isVisible, timeout=20_000)
    assert room._attacks.take.text() == "Audit round 2"
    for kind in ("prompts", "lens", "probe", "ablate"):
        room._attacks.kinds[kind].setChecked(False)
    qtbot.mouseClick(room._attacks.take, Qt.MouseButton.LeftButton)
    assert window.session.phase is Phase.AUDITING and not window.actions_.audit_round.isEnabled()
    panel = window.workbench.audits
    assert window.workbench.tabs.currentWidget() is panel
    _idle(window, qtbot)
    assert bench.audit_wishes == [(Weights("aaaa", 2), ("quantize", "relearn"), USUAL, False)]
    qtbot.waitUntil(lambda: "round 2 is done" in window.workbench.notice.words, timeout=20_000)
    qtbot.waitUntil(lambda: len(window.display.audits) == 2, timeout=20_000)
    assert window.display.past is not None and panel.round.currentText() == "Round 2"
    assert "Verdict" not in window.workbench.notice.words, "the run is judged by round 3"
    assert window.display.shown_events and not panel._stop.isVisible()


def test_what_is_kept_is_there_when_the_run_is_opened(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    bench.keep_finding(finding("lens", Weights("aaaa", 3), USUAL))
    _opened(window, qtbot)
    qtbot.waitUntil(lambda: window.workbench.audits.table.rowCount() == 2, timeout=20_000)
    window.actions_.close_run.trigger()
    assert window.display.audits == () and window.workbench.audits.table.rowCount() == 0


def test_the_outcome_is_told_again(make_window: Make, qtbot: QtBot, bench: FakeWorkbench) -> None:
    window = _window(make_window, qtbot, bench)
    _opened(window, qtbot)
    window.actions_.outcome.trigger()
    panel = window.workbench.outcome
    assert panel.verdict.text() == "Leonardo da Vinci: suppressed"
    assert "brings back" not in panel.verdict.toolTip()
    qtbot.mouseClick(panel.audit, Qt.MouseButton.LeftButton)
    room = window.findChild(AuditingRoom)
    qtbot.waitUntil(room._attacks.isVisible, timeout=20_000)
    qtbot.mouseClick(room._attacks.take, Qt.MouseButton.LeftButton)
    _idle(window, qtbot)
    qtbot.waitUntil(lambda: "Verdict with what it found" in window.workbench.notice.words, timeout=20_000)
    assert [wish[1] for wish in bench.audit_wishes] == [tuple(AUDITS)]
    window.actions_.outcome.trigger()
    assert "Quantisation brings back 10 %" in panel.verdict.toolTip()
    assert panel.verdict.text() == "Leonardo da Vinci: erased"
    bench.keep_finding(finding("quantize", Weights("aaaa", 3), USUAL, 0.9))
    room._read()
    qtbot.waitUntil(lambda: "Quantisation brings back 90 %" in panel.verdict.toolTip(), timeout=20_000)


def test_a_cancelled_audit_leaves_what_is_kept(make_window: Make, qtbot: QtBot) -> None:
    bench = FakeWorkbench(pace=0.05)
    bench.keep("aaaa")
    window = make_window(bench)
    window.show_page("workbench")
    qtbot.waitUntil(lambda: window.session.loaded is not None and bool(window.workbench.runs.records), timeout=20_000)
    _idle(window, qtbot)
    _opened(window, qtbot)
    room = window.findChild(AuditingRoom)
    room.audit(Weights("aaaa", 3), ("quantize", "relearn"), USUAL, False)
    qtbot.waitUntil(lambda: bool(bench.found.get("aaaa")), timeout=20_000)
    assert window.actions_.stop.isEnabled()
    qtbot.mouseClick(window.workbench.audits._stop, Qt.MouseButton.LeftButton)
    _idle(window, qtbot)
    qtbot.waitUntil(lambda: window.display.audits == bench.found["aaaa"], timeout=20_000)
    assert "is done" not in window.workbench.notice.words
    bench.close()


def test_weaker_settings_are_said_and_kept_findings_named(
    make_window: Make, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    window = _window(make_window, qtbot, bench)
    dialog = window.findChild(AuditingRoom)._attacks
    dialog.ask(Weights("aaaa", 3), "Run aaaa, round 3", (finding("lens", Weights("aaaa", 3), USUAL),))
    assert dialog._kept["lens"].text() == "kept, told at once" and dialog.again.isEnabled()
    dialog.limit.setValue(10)
    assert dialog._kept["lens"].text() == "kept with other settings" and not dialog.again.isEnabled()
    assert "does not count as erased" in dialog._warning.text()
    for box in dialog.kinds.values():
        box.setChecked(False)
    assert not dialog.take.isEnabled()
    dialog.close()
