"""The end of a run: one screen says what it came to and leads on."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from atu_gui.core.control import DISCARDED
from atu_gui.core.errors import AtuError
from atu_gui.core.events import Event, RunFinished
from atu_gui.core.outcome import Outcome, lower_tau
from atu_gui.core.ports import UNTOUCHED, Weights
from atu_gui.ui.rooms.branching import branch_from
from atu_gui.ui.rooms.room import Reach, Room


class EndingRoom(Room):
    """Shows what the run on display came to, of itself when it ends."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        panel = self._bench.outcome
        panel.left.connect(lambda: self._bench.show_view("run"))
        panel.question_requested.connect(self._question)
        panel.lower_requested.connect(self._lower)
        self._actions.outcome.triggered.connect(self._show)
        self._bench.past.offer("flag", "Outcome", self._actions.outcome, of_kept=False)
        self._display.changed.connect(self._follow)
        self._display.audits_changed.connect(self._tell_again)
        self._follow()

    def handle(self, event: Event) -> None:
        """At the end of the run of this window the screen comes of itself, unless the user is busy or elsewhere."""
        if not isinstance(event, RunFinished):
            return
        self._follow()
        shown = self._display.past is None and self._bench.view == "run"
        if shown and not self._is_busy() and event.stopped_because != DISCARDED:
            self._show()

    @Slot()
    def _follow(self) -> None:
        ended = any(isinstance(event, RunFinished) for event in self._display.shown_events)
        self._actions.outcome.setEnabled(ended)
        if not ended and self._bench.view == "outcome":
            self._bench.show_view("run")

    @Slot()
    def _show(self) -> None:
        outcome = Outcome.of(self._display.shown_events, self._display.audits)
        if outcome is not None:
            past = self._display.past
            here = past is None or self._bench.runs.holds(past.run_id)
            self._bench.outcome.show_outcome(outcome, here=here)
            self._bench.outcome.show_scores(self._bench.plots.curves, self._bench.plots.guards)
            self._bench.show_view("outcome")

    @Slot()
    def _tell_again(self) -> None:
        """An audit changes the verdict, whoever looks at it."""
        if self._bench.view == "outcome":
            self._show()

    @Slot()
    def _question(self) -> None:
        outcome = self._bench.outcome.outcome
        if outcome is not None:
            self._bench.show_view("run")
            weights = Weights(outcome.run_id, outcome.round) if outcome.round else UNTOUCHED
            self._bench.chat.choose_after(weights)
            self._bench.question.after.choose(weights)
            self._bench.show_chat()

    @Slot()
    def _lower(self) -> None:
        outcome = self._bench.outcome.outcome
        if outcome is not None and outcome.tau is not None:
            tau, weights = outcome.tau, Weights(outcome.run_id, outcome.kept)
            branch_from(self._session, weights, lambda config: lower_tau(config, tau), self._say)
            self._bench.show_view("run")

    def _is_busy(self) -> bool:
        """Whether a screen that changes by itself would take something out of the user's hands."""
        typing = isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit)
        return self._bench.chat.answering or typing

    def _say(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)
