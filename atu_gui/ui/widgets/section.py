"""A part of a panel that folds: a heading with a caret, words on the right, a body below.

A section that is `live` may be used during a run and never says that it is locked.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import icon_label, label, row, rule


class _Header(QWidget):
    """The clickable row. Signal: `pressed`."""

    pressed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)
        self.setFixedHeight(36)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class Section(QWidget):
    """Signal: `folded` (True when the body was hidden)."""

    folded = Signal(bool)

    def __init__(self, title: str, body: QWidget, theme: Theme, *, key: str = "", live: bool = False) -> None:
        super().__init__()
        self.key = key or title.lower()
        self._theme = theme
        self._body = body
        self._summary_words = ""
        self._locked = False
        self._caret = icon_label(theme, "caret-down", "muted", 12)
        self._summary = label("", "small")
        # Shortened to the room there is: it must not ask for more, or a wide start would keep the section wide.
        self._summary.setMinimumWidth(1)
        self._lock_icon = icon_label(theme, "lock-simple", "muted", 12)
        self._is_live = live
        self._header = _Header(title)
        self._title = label(title, "heading")
        header = row(self._caret, self._title, None, self._lock_icon, self._summary, spacing=6)
        header.setContentsMargins(12, 0, 12, 0)
        self._header.setLayout(header)
        self._header.pressed.connect(self.toggle)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(body)
        layout.addWidget(rule())
        body.setContentsMargins(12, 0, 12, 12)
        self._show_words()

    @property
    def is_folded(self) -> bool:
        """Whether the body is hidden."""
        return self._body.isHidden()

    def toggle(self) -> None:
        """Fold or unfold."""
        self.set_folded(not self.is_folded)

    def set_folded(self, folded: bool) -> None:
        """Hide or show the body."""
        if folded != self.is_folded:
            self._body.setVisible(not folded)
            self._theme.dress(self._caret, "caret-right" if folded else "caret-down", "muted", 12)
            self._show_words()
            self.folded.emit(folded)

    def set_summary(self, words: str) -> None:
        """What the section holds, in a few words, read when it is folded."""
        self._summary_words = words
        self._show_words()

    def set_locked(self, locked: bool) -> None:
        """Whether a run under way holds the section's settings."""
        self._locked = locked
        self._show_words()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.FontChange:
            self._show_words()
        super().changeEvent(event)

    def resizeEvent(self, event: object) -> None:
        self._show_words()

    def _show_words(self) -> None:
        locked = self._locked and not self._is_live
        self._lock_icon.setVisible(locked and not self.is_folded)
        words = "Locked during the run" if locked and not self.is_folded else ""
        if self.is_folded:
            words = self._summary_words
        # Margins, caret, lock and the gaps between them.
        taken = 24 + 12 + self._title.sizeHint().width() + 2 * 6 + (12 + 6 if locked and not self.is_folded else 0)
        self._elide(self._summary, words, max(40, self.width() - taken))

    @staticmethod
    def _elide(where: QLabel, words: str, room: int) -> None:
        where.setText(where.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room))
        where.setToolTip(words if where.text() != words else "")
