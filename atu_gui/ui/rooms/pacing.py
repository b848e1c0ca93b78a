"""Pacing: what this machine is known to take, and measuring it where nothing is known."""

from __future__ import annotations

from concurrent.futures import Future

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from atu_gui.core import paths
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, ModelLoaded, Progress
from atu_gui.core.pace_memory import PaceMemory, Remembered
from atu_gui.core.paces import MeasuredPaces
from atu_gui.core.pacing import Pacing
from atu_gui.core.progress import RunProgress
from atu_gui.core.schedule import settle
from atu_gui.core.workload import Workload, workload
from atu_gui.ui.actions import bind
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.session import Phase

# A model that has just been loaded is often run at once; measuring waits until the window has rested for so long.
_REST_MS = 1500
_WORDS = ("Measure the speed", "Stop measuring")


class PacingRoom(Room):
    """Recalls and keeps paces; measures twenty steps after loading where these settings have never been seen, or when
    the user asks. Anything else that the window is asked to do ends the measuring.

    Signal: `changed` (more is known than before).
    """

    changed = Signal()

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._memory = PaceMemory(paths.paces_file())
        self._cost = self._bench.setup.cost
        self._pacing: Pacing | None = None
        self._future: Future[MeasuredPaces] | None = None
        self._is_new = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._measure_what_is_new)
        self._actions.measure_speed.triggered.connect(self._measure_or_stop)
        bind(self._cost.measure, self._actions.measure_speed)
        self._session.phase_changed.connect(self._follow)

    def recall(self, config: RunConfig) -> Remembered:
        """What is known of a settled config on the loaded model."""
        work = self._work(config)
        return Remembered() if work is None else self._memory.recall(work)

    def new_progress(self, config: RunConfig) -> RunProgress:
        """The progress of a run that begins now, with what runs of its kind took before."""
        self._pacing = Pacing(self._memory)
        self._pacing.expect(config, self._session.loaded)
        return self._pacing.progress

    def handle(self, event: Event) -> None:
        """Follow the model, the run, and the measuring."""
        if isinstance(event, ModelLoaded):
            self._is_new = True
        if self._pacing is not None:
            self._pacing.handle(event)
        if isinstance(event, Progress) and event.job == "calibrate" and self._future is not None:
            done = f" {event.done:.0f} of {event.total:.0f}" if event.total else ""
            self._cost.show_measuring(f"{event.what.lower()}{done}")

    def _work(self, config: RunConfig) -> Workload | None:
        model = self._session.loaded
        return None if model is None else workload(config, model)

    def _settled(self) -> RunConfig | None:
        try:
            return settle(self._bench.setup.config_without_concepts())
        except InputError:
            return None

    @Slot()
    def _follow(self) -> None:
        if self._session.phase is not Phase.IDLE:
            if self._rest.isActive():
                self._rest.stop()
                self._cost.show_measuring("")
            if self._future is not None:
                self._future.cancel()
        elif self._is_new:
            config = self._settled()
            if self._future is None and config is not None and not self.recall(config).exact:
                self._cost.show_measuring("its speed is measured in a moment", begun=False)
            self._rest.start()

    @Slot()
    def _measure_what_is_new(self) -> None:
        self._is_new = False
        config = self._settled()
        if config is None or self._future is not None or not self._session.holds(config.model, config.encoder):
            # Of a model that is only named in the set-up nothing is measured unasked: it would be loaded, or fetched.
            return
        if not self.recall(config).exact:
            self._measure(config)
        elif self._future is None:
            self._cost.show_measuring("")

    @Slot()
    def _measure_or_stop(self) -> None:
        if self._future is not None:
            self._future.cancel()
            return
        config = self._settled()
        if config is None:
            self._bench.notice.say("The settings do not fit together.", "Mend them first; Run says where.")
        elif self._session.loaded is None:
            self._bench.notice.say("There is no model to measure yet.", "Load one, then try again.", kind="info")
        elif not self._session.holds(config.model, config.encoder):
            self._bench.notice.say(
                "The set-up names other models than those that are loaded.",
                "Load them first, then measure.",
                kind="info",
            )
        elif self._session.phase is Phase.IDLE:
            self._measure(config)

    def _measure(self, config: RunConfig) -> None:
        work = self._work(config)
        if work is None:
            return

        def done(found: MeasuredPaces) -> None:
            self._memory.keep(work, found.paces, "steps", found.steps)
            self._ended()

        self._rest.stop()
        self._is_new = False
        self._future = self._session.serve(lambda port: port.measure_paces(config), done, self._ended)
        if self._future is not None:
            self._show(measuring=True)

    def _ended(self) -> None:
        self._future = None
        self._show(measuring=False)
        self.changed.emit()

    def _show(self, *, measuring: bool) -> None:
        self._actions.measure_speed.setText(_WORDS[measuring])
        self._cost.show_measuring("measuring the speed" if measuring else "")
