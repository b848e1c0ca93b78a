"""A sketch of a run for those who have not seen one: drawn, not measured, and it says so."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from atu_gui.ui.theme import Theme

_TAUS = (0.58, 0.46, 0.34)
_FIRST, _ROUND = 0.34, 0.22


class RunSketch(QWidget):
    """Similarity that rises while the head aligns and falls round by round, with τ as steps."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Sketch: similarity to the concept rises while aligning and falls in each round")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 236)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(self._theme.color("line")))
        painter.setBrush(self._theme.color("plot"))
        painter.drawRoundedRect(frame, 6, 6)
        area = frame.adjusted(12, 12, -12, -28)
        painter.setFont(self._theme.font(11))
        for number in range(len(_TAUS)):
            self._draw_round(painter, area, number)
        points = [(x / 200, _similarity(x / 200)) for x in range(201)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("similarity"), 1.5))
        painter.drawPolyline(QPolygonF([_place(area, x, y) for x, y in points]))
        painter.setPen(self._theme.color("muted"))
        below = QRectF(area.left(), area.bottom() + 6, area.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "learns to see it")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, "and forgets it, round by round")

    def _draw_round(self, painter: QPainter, area: QRectF, number: int) -> None:
        left, right = _band(number)
        box = QRectF(_place(area, left, 1.0), _place(area, right, 0.0))
        painter.fillRect(box, self._theme.color("unlearn_band"))
        painter.setPen(self._theme.color("muted"))
        painter.drawText(box.adjusted(0, 4, 0, 0), Qt.AlignmentFlag.AlignHCenter, str(number + 1))
        painter.setPen(QPen(self._theme.color("accent_text"), 1.5))
        painter.drawLine(_place(area, left, _TAUS[number]), _place(area, right, _TAUS[number]))


def _band(number: int) -> tuple[float, float]:
    left = _FIRST + number * _ROUND
    return left, left + _ROUND * 0.55


def _similarity(x: float) -> float:
    if x < _FIRST:
        return 0.1 + 0.72 * (1 - math.exp(-x / 0.09))
    number = min(len(_TAUS) - 1, int((x - _FIRST) / _ROUND))
    left, right = _band(number)
    high = 0.81 if number == 0 else _TAUS[number - 1] + 0.14
    low = _TAUS[number] - 0.02
    if x < right:
        return low + (high - low) * math.exp(-(x - left) / 0.03)
    return low + 0.16 * (1 - math.exp(-(x - right) / 0.04))


def _place(area: QRectF, x: float, y: float) -> QPointF:
    return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())
