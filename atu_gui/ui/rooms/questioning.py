"""Asking: which weights can answer, and what happens when the user sends a prompt."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from atu_gui.core import text
from atu_gui.core.chats import Chat, as_markdown
from atu_gui.core.errors import AtuError
from atu_gui.core.events import ChatAnswered, Event, RoundScored, RunStarted
from atu_gui.core.ports import CURRENT, UNTOUCHED, ChatRequest, RunRecord, Weights
from atu_gui.core.tables import write_text
from atu_gui.ui.rooms.room import Reach, Room

# Kept rounds of other runs that the pickers offer.
_MOST_OTHERS = 12
_NO_WEIGHTS = "The recorded run comes without its weights, so none of its rounds can answer."


class QuestioningRoom(Room):
    """Offers the weights of every finished round to the chat and carries its questions to the session."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._weights: list[tuple[str, Weights]] = []
        self._records: tuple[RunRecord, ...] = ()
        self._dialog: QFileDialog | None = None
        # What was asked of the run under way or of none: the panel shows that of a past run meanwhile.
        self._present: list[Chat] = []
        # The past run whose chats are shown, and whether they are known.
        self._shown = ("", False)
        for panel in (self._bench.plots, self._bench.outcome):
            panel.round_chosen.connect(self._choose_round)
        self._bench.chat.asked.connect(self._ask)
        self._bench.chat.stop_requested.connect(self._session.stop_answer)
        self._bench.chat.export_requested.connect(self._choose_file)
        self._actions.ask.triggered.connect(self._show_chat)
        self._actions.export_chat.triggered.connect(self._choose_file)
        self._display.changed.connect(self._show_weights)
        self._display.changed.connect(self._show_chats)
        self._display.changed.connect(self._read_inquiries)
        self._display.inquiries_changed.connect(self._show_chats)
        self._bench.runs.listed.connect(self._take_runs)
        self._bench.chat.corner.offer("export", "Export", self._actions.export_chat)
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
            case ChatAnswered():
                # Another run may have come to be shown meanwhile.
                self._show_chats()

    def _ask(self, request: ChatRequest) -> None:
        number = self._session.ask(request)
        if number is not None:
            self._bench.chat.set_request_id(number)
        else:
            self._bench.chat.refuse("There is no model to ask yet. Load one, then ask again.")

    def _show_weights(self) -> None:
        fixed = [("Untouched weights", UNTOUCHED), ("Current weights", CURRENT)]
        choices = [*fixed, *self._weights, *self._past_weights()]
        others = self._kept_weights({weights.run_id for _, weights in choices})
        for panel in (self._bench.chat, self._bench.question):
            panel.set_weights(choices, others)

    @Slot(tuple)
    def _take_runs(self, records: tuple[RunRecord, ...]) -> None:
        self._records = records
        self._show_weights()

    def _kept_weights(self, but: set[str]) -> list[tuple[str, Weights]]:
        """The kept rounds of the newest runs but these; one that was made with another model says so when asked."""
        kept = [one for one in self._records if one.best_round and one.run_id not in but][:_MOST_OTHERS]
        return [
            (f"Run {one.run_id}, round {one.best_round} · {one.title}", Weights(one.run_id, one.best_round))
            for one in kept
        ]

    def _past_weights(self) -> list[tuple[str, Weights]]:
        past = self._display.past
        if past is None or not self._bench.runs.holds(past.run_id):
            return []
        numbers = [one.round for one in past.rounds if one.round]
        return [(f"Run {past.run_id}, round {number}", Weights(past.run_id, number)) for number in numbers]

    def _read_inquiries(self) -> None:
        """Of a past run of this machine the workbench knows what was asked; a recording brings it along."""
        past = self._display.past
        if past is not None and self._bench.runs.holds(past.run_id):
            self._session.request(
                lambda port: port.inquiries_of(past.run_id),
                lambda found: self._display.show_inquiries(past.run_id, found),
                self._say,
            )

    def _show_chats(self) -> None:
        """What was asked of the run that is shown; while an answer comes nothing is taken away."""
        chat, past, known = self._bench.chat, self._display.past, self._display.inquiries
        shown = (past.run_id if past is not None else "", known is not None)
        if chat.answering or shown == self._shown:
            return
        if not self._shown[0]:
            self._present = chat.kept()
        self._shown = shown
        if past is None:
            chat.show_kept(self._present)
        else:
            chat.show_kept(known.chats if known is not None else ())

    def _say(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)

    def _choose_file(self) -> None:
        if not self._bench.chat.kept():
            self._bench.notice.say("Nothing has been answered yet.", "Ask something, then export it.", kind="info")
            return
        self._dialog = QFileDialog(self._bench, "Export the chat", "chat.md", "Markdown (*.md)")
        self._dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._dialog.setDefaultSuffix("md")
        self._dialog.fileSelected.connect(lambda name: self.export(Path(name)))
        self._dialog.open()

    def export(self, path: Path) -> None:
        """Write the chat as Markdown; a fault is told in words."""
        past = self._display.past
        title = f"Chat with {past.title if past is not None else self._display.live_run or 'the model'}"
        try:
            write_text(path, as_markdown(title, self._bench.chat.kept()))
        except AtuError as error:
            self._say(error)
        else:
            self._bench.notice.say("The chat is written.", str(path), kind="info")

    def _choose_round(self, number: int) -> None:
        past = self._display.past
        if past is not None and not self._bench.runs.holds(past.run_id):
            self._bench.notice.say(_NO_WEIGHTS, "Make a run of your own, then question its rounds.", kind="info")
            return
        offered = self._past_weights() if past is not None else self._weights
        chosen = next((weights for _, weights in offered if weights.round == number), UNTOUCHED)
        self._bench.chat.choose_after(chosen)
        self._show_chat()

    def _show_chat(self) -> None:
        self._show_page()
        self._bench.show_chat()
