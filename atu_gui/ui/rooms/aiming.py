"""Aiming: what is found out about the untouched model before a run, and how it fills the set-up."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from atu_gui.core.config import RunConfig
from atu_gui.core.events import Event, ModelLoaded
from atu_gui.core.scan import LayerScan
from atu_gui.ui.actions import Actions
from atu_gui.ui.session import BUSY, Phase, Session
from atu_gui.ui.workbench import Workbench


class AimingRoom(QObject):
    """Asks the loaded model what it knows, and scans its layers, on the texts of the set-up.

    Args:
        session: Asks the service.
        bench: Holds the panels.
        actions: The window's actions.
        checked_config: The set-up, or None after its faults were shown.
    """

    def __init__(
        self,
        session: Session,
        bench: Workbench,
        actions: Actions,
        checked_config: Callable[[], RunConfig | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._actions = session, actions
        self._aim = bench.setup.aim
        self._setup = bench.setup
        self._knowledge = bench.setup.concepts.knowledge
        self._checked_config = checked_config
        actions.scan.triggered.connect(self._scan)
        self._aim.layers.scan_requested.connect(self._scan)
        self._aim.layers.cancel_requested.connect(session.stop)
        actions.check.triggered.connect(self._check)
        self._knowledge.check_requested.connect(self._check)
        self._knowledge.cancel_requested.connect(session.stop)
        session.phase_changed.connect(self._follow)
        self._follow()

    def handle(self, event: Event) -> None:
        """Follow a scan; another model has other layers."""
        if isinstance(event, ModelLoaded):
            if not self._aim.layers.scanning:
                self._aim.layers.end()
            if not self._knowledge.asking:
                self._knowledge.clear()
        self._aim.layers.handle(event)

    @Slot()
    def _scan(self) -> None:
        config = self._checked_config()
        if config is None or self._session.phase is not Phase.IDLE:
            return
        self._setup.section("aim").set_folded(False)
        loaded = self._session.loaded
        self._aim.layers.begin(loaded.layers if loaded is not None else 1)
        self._session.measure(config, lambda port, materials: port.scan_layers(config, materials), self._found)

    def _found(self, result: LayerScan) -> None:
        self._aim.layers.show_result(result)

    @Slot()
    def _check(self) -> None:
        config = self._checked_config()
        if config is None or self._session.phase is not Phase.IDLE:
            return
        self._setup.section("concepts").set_folded(False)
        self._knowledge.begin()
        self._session.measure(
            config, lambda port, materials: port.check_knowledge(config, materials), self._knowledge.show_result
        )

    @Slot()
    def _follow(self) -> None:
        phase, layers = self._session.phase, self._aim.layers
        layers.set_ready(phase is Phase.IDLE)
        self._knowledge.set_ready(phase is Phase.IDLE)
        if layers.scanning and phase not in BUSY:
            # Cancelled or failed: a result would have been shown by now.
            layers.end()
        if self._knowledge.asking and phase not in BUSY:
            self._knowledge.clear()
