"""What begins with a round of the selected run: when it can be asked for, and asking for it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction

from atu_gui.ui.rooms.room import Reach
from atu_gui.ui.session import Phase
from atu_gui.ui.widgets.round_dialog import RoundDialog


class RoundChoice(QObject):
    """Keeps an action on while the selected run has a finished round and nothing else goes on; it asks for a round.

    Signal: `chosen` (Weights). `dialog` is what asks.
    """

    chosen = Signal(object)

    def __init__(self, reach: Reach, action: QAction, title: str, verb: str, words: str, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._runs, self._action = reach.session, reach.bench.runs, action
        self.dialog = RoundDialog(self._runs.theme, title, verb, words, reach.bench)
        self.dialog.chosen.connect(self.chosen)
        action.triggered.connect(self._ask)
        self._runs.selected.connect(self._follow)
        self._session.phase_changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        record = self._runs.selected_run
        finished = record is not None and any(one.round for one in record.rounds)
        self._action.setEnabled(finished and self._session.phase is Phase.IDLE)

    @Slot()
    def _ask(self) -> None:
        record = self._runs.selected_run
        if record is not None:
            self.dialog.ask(record)
