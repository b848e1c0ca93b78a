"""Stages behind the curves, and what stands before them (now, flags of live changes): one item each."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from atu_gui.core.events import Stage
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.plot_base import ViewItem

RIBBON = 3
BANDS_Z = -20
MARKS_Z = 30


@dataclass(frozen=True, slots=True)
class PlacedBand:
    """A stage on the shown x axis."""

    stage: Stage
    round: int
    left: float
    right: float
    future: bool


class StageBands(ViewItem):
    """Align and unlearn bands; with `labels` also the ribbon and the round number of unlearn stages."""

    def __init__(self, theme: Theme, labels: bool) -> None:
        super().__init__(theme, BANDS_Z)
        self._labels = labels
        self._bands: tuple[PlacedBand, ...] = ()

    @property
    def bands(self) -> tuple[PlacedBand, ...]:
        """What is drawn."""
        return self._bands

    def set_bands(self, bands: tuple[PlacedBand, ...]) -> None:
        """Draw these stages."""
        if bands != self._bands:
            self._bands = bands
            self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        named = False
        with self.in_pixels(painter) as (to_pixels, frame):
            for band in self._bands:
                left = max(to_pixels.map(QPointF(band.left, 0)).x(), frame.left())
                right = min(to_pixels.map(QPointF(band.right, 0)).x(), frame.right())
                if right > left:
                    area = QRectF(left, frame.top(), right - left, frame.height())
                    named = self._paint_band(painter, band, area, named)

    def _paint_band(self, painter: QPainter, band: PlacedBand, area: QRectF, named: bool) -> bool:
        tokens = self.theme.tokens
        unlearn = band.stage == "unlearn"
        fill = QColor(tokens.unlearn_band if unlearn else tokens.align_band)
        fill.setAlphaF(0.5 if band.future else 1.0)
        painter.fillRect(area, fill)
        if not self._labels:
            return named
        if unlearn:
            ribbon = QColor(tokens.edge if band.future else tokens.edge2)
            painter.fillRect(QRectF(area.left(), area.top(), area.width(), RIBBON), ribbon)
            text = str(band.round)
        elif named:
            return named
        else:
            text = "align"
        if QFontMetricsF(painter.font()).horizontalAdvance(text) + 8 <= area.width():
            painter.setPen(QColor(tokens.muted))
            painter.drawText(QPointF(area.left() + 5, area.top() + 16), text)
            return named or not unlearn
        return named


class Marks(ViewItem):
    """The “now” line and the flags of live changes."""

    def __init__(self, theme: Theme, labels: bool) -> None:
        super().__init__(theme, MARKS_Z)
        self._labels = labels
        self._now: float | None = None
        self._flags: tuple[tuple[float, str], ...] = ()

    @property
    def now(self) -> float | None:
        """Where the “now” line stands; None outside a run."""
        return self._now

    @property
    def flags_drawn(self) -> tuple[tuple[float, str], ...]:
        """Places and words of the flags. (An item's `flags` are Qt's.)"""
        return self._flags

    def set_marks(self, now: float | None, flags: tuple[tuple[float, str], ...]) -> None:
        """Draw these."""
        if (now, flags) != (self._now, self._flags):
            self._now, self._flags = now, flags
            self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        with self.in_pixels(painter) as (to_pixels, frame):
            free = frame.right()
            # From the newest back, so that where flags crowd the newest keep their words.
            for x, text in reversed(self._flags):
                at = to_pixels.map(QPointF(x, 0)).x()
                if frame.left() <= at <= frame.right():
                    free = self._paint_flag(painter, at, frame, text, free)
            if self._now is not None:
                self._paint_now(painter, to_pixels.map(QPointF(self._now, 0)).x(), frame)

    def _paint_now(self, painter: QPainter, x: float, frame: QRectF) -> None:
        painter.setPen(QPen(QColor(self.theme.tokens.text), 1))
        painter.drawLine(QLineF(x, frame.top(), x, frame.bottom()))
        if self._labels:
            width = QFontMetricsF(painter.font()).horizontalAdvance("now")
            left = x + 4 if x + 4 + width <= frame.right() else x - 4 - width
            painter.drawText(QPointF(left, frame.top() + 16), "now")

    def _paint_flag(self, painter: QPainter, x: float, frame: QRectF, text: str, free: float) -> float:
        tokens = self.theme.tokens
        top = frame.top() + 24
        pen = QPen(QColor(tokens.accent_text), 1)
        pen.setDashPattern([1.0, 2.0])
        painter.setPen(pen)
        painter.drawLine(QLineF(x, top, x, frame.bottom()))
        width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 14
        # A flag near the right edge flies to the left.
        left = x if x + width <= free else x - width
        roomy = left >= frame.left() and left + width <= free
        painter.fillRect(QRectF(x - 1, top, 2 if roomy else 5, 18 if roomy else 8), QColor(tokens.accent_text))
        if not (self._labels and roomy):
            return min(free, x)
        box = QRectF(left, top, width, 18).adjusted(1 if left == x else 0, 0, 0 if left == x else -1, 0)
        painter.fillRect(box, QColor(tokens.accent_soft))
        painter.setPen(QColor(tokens.accent_text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return min(free, left)
