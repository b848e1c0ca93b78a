"""The window survives a user who does anything at all: no crash, no hang, no logged error, no thread left behind."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QtMsgType
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import IN_RUN
from atu_gui.ui.theme import Theme
from tests.ui.fake_keeping import past_config
from tests.ui.fake_workbench import FakeWorkbench
from tests.ui.monkey import Monkey

# Seconds that one thing may take: this thread's own work, and the clock, on machines that do much else; and a resize.
_LONGEST_WORK, _LONGEST = 4.0, 30.0
_SETTLED = 1.0
_SEEN_TYPES = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
# What a screen that nobody sees cannot do: raise windows, hold the keyboard, take a colour scheme. And QTest's own word
# on a click that came to nothing, while a resize was on its way; one that does not come through is told by its sizes.
_NO_FAULT = ("This plugin does not support", "Unimplemented code.", "Mouse event at ")


class _Ear(logging.Handler):
    """Hears errors in logs, in threads and where nobody can raise them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(logging.Formatter("%(levelname)s %(name)s: %(message)s").format(record))

    @contextmanager
    def listening(self) -> Iterator[None]:
        hooks = sys.unraisablehook, threading.excepthook
        sys.unraisablehook = lambda hook: self.heard.append(f"unraisable {hook.exc_value!r} in {hook.object!r}")
        threading.excepthook = lambda hook: self.heard.append(f"in a thread: {hook.exc_value!r}")
        logging.getLogger().addHandler(self)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(self)
            sys.unraisablehook, threading.excepthook = hooks


class _Starts:
    """One window at a time, with its own theme, as each start of the program has."""

    def __init__(self, port: FakeWorkbench) -> None:
        self._port = port
        self.count = 0
        self.window, self._theme = self._open()

    def again(self) -> MainWindow:
        self.leave()
        self.window, self._theme = self._open()
        return self.window

    def leave(self) -> None:
        self.window.bridge.close()
        for gone in (self.window, self._theme):
            gone.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def _open(self) -> tuple[MainWindow, Theme]:
        self.count += 1
        theme = Theme()
        window = MainWindow(theme)
        window.resize(1600, 1000)
        # As in the program: the service comes when all is built, and what is seen before can be clicked.
        window.ready.connect(lambda: window.connect_to(self._port))
        window.show()
        return window, theme


def _keep_some_runs(port: FakeWorkbench) -> None:
    for number in range(5):
        port.keep(f"run{number}", past_config("Leonardo da Vinci" if number % 2 else "Stephen King"))
    port.keep("empty", rounds=(), best_round=0)
    port.keep("crashed", status="crashed")


@pytest.mark.parametrize(
    ("seed", "events"),
    [
        pytest.param(0, 1000, id="quick", marks=pytest.mark.timeout(300)),
        *(
            pytest.param(seed, 10_000, id=f"seed-{seed}", marks=[pytest.mark.slow, pytest.mark.timeout(1800)])
            for seed in (1, 2, 3)
        ),
    ],
)
def test_anything_at_all_can_be_done_to_the_window(
    qtbot: QtBot, qtlog: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, events: int
) -> None:
    # A relative path that is typed into a field leads here.
    monkeypatch.chdir(tmp_path)
    threads = set(threading.enumerate())
    port = FakeWorkbench(pace=0.001)
    _keep_some_runs(port)
    ear = _Ear()
    in_run, seen = 0, set()
    with ear.listening(), qtbot.capture_exceptions() as raised:
        starts = _Starts(port)
        monkey = Monkey(starts.window, port, tmp_path, seed)
        for number in range(events):
            if not starts.window.isVisible():
                monkey.move_to(starts.again())
            work, clock = time.thread_time(), time.monotonic()
            try:
                monkey.act()
            except BaseException as error:
                error.add_note(_report(seed, number, monkey))
                raise
            work, clock = time.thread_time() - work, time.monotonic() - clock
            faults = [*ear.heard, *(repr(one[1]) for one in raised), *_qt_faults(qtlog), monkey.stuck]
            faults.append(_unsettled(starts.window))
            if work > _LONGEST_WORK or clock > _LONGEST:
                faults.append(f"it took {work:.2f} s of work, {clock:.2f} s on the clock")
            if any(faults):
                pytest.fail("\n".join((*filter(None, faults), _report(seed, number, monkey))))
            in_run += starts.window.session.phase in IN_RUN
            if starts.window._is_furnished:
                seen |= {starts.window.page, starts.window.workbench.view}
        monkey.rest()
        port.close()
        starts.leave()
        gc.collect()
    assert ear.heard == [] and raised == [] and _qt_faults(qtlog) == []
    assert [one.name for one in threading.enumerate() if one not in threads] == []
    assert [one for one in QApplication.topLevelWidgets() if one.isVisible()] == []
    assert in_run > 0, "events of runs came in between"
    if events >= 10_000:
        # Where chance leads in fewer depends on how fast the machine is.
        assert seen == {"welcome", "review", "workbench", "run", "question", "compare", "outcome"}
    assert len(monkey.done) >= 17, "every way of doing something was taken"


def _unsettled(window: MainWindow) -> str:
    """Widget and native window learn of a resize one after the other: between the two nobody could click."""
    since = time.monotonic()
    while window.isVisible() and (handle := window.windowHandle()) is not None and handle.size() != window.size():
        if time.monotonic() - since > _SETTLED:
            return f"the window is {window.size().toTuple()}, its native one {handle.size().toTuple()}"
        QTest.qWait(5)
    return ""


def _qt_faults(qtlog: object) -> list[str]:
    records = qtlog.records  # type: ignore[attr-defined]
    shown = [one.message for one in records if one.type in _SEEN_TYPES]
    return [f"Qt: {words}" for words in shown if not words.startswith(_NO_FAULT)]


def _report(seed: int, number: int, monkey: Monkey) -> str:
    lines = "\n  ".join(monkey.history)
    tops = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
    sizes = [(type(one).__name__, one.size().toTuple(), one.windowHandle().size().toTuple()) for one in tops]
    return f"seed {seed}, event {number}; windows and their native ones: {sizes}; the last things done:\n  {lines}"
