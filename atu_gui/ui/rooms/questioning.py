"""Asking: which weights can answer, and what happens when the user sends a prompt."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from atu_gui.core import text
from atu_gui.core.events import Event, RoundScored, RunStarted
from atu_gui.core.ports import CURRENT, UNTOUCHED, ChatRequest, Weights
from atu_gui.ui.actions import Actions
from atu_gui.ui.session import Session
from atu_gui.ui.workbench import Workbench


class QuestioningRoom(QObject):
    """Offers the weights of every finished round to the chat and carries its questions to the session.

    Args:
        session: Asks the service.
        bench: Holds the panels.
        actions: The window's actions.
        show: Brings the workbench page to the front.
    """

    def __init__(
        self, session: Session, bench: Workbench, actions: Actions, show: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._bench = bench
        self._show = show
        self._weights: list[tuple[str, Weights]] = []
        bench.plots.round_chosen.connect(self._choose_round)
        bench.chat.asked.connect(self._ask)
        bench.chat.stop_requested.connect(session.stop_answer)
        actions.ask.triggered.connect(self._show_chat)
        self._show_weights()

    def handle(self, event: Event) -> None:
        """A run begins without rounds; each that is scored can be asked."""
        match event:
            case RunStarted():
                self._weights = []
                self._bench.chat.suggest(text.suggested_questions(event.concepts))
                self._show_weights()
            case RoundScored() if event.round > 0:
                weights = Weights(event.run_id, event.round)
                self._weights.append((text.capital(weights.label), weights))
                self._show_weights()

    def _ask(self, request: ChatRequest) -> None:
        number = self._session.ask(request)
        if number is not None:
            self._bench.chat.set_request_id(number)
        else:
            self._bench.notice.say("There is no model to ask yet.", "Load one, then ask again.", kind="info")

    def _show_weights(self) -> None:
        fixed = [("Untouched weights", UNTOUCHED), ("Current weights", CURRENT)]
        self._bench.chat.set_weights([*fixed, *self._weights])

    def _choose_round(self, number: int) -> None:
        chosen = next((weights for _, weights in self._weights if weights.round == number), UNTOUCHED)
        self._bench.chat.choose_after(chosen)
        self._show_chat()

    def _show_chat(self) -> None:
        self._show()
        self._bench.show_chat()
