"""A ring around what has the keyboard, drawn only when the keyboard moved there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFocusFrame, QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

from atu_gui.ui.theme import Theme

_WIDTH = 2.0
_GAP = 1
_COMES_IN_SIGHT = {QEvent.Type.Move, QEvent.Type.Paint, QEvent.Type.Show, QEvent.Type.Resize}


class _Above(QProxyStyle):
    """The ring lies above all of the window or the scrolled page: below its widget, tight layouts cut it off."""

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returned: QStyleHintReturn | None = None,
    ) -> int:
        if hint is QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1
        return super().styleHint(hint, option, widget, returned)

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        if metric in (QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin):
            return int(_WIDTH) + _GAP
        return super().pixelMetric(metric, option, widget)


class FocusRing(QFocusFrame):
    """Two pixels in accent text around the widget that the Tab key reached."""

    def __init__(self, theme: Theme, app: QApplication) -> None:
        super().__init__()
        self._theme = theme
        self._above = _Above("fusion")
        self._above.setParent(self)
        self.setStyle(self._above)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        app.focusChanged.connect(self.follow)

    @Slot(QWidget, QWidget)
    def follow(self, _old: QWidget | None, now: QWidget | None) -> None:
        """Move to what has the focus now, or hide."""
        # Qt notes on the window whether the focus last moved by key.
        by_key = now is not None and now.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        self.setWidget(now if by_key else None)  # type: ignore[arg-type]
        if not by_key:
            # It would go with the dialog that it was in.
            self.setParent(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        taken = super().eventFilter(watched, event)
        # Qt hides the frame of a widget that is not in sight, and leaves it hidden when the page scrolls to it.
        if event.type() in _COMES_IN_SIGHT and self.isHidden() and self.widget() is watched and watched.isVisible():
            self.show()
            self.raise_()
        return taken

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("accent_text"), _WIDTH))
        inset = _WIDTH / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 5, 5)
