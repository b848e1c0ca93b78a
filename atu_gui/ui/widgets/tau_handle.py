"""The handle of τ at the right edge of the similarity plot.

It shows where τ stands and takes wishes. It never moves the τ line: that is drawn from the steps that applied it.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractSlider, QWidget

from atu_gui.core.text import number
from atu_gui.ui.theme import Theme

LIMIT = 0.99
STEP = 0.01
WIDE_STEP = 0.05
# A step that applied a wish may carry it as a 32-bit float.
SAME = 5e-4
WIDTH, HEIGHT, TIP = 54, 22, 7
_SCALE = 1000


class TauHandle(QAbstractSlider):
    """A slider drawn as a tag; as a QAbstractSlider it has a role and a value for assistive tools (in thousandths).

    Signals:
        tau_requested: A wish, when the mouse or a key is let go.
        moved: Applied τ or wish changed; time to place the handle and draw the wish.
        dragged: The pointer's place within the parent, while the mouse drags.
    """

    tau_requested = Signal(float)
    moved = Signal()
    dragged = Signal(QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._applied: float | None = None
        self._wish: float | None = None
        self._requested: float | None = None
        self._grabbed = False
        self.setRange(-round(LIMIT * _SCALE), round(LIMIT * _SCALE))
        self.setSingleStep(round(STEP * _SCALE))
        self.setPageStep(round(WIDE_STEP * _SCALE))
        self.setFixedSize(QSize(WIDTH, HEIGHT))
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("τ")
        self.setToolTip("τ: drag, or ↑ ↓ by 0.01, with Shift by 0.05. A step of the run applies it.")
        theme.changed.connect(self._repaint)
        self.hide()

    @property
    def applied(self) -> float | None:
        """τ of the newest unlearn step, or the planned one before the first."""
        return self._applied

    @property
    def pending(self) -> float | None:
        """A wish that was asked for and that no step has applied yet."""
        return self._requested

    @property
    def wished(self) -> float | None:
        """Where the hand has moved it without letting go."""
        return self._wish

    @property
    def shown(self) -> float | None:
        """Where the handle stands: the wish, else what was asked for, else what is applied."""
        for value in (self._wish, self._requested, self._applied):
            if value is not None:
                return value
        return None

    @property
    def grabbed(self) -> bool:
        """Whether the mouse holds it; the plot must not rescale meanwhile."""
        return self._grabbed

    def set_applied(self, tau: float | None) -> None:
        """What the run says."""
        before = (self._requested, self._applied)
        if self._requested is not None and tau is not None and abs(tau - self._requested) < SAME:
            self._requested = None
        self._applied = tau
        if before != (self._requested, self._applied):
            self._tell()

    def forget_wish(self) -> None:
        """Drop what was wished for, as at the end of a run."""
        self._wish = self._requested = None
        self._grabbed = False
        self._tell()

    def show_wish(self, tau: float) -> None:
        """A wish was asked for elsewhere; it is outlined here like the handle's own."""
        self._requested = None if self._is_applied(tau) else tau
        self._tell()

    def wish(self, tau: float) -> None:
        """Move the handle without asking for anything yet."""
        self._wish = round(min(max(tau, -LIMIT), LIMIT), 2)
        self._tell()

    def request(self) -> None:
        """Ask for the wish."""
        wish, self._wish = self._wish, None
        self._grabbed = False
        if wish is None:
            return
        if wish != self._requested and (self._requested is not None or not self._is_applied(wish)):
            self._requested = None if self._is_applied(wish) else wish
            self.tau_requested.emit(wish)
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        wide = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        size = WIDE_STEP if wide else STEP
        moves = {
            Qt.Key.Key_Up: size,
            Qt.Key.Key_Right: size,
            Qt.Key.Key_Down: -size,
            Qt.Key.Key_Left: -size,
            Qt.Key.Key_PageUp: WIDE_STEP,
            Qt.Key.Key_PageDown: -WIDE_STEP,
        }
        move = moves.get(Qt.Key(event.key()))
        if move is not None and self.shown is not None:
            self.wish(self.shown + move)
        elif event.key() == Qt.Key.Key_Escape and self._wish is not None:
            self._wish = None
            self._grabbed = False
            self._tell()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and not self._grabbed:
            self.request()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self._grabbed:
            self.request()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed = True

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed:
            self.dragged.emit(self.mapToParent(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed:
            self.request()

    def paintEvent(self, _event: QPaintEvent) -> None:
        shown = self.shown
        if shown is None:
            return
        outlined = self._wish is not None or self._requested is not None
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(tokens.accent_text if outlined or self.hasFocus() else tokens.accent), 1.5)
        if outlined:
            pen.setDashPattern([2.5, 2.0])
        painter.setPen(pen)
        painter.setBrush(QColor(tokens.plot if outlined else tokens.accent))
        painter.drawPath(_tag(QRectF(self.rect()).adjusted(1, 1, -1, -1)))
        ink = QColor(tokens.accent_text if outlined else tokens.on_accent)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        for column in (0, 4):
            for row in (-4, 0, 4):
                painter.drawEllipse(QPointF(TIP + 4 + column, self.height() / 2 + row), 0.9, 0.9)
        painter.setPen(ink)
        painter.setFont(self._theme.font(11, 600))
        painter.drawText(self.rect().adjusted(TIP + 9, 0, -3, 0), Qt.AlignmentFlag.AlignCenter, number(shown))

    def _is_applied(self, tau: float) -> bool:
        return self._applied is not None and abs(tau - self._applied) < SAME

    def _tell(self) -> None:
        shown = self.shown
        if shown is not None:
            self.setValue(round(shown * _SCALE))
            applied = "not applied yet" if self._applied is None else f"applied {number(self._applied)}"
            wished = shown != self._applied
            self.setAccessibleDescription(f"{number(shown)} wished, {applied}" if wished else number(shown))
        self.moved.emit()
        self.update()

    @Slot()
    def _repaint(self) -> None:
        self.update()


def _tag(area: QRectF) -> QPainterPath:
    """A rounded box with a tip to the left."""
    radius = 4.0
    path = QPainterPath(QPointF(area.left(), area.center().y()))
    path.lineTo(area.left() + TIP, area.top())
    path.lineTo(area.right() - radius, area.top())
    path.quadTo(area.right(), area.top(), area.right(), area.top() + radius)
    path.lineTo(area.right(), area.bottom() - radius)
    path.quadTo(area.right(), area.bottom(), area.right() - radius, area.bottom())
    path.lineTo(area.left() + TIP, area.bottom())
    path.closeSubpath()
    return path
