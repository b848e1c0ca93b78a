"""Sizing up: what loading the model in the set-up would take, before anybody presses Load."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from atu_gui.core.errors import AtuError, InputError
from atu_gui.core.footprint import Footprint
from atu_gui.core.machine import Machine
from atu_gui.ui.session import Phase, Session
from atu_gui.ui.workbench import Workbench

# A path is typed letter by letter; only where the user rests is it looked up.
_DELAY_MS = 400


class SizingRoom(QObject):
    """Asks the service for the footprint of a model that is not loaded, and shows it in the model panel.

    Args:
        session: Knows the model that is loaded, and asks the service.
        bench: Holds the panels.
        machine: Knows how much memory is free; tests bring their own.
    """

    def __init__(self, session: Session, bench: Workbench, parent: QObject, machine: Machine | None = None) -> None:
        super().__init__(parent)
        self._session, self._setup = session, bench.setup
        self._machine = machine or Machine()
        self._asked = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.size_up)
        for changed in (bench.setup.model.changed, bench.setup.model.typed, session.phase_changed):
            changed.connect(self._timer.start)

    @Slot()
    def size_up(self) -> None:
        """Ask; answers to what has changed since are dropped."""
        self._asked += 1
        try:
            config = self._setup.config_without_concepts()
        except InputError:
            self._setup.model.cost.hide()
            return
        if self._session.holds(config.model, config.encoder) or self._session.phase is not Phase.IDLE:
            self._setup.model.cost.hide()
            return
        asked = self._asked

        def found(footprint: Footprint) -> None:
            if asked == self._asked:
                self._show(footprint)

        def failed(error: AtuError) -> None:
            # Loading has failed and said why, on the same files.
            if asked == self._asked and self._setup.model.notice.isHidden():
                self._setup.model.cost.show_fault(error)

        self._session.request(lambda port: port.footprint(config.model, config.encoder), found, failed)

    def _show(self, found: Footprint) -> None:
        self._setup.model.cost.show_footprint(found, self._free(found.device), self._free("cpu"))

    def _free(self, device: str) -> float | None:
        """What will be free once the model that is held has been let go, which loading does first."""
        free, held = self._machine.free(device), self._session.loaded
        if free is None or held is None or held.device != device:
            return free
        return free + held.memory_bytes + held.encoder_bytes
