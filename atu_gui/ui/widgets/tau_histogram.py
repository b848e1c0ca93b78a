"""Similarities to the concept as two histograms, concept texts and other texts, with a τ line that can be dragged.

It shows a τ and takes wishes; whether a wish becomes fact is the run's to say. What it draws is counted once, after
each align stage, so its shares hold for the model as it was then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from atu_gui.core import text
from atu_gui.core.histogram import BINS, edge, extent, share_above
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.tau_handle import LIMIT, STEP, WIDE_STEP

HEIGHT = 116
_TOP, _BOTTOM, _SIDE = 24, 18, 10
_TAG_WIDTH, _TAG_HEIGHT = 48, 18
_SCALE = 1000
# The x axis shows this much on either side of what was counted.
_MARGIN = 0.03
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_TICK_ROOM = 44
_MOVES = {
    Qt.Key.Key_Up: STEP,
    Qt.Key.Key_Right: STEP,
    Qt.Key.Key_Down: -STEP,
    Qt.Key.Key_Left: -STEP,
    Qt.Key.Key_PageUp: WIDE_STEP,
    Qt.Key.Key_PageDown: -WIDE_STEP,
}


class TauHistogram(QAbstractSlider):
    """Two histograms and a line; as a QAbstractSlider it has a role and a value for assistive tools (in thousandths).

    Signals:
        tau_requested: A wish, when the mouse or a key is let go.
        previewed: The line moves under the mouse or a key; nothing is asked for yet.
    """

    tau_requested = Signal(float)
    previewed = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._concept: tuple[int, ...] = ()
        self._retain: tuple[int, ...] = ()
        self._tau = 0.0
        self._wish: float | None = None
        self._pending = False
        self._grabbed = False
        self._range = (-0.1, 0.6)
        self.setRange(-round(LIMIT * _SCALE), round(LIMIT * _SCALE))
        self.setSingleStep(round(STEP * _SCALE))
        self.setPageStep(round(WIDE_STEP * _SCALE))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("τ among the similarities")
        self.setToolTip(
            "Similarity of predictions to the concept on held-out texts, after the newest align stage. Each histogram "
            "has the same area. Drag τ, or ← → by 0.01, with Shift by 0.05."
        )
        theme.changed.connect(self.update)

    @property
    def shown(self) -> float:
        """Where the line stands: the wish under the hand, else τ."""
        return self._tau if self._wish is None else self._wish

    @property
    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What is drawn: concept texts, other texts."""
        return self._concept, self._retain

    def show_counts(self, concept: Sequence[int], retain: Sequence[int]) -> None:
        """Other similarities, in the bins of `core.histogram`."""
        self._concept, self._retain = tuple(concept), tuple(retain)
        self._fit()

    def show_tau(self, tau: float, *, pending: bool = False) -> None:
        """Put the line at τ; dashed while no step has applied it. A drag under way goes on."""
        self._tau, self._pending = tau, pending
        self._fit()

    def wish(self, tau: float) -> None:
        """Move the line without asking for anything yet."""
        wish = round(min(max(tau, -LIMIT), LIMIT), 2)
        if wish != self._wish:
            self._wish = wish
            self._fit()
            self.previewed.emit(wish)

    def request(self) -> None:
        """Ask for the wish."""
        wish, self._wish, self._grabbed = self._wish, None, False
        if wish is not None and wish != round(self._tau, 2):
            self._tau = wish
            self.tau_requested.emit(wish)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is not None:
            wide = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.wish(self.shown + (math.copysign(WIDE_STEP, move) if wide else move))
        elif event.key() == Qt.Key.Key_Escape and self._wish is not None:
            self._wish, self._grabbed = None, False
            self._fit()
            self.previewed.emit(self._tau)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and not self._grabbed:
            self.request()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self._grabbed:
            self.request()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed = True
            self.wish(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed:
            self.wish(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed:
            self.request()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.color("plot"))
        self._draw_axis(painter)
        highest = max((_density(counts) for counts in self.counts), default=0.0)
        if highest > 0:
            hatch = QBrush(self._theme.color("neighbour"), Qt.BrushStyle.BDiagPattern)
            self._draw_counts(painter, self._retain, highest, "neighbour", hatch)
            fill = QBrush(self._theme.color("similarity", 0.28))
            self._draw_counts(painter, self._concept, highest, "similarity", fill)
        self._draw_line(painter)

    def _draw_counts(self, painter: QPainter, counts: Sequence[int], highest: float, token: str, brush: QBrush) -> None:
        total = sum(counts)
        if not total:
            return
        floor, room = self.height() - _BOTTOM, self.height() - _BOTTOM - _TOP - 2
        path = QPainterPath(QPointF(self._x(edge(0)), floor))
        for index, count in enumerate(counts):
            top = floor - room * count / total / highest
            path.lineTo(self._x(edge(index)), top)
            path.lineTo(self._x(edge(index + 1)), top)
        path.lineTo(self._x(edge(BINS)), floor)
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.width(), floor))
        painter.setPen(QPen(self._theme.color(token), 1.2))
        painter.setBrush(brush)
        painter.drawPath(path)
        painter.restore()

    def _draw_axis(self, painter: QPainter) -> None:
        floor = self.height() - _BOTTOM
        painter.setPen(QPen(self._theme.color("edge"), 1))
        painter.drawLine(QPointF(0, floor + 0.5), QPointF(self.width(), floor + 0.5))
        painter.setFont(self._theme.font(11))
        low, high = self._range
        least = (high - low) * _TICK_ROOM / max(1, self.width() - 2 * _SIDE)
        gap = next((gap for gap in _TICKS if gap >= least), _TICKS[-1])
        digits = 2 if gap < 0.1 else 1
        for number in range(math.ceil(low / gap - 1e-9), math.floor(high / gap + 1e-9) + 1):
            x = self._x(number * gap)
            painter.setPen(self._theme.color("muted"))
            box = QRectF(x - 24, floor + 2, 48, _BOTTOM - 2)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text.number(number * gap + 0.0, digits))

    def _draw_line(self, painter: QPainter) -> None:
        x = self._x(self.shown)
        outlined = self._pending or self._wish is not None
        pen = QPen(self._theme.color("accent_text"), 1.5)
        if outlined:
            pen.setDashPattern([2.5, 2.0])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, _TOP - 4), QPointF(x, self.height() - _BOTTOM))
        left = min(max(x - _TAG_WIDTH / 2, 1.0), self.width() - _TAG_WIDTH - 1.0)
        tag = QRectF(left, 2, _TAG_WIDTH, _TAG_HEIGHT)
        painter.setPen(pen if outlined else Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("plot" if outlined else "accent"))
        painter.drawRoundedRect(tag, 4, 4)
        painter.setPen(self._theme.color("accent_text" if outlined else "on_accent"))
        painter.setFont(self._theme.font(11, 600))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, f"τ {text.number(self.shown)}")

    def _fit(self) -> None:
        """Show everything that was counted, and τ; while the mouse holds the line the axis stays."""
        if not self._grabbed:
            low, high = extent(*self.counts) or (0.0, 0.5)
            self._range = (min(low, self.shown) - _MARGIN, max(high, self.shown) + _MARGIN)
        self.setValue(round(self.shown * _SCALE))
        concept, retain = (text.percent(share_above(counts, self.shown)) for counts in self.counts)
        self.setAccessibleDescription(f"{text.number(self.shown)}, pushes {concept} of concept, {retain} of other text")
        self.update()

    def _x(self, value: float) -> float:
        low, high = self._range
        return _SIDE + (value - low) / (high - low) * (self.width() - 2 * _SIDE)

    def _value_at(self, x: float) -> float:
        low, high = self._range
        return min(max(low + (x - _SIDE) / max(1, self.width() - 2 * _SIDE) * (high - low), low), high)


def _density(counts: Sequence[int]) -> float:
    total = sum(counts)
    return max(counts) / total if total else 0.0
