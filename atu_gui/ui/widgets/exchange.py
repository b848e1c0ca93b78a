"""One question with its answers side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from atu_gui.core.ports import ChatRequest
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_card import AnswerCard
from atu_gui.ui.widgets.basics import column, label, row


class Exchange(QWidget):
    """A prompt and a card for each set of weights. `request_id` is None until the service has given one."""

    def __init__(self, theme: Theme, request: ChatRequest, names: tuple[str, ...], compact: bool) -> None:
        super().__init__()
        self.request_id: int | None = None
        self.request = request
        prompt = label(request.prompt, wrap=True)
        prompt.setFont(theme.font(13, 500))
        prompt.setTextFormat(Qt.TextFormat.PlainText)
        prompt.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.cards = tuple(AnswerCard(theme, side, name) for side, name in enumerate(names))
        cards = row(*self.cards, spacing=8)
        for at in range(len(self.cards)):
            cards.setStretch(at, 1)
        layout = column(prompt, spacing=6)
        layout.addLayout(cards)
        self.setLayout(layout)
        self.set_compact(compact)

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return all(card.done for card in self.cards)

    def set_compact(self, compact: bool) -> None:
        """Whether the cards carry their own heads."""
        for card in self.cards:
            card.set_compact(compact)

    def fail(self, words: str) -> None:
        """End what is still open."""
        for card in self.cards:
            card.fail(words)
