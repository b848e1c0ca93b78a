"""One question with its answers side by side."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core.chats import Chat
from atu_gui.core.ports import ChatRequest
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_card import AnswerCard
from atu_gui.ui.widgets.basics import column, icon_button, label, row


class Exchange(QWidget):
    """A prompt and a card for each set of weights. `request_id` is None until the service has given one.

    Signals: `again_requested`, `edit_requested` (both with the prompt), `tokens_requested` (prompt, answers).
    """

    again_requested = Signal(str)
    edit_requested = Signal(str)
    tokens_requested = Signal(str, tuple)

    def __init__(self, theme: Theme, request: ChatRequest, names: tuple[str, ...], compact: bool) -> None:
        super().__init__()
        self.request_id: int | None = None
        self.request = request
        self._asked = time.time()
        self._tools = tuple(
            icon_button(theme, icon, words)
            for icon, words in (
                ("arrow-clockwise", "Ask again, with the weights chosen above"),
                ("pencil-simple", "Edit this question"),
                ("text-aa", "Tokens: where in these answers the concept is seen"),
            )
        )
        self._tools[0].clicked.connect(lambda: self.again_requested.emit(request.prompt))
        self._tools[1].clicked.connect(lambda: self.edit_requested.emit(request.prompt))
        self._tools[2].clicked.connect(self._hand_over)
        prompt = label(request.prompt, wrap=True)
        prompt.setFont(theme.font(13, 500))
        prompt.setTextFormat(Qt.TextFormat.PlainText)
        prompt.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.cards = tuple(AnswerCard(theme, side, name) for side, name in enumerate(names))
        cards = row(*self.cards, spacing=8)
        for at in range(len(self.cards)):
            cards.setStretch(at, 1)
        head = row(prompt, *self._tools, spacing=2)
        head.setStretch(0, 1)
        for tool in self._tools:
            head.setAlignment(tool, Qt.AlignmentFlag.AlignTop)
        layout = column(spacing=6)
        layout.addLayout(head)
        layout.addLayout(cards)
        self.setLayout(layout)
        self.set_compact(compact)

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return all(card.done for card in self.cards)

    def _hand_over(self) -> None:
        if self.done:
            self.tokens_requested.emit(self.request.prompt, tuple(card.text for card in self.cards))

    def kept(self) -> Chat:
        """What was said, for an export."""
        answers = tuple(card.kept() for card in self.cards)
        return Chat(self.request.prompt, self.request.temperature, self.request.seed, self._asked, answers)

    def show_kept(self, chat: Chat) -> None:
        """Show answers of an earlier day."""
        self._asked = chat.asked
        for card, answer in zip(self.cards, chat.answers, strict=False):
            card.finish(answer.text, answer.weights, answer.stopped, answer.seconds)
        self.fail("No answer was kept.")

    def set_compact(self, compact: bool) -> None:
        """Whether the cards carry their own heads."""
        for card in self.cards:
            card.set_compact(compact)

    def fail(self, words: str) -> None:
        """End what is still open."""
        for card in self.cards:
            card.fail(words)
