"""Quiet mode, for laptops: half the processor's threads, and no training while the machine runs on battery."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from atu_gui.core import text
from atu_gui.core.errors import AtuError
from atu_gui.core.events import Event, ModelLoaded, RunFailed, RunFinished, RunPaused, RunResumed, RunStarted
from atu_gui.core.machine import on_battery
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.session import IN_RUN, Phase

_BY = "quiet mode"
_WHY = "The machine runs on battery; the run goes on by itself when it has power again."
_BEAT_MS = 10_000


class QuietRoom(Room):
    """Caps the threads, and holds a run on battery; the user may let it go on, and then it is left alone.

    Args:
        battery: Whether the machine runs on battery, None where it has none; tests bring their own.
    """

    def __init__(self, reach: Reach, parent: QObject, battery: Callable[[], bool | None] = on_battery) -> None:
        super().__init__(reach, parent)
        self._battery = battery
        # Whether the pause is ours, and whether the user went on all the same while on battery.
        self._holds = self._overruled = False
        self._clock = QTimer(self)
        self._clock.setInterval(_BEAT_MS)
        self._clock.timeout.connect(self.look)
        self._action = self._actions.quiet
        self._action.toggled.connect(self._follow)
        self._action.triggered.connect(self._say)

    def handle(self, event: Event) -> None:
        """A model that comes is capped too; pauses are ours only when the run says so."""
        match event:
            case ModelLoaded() if self._action.isChecked():
                self._cap()
            case RunStarted():
                self._holds = self._overruled = False
                self.look()
            case RunPaused():
                self._holds = event.by == _BY
            case RunResumed():
                self._overruled = self._overruled or self._holds
                self._holds = False
            case RunFinished() | RunFailed():
                self._holds = False

    @Slot()
    def look(self) -> None:
        """Look at the battery and hold the run, or let it go on."""
        if not self._action.isChecked() or self._session.phase not in IN_RUN:
            self._clock.stop()
            return
        self._clock.start()
        control = self._session.control
        if not self._battery():
            self._overruled = False
            self._let_go()
        elif self._session.phase is Phase.RUNNING and not self._overruled and control is not None:
            control.pause(_BY, _WHY)

    @Slot(bool)
    def _follow(self, quiet: bool) -> None:
        if self._session.loaded is not None:
            self._cap()
        if quiet:
            self.look()
        else:
            self._let_go()

    def _let_go(self) -> None:
        if self._holds and self._session.phase is Phase.PAUSED:
            self._holds = False
            self._session.pause_or_resume()

    def _cap(self) -> None:
        quiet = self._action.isChecked()

        def done(threads: int) -> None:
            self._bench.log.write(f"Quiet mode {'on' if quiet else 'off'}: {text.count(threads, 'processor thread')}.")

        self._session.request(lambda port: port.be_quiet(quiet), done, self._fail)

    @Slot(bool)
    def _say(self, quiet: bool) -> None:
        """Only where the user asked for it, not when the window comes back with it."""
        if not quiet:
            self._bench.notice.say("Quiet mode is off.", "Runs use all of the processor again.", kind="info")
            return
        known = self._battery() is not None
        battery = "a run waits while the machine is on battery." if known else "this machine has no battery."
        hint = f"Half of the processor's threads from the next step on; {battery}"
        self._bench.notice.say("Quiet mode is on.", hint, kind="info")

    def _fail(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)
