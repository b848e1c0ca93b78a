"""Pricing: what the run in the set-up would take, priced anew whenever a setting changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.estimate import estimate, run_seconds
from atu_gui.core.events import Event, RunFinished
from atu_gui.core.machine import Machine
from atu_gui.core.paces import Paces
from atu_gui.core.progress import limits_of
from atu_gui.core.schedule import settle
from atu_gui.ui.rooms.pacing import PacingRoom
from atu_gui.ui.session import IN_RUN, Session
from atu_gui.ui.widgets.cost_view import Price
from atu_gui.ui.workbench import Workbench

# Typing changes a setting with every letter; the price may follow a moment later.
_DELAY_MS = 200
# Of each group, where the model makes the questions itself.
_OWN_QUESTIONS = 20


class PricingRoom(QObject):
    """Shows memory and time below the set-up.

    Args:
        session: Knows the model.
        bench: Holds the panels.
        pacing: Knows what runs of the loaded model take on this machine.
        machine: Knows how much memory is free; tests bring their own.
    """

    def __init__(
        self,
        session: Session,
        bench: Workbench,
        pacing: PacingRoom,
        parent: QObject,
        machine: Machine | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._setup = session, bench.setup
        self._pacing = pacing
        self._machine = machine or Machine()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.price)
        bench.setup.edited.connect(self._timer.start)
        for changed in (session.model_changed, session.phase_changed, pacing.changed):
            changed.connect(self._timer.start)

    def handle(self, event: Event) -> None:
        """A run that is through tells the pace of the next."""
        if isinstance(event, RunFinished):
            self._timer.start()

    @Slot()
    def price(self) -> None:
        """Price the set-up as it stands; while a run holds it the price stays."""
        model = self._session.loaded
        if model is None or self._session.phase in IN_RUN:
            return
        try:
            config = settle(self._setup.config_without_concepts())
        except InputError:
            return
        known = self._pacing.recall(config)
        paces = Paces(known.paces)
        paces.questions = self._questions(config)
        price = Price(estimate(config, model), run_seconds(config, paces), known.words, bool(limits_of(config)))
        self._setup.cost.show_price(price, self._machine.free(model.device))

    def _questions(self, config: RunConfig) -> int:
        """How many a probe asks; at most, where the texts have not been got ready yet."""
        known = self._session.texts_of(config)
        if known is not None:
            return max(1, len(known.probes))
        limit = config.texts.probes_limit
        return 2 * (limit if config.texts.probes else min(limit, _OWN_QUESTIONS))
