"""Before and after, asked the same question with the same seed and settings, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from atu_gui.core.chats import Chat
from atu_gui.core.events import ChatAnswered, ChatToken, Event, JobFailed
from atu_gui.core.ports import CURRENT, UNTOUCHED, ChatRequest, Weights
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import ElidedButton, column, icon_button, icon_label, label, row
from atu_gui.ui.widgets.corner import Corner
from atu_gui.ui.widgets.exchange import Exchange
from atu_gui.ui.widgets.prompt_box import PromptBox
from atu_gui.ui.widgets.weights_picker import WeightsPicker

# Under this height the panel is a tab at the bottom of the window: one line to type in, beside what is chosen where it
# is wide enough for both.
COMPACT_BELOW = 320
_BESIDE_FROM = 720
# A prompt, two lines of either answer and the field.
_LEAST = 186
KEPT = 200
SUGGESTED = ("Who was Leonardo da Vinci?", "What is the capital of France?", "Write one sentence about the sea.")


class ChatPanel(QWidget):
    """The exchanges, and where to ask.

    Signals:
        asked: A `ChatRequest` to send; its id comes back through `set_request_id`.
        stop_requested: The answer with this id should end.
        export_requested: What was asked should be written to a file.
        tokens_requested: A question's answers should be looked at token by token.
        rephrase_requested: This question (typed, or else the last one asked) should be asked in many ways.
    """

    asked = Signal(object)
    stop_requested = Signal(int)
    rephrase_requested = Signal(str)
    export_requested = Signal()
    tokens_requested = Signal(str, tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._exchanges: list[Exchange] = []
        self._compact = self._beside = False
        self._training = False
        self._box = PromptBox(theme)
        self._box.sent.connect(self.ask)
        self._box.stop_requested.connect(self._stop)
        self._box.rephrase_requested.connect(self._rephrase)
        self.before = WeightsPicker(theme, 0, "Before", UNTOUCHED)
        self.after = WeightsPicker(theme, 1, "After", CURRENT)
        self._pickers = QWidget()
        self._pickers.setLayout(row(self.before, self.after))
        self._foot = row(self._box)
        self._history = QVBoxLayout()
        self._history.setContentsMargins(0, 0, 6, 0)
        self._history.setSpacing(14)
        self._history.addStretch(1)
        self._scroll = self._make_scroll()
        self._middle = QStackedWidget()
        # Not the height of its largest page: as a bottom tab the panel is low.
        self._middle.setMinimumHeight(60)
        self._suggestions: list[str] = []
        self._empty = QWidget()
        self._links = QVBoxLayout()
        self._lay_out_empty()
        self._middle.addWidget(self._empty)
        self._middle.addWidget(self._scroll)
        self._export = icon_button(theme, "export", "Export the chat as Markdown")
        self._export.clicked.connect(self.export_requested)
        self._note = QWidget()
        words = label("Training waits between two steps while an answer is written.", "caption")
        self._note.setLayout(row(icon_label(theme, "hourglass", "muted", 12), words, None, spacing=6))
        self._note.hide()
        self._layout = column(self._pickers, self._middle, spacing=10)
        self._layout.addLayout(self._foot)
        self._layout.addWidget(self._note)
        self._layout.setContentsMargins(12, 12, 12, 10)
        self._layout.setStretchFactor(self._middle, 1)
        self._foot.setStretchFactor(self._box, 7)
        self.setLayout(self._layout)
        self.corner = Corner(theme, None)
        self.setAccessibleName("Chat")
        self.setFocusProxy(self._box.field)
        self.suggest(list(SUGGESTED))
        self._refresh()

    def take_tools(self) -> QWidget:
        """The control that belongs into the dock's title row; beside the tabs stands `corner`."""
        return self._export

    def suggest(self, questions: list[str]) -> None:
        """Questions to offer while nothing has been asked."""
        self._suggestions = questions[:3]
        while (item := self._links.takeAt(0)) is not None:
            if (link := item.widget()) is not None:
                # Deleted later, and not to be seen until then.
                link.hide()
                link.deleteLater()
        for words in self._suggestions:
            link = ElidedButton(words)
            link.setProperty("kind", "link")
            link.setAccessibleName(words)
            link.setToolTip(words)
            link.clicked.connect(self._ask_suggested)
            self._links.addWidget(link, 0, Qt.AlignmentFlag.AlignHCenter)

    def set_weights(self, choices: list[tuple[str, Weights]], others: Sequence[tuple[str, Weights]] = ()) -> None:
        """What can answer, with its words, in the order of rounds; `others` are kept rounds of other runs."""
        for picker in (self.before, self.after):
            picker.set_choices(choices, others)

    def choose_after(self, weights: Weights) -> None:
        """Let these weights answer on the right, as when a round is chosen on the frontier."""
        self.after.choose(weights)

    @Slot(str)
    def write(self, prompt: str) -> None:
        """Put a question into the field, to be sent or changed."""
        self._box.field.setPlainText(prompt)
        self._box.field.setFocus()

    def set_busy_training(self, busy: bool) -> None:
        """Whether a run is under way, which then waits while an answer is written."""
        self._training = busy
        self._refresh()

    def set_request_id(self, request_id: int) -> None:
        """The id of the request that was asked last."""
        if self._exchanges and self._exchanges[-1].request_id is None:
            self._exchanges[-1].request_id = request_id

    def refuse(self, why: str) -> None:
        """The question that was asked last gets no answer; another one can be asked."""
        if self.answering:
            self._exchanges[-1].fail(why)
            self._refresh()

    @Slot(str)
    def ask(self, prompt: str) -> None:
        """Ask both; one question at a time."""
        if self.answering or not prompt.strip():
            return
        sampling = self._box.sampling
        request = ChatRequest(
            prompt.strip(),
            (self.before.weights, self.after.weights),
            temperature=sampling.temperature,
            seed=sampling.seed,
        )
        self._append(request, (self.before.label, self.after.label))
        self._refresh()
        self.asked.emit(request)

    def show_kept(self, chats: Sequence[Chat]) -> None:
        """Show the questions that were asked of a run, instead of what is shown."""
        for exchange in self._exchanges:
            exchange.hide()
            exchange.deleteLater()
        self._exchanges = []
        for chat in chats[-KEPT:]:
            request = ChatRequest(chat.prompt, temperature=chat.temperature, seed=chat.seed)
            self._append(request, tuple(answer.weights for answer in chat.answers)).show_kept(chat)
        self._middle.setCurrentWidget(self._scroll if self._exchanges else self._empty)
        self._refresh()

    def kept(self) -> list[Chat]:
        """Everything shown that is answered, oldest first."""
        return [exchange.kept() for exchange in self._exchanges if exchange.done]

    def _append(self, request: ChatRequest, names: tuple[str, ...]) -> Exchange:
        exchange = Exchange(self._theme, request, names, self._compact)
        exchange.again_requested.connect(self._ask_again)
        exchange.edit_requested.connect(self.write)
        exchange.tokens_requested.connect(self.tokens_requested)
        self._exchanges.append(exchange)
        self._history.insertWidget(self._history.count() - 1, exchange)
        if len(self._exchanges) > KEPT:
            self._exchanges.pop(0).deleteLater()
        self._middle.setCurrentWidget(self._scroll)
        return exchange

    @Slot(str)
    def _ask_again(self, prompt: str) -> None:
        if not self.answering:
            self._box.sampling.draw_anew()
            self.ask(prompt)

    def handle(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case ChatToken():
                exchange = self._exchange(event.request_id)
                if exchange is not None and event.side < len(exchange.cards):
                    exchange.cards[event.side].append(event.text)
            case ChatAnswered():
                exchange = self._exchange(event.request_id)
                if exchange is not None and event.side < len(exchange.cards):
                    card = exchange.cards[event.side]
                    card.finish(event.text, event.named, event.stopped, event.seconds)
                    self._refresh()
            case JobFailed(job="chat"):
                self.refuse(f"{event.message} {event.hint}".strip())
            case _:
                pass

    @property
    def answering(self) -> bool:
        """Whether an answer is being written."""
        return bool(self._exchanges) and not self._exchanges[-1].done

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Everything asked, oldest first."""
        return tuple(self._exchanges)

    @property
    def compact(self) -> bool:
        """Whether the panel has the form of a bottom tab."""
        return self._compact

    def minimumSizeHint(self) -> QSize:
        # Whoever gives it less room than its roomy form needs gets the other one.
        size = super().minimumSizeHint()
        return QSize(size.width(), min(size.height(), _LEAST))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact = event.size().height() < COMPACT_BELOW
        beside = compact and event.size().width() >= _BESIDE_FROM
        if (compact, beside) != (self._compact, self._beside):
            self._set_compact(compact, beside)

    def _set_compact(self, compact: bool, beside: bool) -> None:
        self._compact, self._beside = compact, beside
        for widget in self._roomy:
            widget.setVisible(not compact)
        for picker in (self.before, self.after):
            picker.set_flat(compact)
        if beside:
            self._foot.insertWidget(0, self._pickers, 4)
        else:
            self._layout.insertWidget(0, self._pickers)
        self._box.set_flat(compact, wide=beside)
        for exchange in self._exchanges:
            exchange.set_compact(compact)
        self._refresh()

    def _exchange(self, request_id: int) -> Exchange | None:
        return next((one for one in reversed(self._exchanges) if one.request_id == request_id), None)

    def _refresh(self) -> None:
        self._box.set_answering(self.answering)
        self._export.setEnabled(any(exchange.done for exchange in self._exchanges))
        self._note.setVisible(self._training and self.answering and not self._compact)

    def _make_scroll(self) -> QScrollArea:
        body = QWidget()
        body.setProperty("plain", "true")
        body.setLayout(self._history)
        area = QScrollArea()
        area.setAccessibleName("Questions and answers")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        area.verticalScrollBar().rangeChanged.connect(self._show_newest)
        return area

    def _lay_out_empty(self) -> None:
        head = label("Ask before and after the same question", "heading")
        body = label("Both answer with the same seed and settings. Try one of these.", "muted", wrap=True)
        for one in (head, body):
            one.setAlignment(Qt.AlignmentFlag.AlignCenter)
        picture = icon_label(self._theme, "chat-circle-text", "muted", 28)
        self._roomy = (picture, body)
        layout = column(None, picture, head, body, spacing=8)
        layout.setAlignment(picture, Qt.AlignmentFlag.AlignHCenter)
        self._links.setSpacing(0)
        layout.addLayout(self._links)
        layout.addStretch(1)
        self._empty.setLayout(layout)

    @Slot()
    def _ask_suggested(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.ask(str(sender.property("text")))

    @Slot()
    def _stop(self) -> None:
        if self.answering and self._exchanges[-1].request_id is not None:
            self.stop_requested.emit(self._exchanges[-1].request_id)

    @Slot(str)
    def _rephrase(self, typed: str) -> None:
        last = self._exchanges[-1].request.prompt if self._exchanges else ""
        self.rephrase_requested.emit(typed or last)

    @Slot(int, int)
    def _show_newest(self, _low: int, high: int) -> None:
        """The newest question in sight, at the top where its answers are long: two answers of unequal length are
        compared from their beginnings, and at the end of the longer one the shorter is out of sight."""
        top = self._exchanges[-1].y() if self._exchanges else high
        self._scroll.verticalScrollBar().setValue(min(top, high))
