"""What a panel shows while it has nothing to show: an icon, what is missing and the next step."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, icon_label, label

_WIDTH = 300


class Empty(QWidget):
    """Centred words, and at most one button."""

    def __init__(self, theme: Theme, icon: str, title: str, words: str, action: QPushButton | None = None) -> None:
        super().__init__()
        head = label(title, "heading")
        body = label(words, "muted", wrap=True)
        picture = icon_label(theme, icon, "muted", 28)
        for one in (head, body):
            one.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body.setFixedWidth(_WIDTH)
        # A wrapped label that is centred by its layout gets too little height unless it is told.
        body.setMinimumHeight(body.heightForWidth(_WIDTH))
        parts: list[QWidget] = [picture, head, body, *([action] if action else [])]
        layout = column(None, *parts, None)
        for part in parts:
            layout.setAlignment(part, Qt.AlignmentFlag.AlignHCenter)
        layout.setContentsMargins(16, 12, 16, 12)
        self.setLayout(layout)
