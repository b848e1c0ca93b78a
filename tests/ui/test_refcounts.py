"""PySide6 6.12.0 on CPython 3.11 loses references to None and True until the interpreter aborts.

No later bump may bring that back.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from pytestqt.qtbot import QtBot

from atu_gui.ui.qt_compat import pg

ROUNDS = 2000
# Measured on clean versions: within a handful. The broken one loses one or more per round.
DRIFT = 200


class Talker(QObject):
    said = Signal(bool)
    nothing = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0
        self.said.connect(self.hear)
        self.nothing.connect(self.hear_object)

    @Slot(bool)
    def hear(self, value: bool) -> None:
        self.heard += value

    @Slot(object)
    def hear_object(self, value: object) -> None:
        self.heard += value is None


def counts() -> tuple[int, int, int]:
    return sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False)


def worst_drift(before: tuple[int, int, int]) -> int:
    return max(abs(now - then) for now, then in zip(counts(), before, strict=True))


def test_signals_keep_the_counts(qapp: object) -> None:
    talker = Talker()
    before = counts()
    for _ in range(ROUNDS):
        talker.said.emit(True)
        talker.nothing.emit(None)
    assert talker.heard == 2 * ROUNDS
    assert worst_drift(before) < DRIFT


def test_plot_range_changes_keep_the_counts(qtbot: QtBot) -> None:
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    plot.plot([0, 1], [0, 1])
    plot.setXRange(0, 1)
    before = counts()
    for number in range(ROUNDS):
        plot.setXRange(0, 2 + number, padding=0)
    assert worst_drift(before) < DRIFT


def test_timers_keep_the_counts(qtbot: QtBot) -> None:
    fired = 0

    def tick() -> None:
        nonlocal fired
        fired += 1

    timer = QTimer()
    timer.setInterval(0)
    timer.timeout.connect(tick)
    before = counts()
    timer.start()
    qtbot.waitUntil(lambda: fired >= ROUNDS, timeout=20_000)
    timer.stop()
    assert worst_drift(before) < DRIFT
