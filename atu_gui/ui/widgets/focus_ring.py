"""A ring around what has the keyboard, drawn only when the keyboard moved there."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFocusFrame,
    QLineEdit,
    QWidget,
)

from atu_gui.ui.theme import Theme

_WIDTH = 2.0
_RINGED = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox)


class FocusRing(QFocusFrame):
    """Two pixels in accent text around the widget that the Tab key reached."""

    def __init__(self, theme: Theme, app: QApplication) -> None:
        super().__init__()
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        app.focusChanged.connect(self.follow)

    @Slot(QWidget, QWidget)
    def follow(self, _old: QWidget | None, now: QWidget | None) -> None:
        """Move to what has the focus now, or hide."""
        # Qt notes on the window whether the focus last moved by key.
        by_key = now is not None and now.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        self.setWidget(now if by_key and isinstance(now, _RINGED) else None)  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("accent_text"), _WIDTH))
        inset = _WIDTH / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 5, 5)
