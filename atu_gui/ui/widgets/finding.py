"""One finding at the end of a run: a figure with its interval, and the raw answers behind it."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from atu_gui.core.outcome import Answers
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, icon_label, label, row

_MOST = 60
_LEFT, _RIGHT = 16, 8


class Finding(QFrame):
    """A card: heading, figure, captions, and a list of answers. Signal: `room_changed` (the answers need more or less
    than before)."""

    room_changed = Signal()

    def __init__(self, theme: Theme, icon: str, token: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._entries: tuple[Answers, ...] = ()
        self._nothing = ""
        self._after_first = False
        self.setProperty("card", "true")
        self.figure = label("", "figure")
        self.figure.setFont(theme.font(20, 600))
        self.caption = label("", "small", wrap=True)
        self.more = label("", "small", wrap=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        # Words and answers scroll together: where there is no room for all, none is cut out of reach.
        inside = column(self.caption, self.more, spacing=6)
        inside.addSpacing(6)
        inside.addLayout(self._list, 1)
        inside.setContentsMargins(0, 0, 8, 0)
        body = QWidget()
        body.setProperty("plain", "true")
        body.setLayout(inside)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(f"{title}: answers")
        area.setWidget(body)
        self._area, self._body = area, body
        # What is added is measured only once it is shown, and a scroll area keeps that to itself.
        body.installEventFilter(self)
        head = row(icon_label(theme, icon, token, 20), label(title, "title"), None, spacing=8)
        # As far from the right edge as from the left one; the list below has its scroll bar there.
        self.figure.setContentsMargins(0, 0, 8, 0)
        layout = column(spacing=6)
        layout.addLayout(head)
        layout.addWidget(self.figure)
        layout.addWidget(area, 1)
        layout.setContentsMargins(_LEFT, 14, _RIGHT, 12)
        self.setLayout(layout)
        self.setAccessibleName(title)
        theme.changed.connect(self._draw)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.room_changed.emit()
        return super().eventFilter(watched, event)

    def show_answers(self, entries: Sequence[Answers], nothing: str) -> None:
        """List these; `nothing` is said where there are none."""
        self._entries, self._nothing = tuple(entries), nothing
        self._draw()

    def room_wanted(self, width: int) -> int:
        """The height at which all of it is seen without scrolling, where it is so wide."""
        layout = self.layout()
        assert layout is not None
        beside = self._area.verticalScrollBar().sizeHint().width()
        sides = self.contentsMargins().left() + self.contentsMargins().right() + _LEFT + _RIGHT
        words = self._body.heightForWidth(width - sides - beside) + 2 * self._area.frameWidth()
        counted = self._area.sizeHint().expandedTo(self._area.minimumSizeHint()).height()
        # A scroll area never takes less than its least, however little is in it.
        return layout.totalSizeHint().height() - counted + max(words, self._area.minimumSizeHint().height())

    def _draw(self) -> None:
        while (item := self._list.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for entry in self._entries[:_MOST]:
            self._list.addWidget(self._entry(entry))
        hidden = len(self._entries) - _MOST
        if hidden > 0:
            words = f"And {hidden} more; all answers stand in the table of questions."
            self._list.addWidget(label(words, "small", wrap=True))
        if not self._entries:
            self._list.addWidget(label(self._nothing, "muted", wrap=True))
        self._list.addStretch(1)

    def _entry(self, entry: Answers) -> QLabel:
        tokens = self._theme.tokens
        after = _marked(entry.after, entry.spans, tokens.bad, tokens.bad_soft) or "<i>nothing</i>"
        before = html.escape(" ".join(entry.before.split())) or "<i>nothing</i>"
        made = QLabel(
            f"<div style='color:{tokens.text}; font-weight:600'>{html.escape(entry.query)}</div>"
            f"<div style='color:{tokens.muted}'>Gold answer: {html.escape(entry.gold)}</div>"
            f"<div style='color:{tokens.muted}'>Before: {before}</div>"
            f"<div style='color:{tokens.text}'>Now: {after}</div>"
        )
        made.setTextFormat(Qt.TextFormat.RichText)
        made.setWordWrap(True)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return made


def _marked(answer: str, spans: Sequence[tuple[int, int]], ink: str, paper: str) -> str:
    """The answer as HTML, with the places where the gold answer stands underlined in a colour."""
    parts, at = [], 0
    for start, end in spans:
        parts.append(html.escape(answer[at:start]))
        parts.append(f"<span style='color:{ink}; background:{paper}'><u>{html.escape(answer[start:end])}</u></span>")
        at = end
    parts.append(html.escape(answer[at:]))
    return " ".join("".join(parts).split())
