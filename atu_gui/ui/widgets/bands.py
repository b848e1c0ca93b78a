"""Stages behind the curves, and what stands before them (now, flags of live changes): one item each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from atu_gui.core.events import Stage
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.plot_base import ViewItem

RIBBON = 3
WORD_LEFT = 5
# On either side of “align” in a band that is hardly wider.
_WORD_LEAST = 3
# So far do words of bands keep from each other, and “now” from them.
_APART = 6
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

    def area(self, to_pixels: QTransform, frame: QRectF) -> QRectF:
        """What is seen of it within the frame; of no width where nothing is."""
        left = max(to_pixels.map(QPointF(self.left, 0)).x(), frame.left())
        right = min(to_pixels.map(QPointF(self.right, 0)).x(), frame.right())
        return QRectF(left, frame.top(), max(right - left, 0.0), frame.height())


def band_words(
    bands: Sequence[PlacedBand], areas: Sequence[QRectF], width: Callable[[str], float]
) -> list[tuple[str, float]]:
    """The round numbers of unlearn bands and “align” once, each with where it begins.

    A number may reach beyond a narrow band; it is left out where it would come too near to the words before it.
    """
    said: list[tuple[str, float]] = []
    free = -math.inf
    for band, area in zip(bands, areas, strict=True):
        unlearn = band.stage == "unlearn"
        words = str(band.round) if unlearn else "align"
        wide = width(words)
        if any(words == earlier for earlier, _ in said) or area.width() <= 0:
            continue
        left = area.left() + min(WORD_LEFT, (area.width() - wide) / 2)
        if left >= free and (unlearn or wide + 2 * _WORD_LEAST <= area.width()):
            said.append((words, left))
            free = left + wide + _APART
    return said


def now_left(x: float, width: float, frame: QRectF, taken: Sequence[QRectF]) -> float | None:
    """Where “now” begins beside its line: right of it, else left of it, or nowhere where either lies on other words."""
    for left in (x + 4, x - 4 - width):
        free = all(left + width + _APART <= one.left() or one.right() + _APART <= left for one in taken)
        if free and frame.left() <= left and left + width <= frame.right():
            return left
    return None


class StageBands(ViewItem):
    """Align and unlearn bands. Their words and the ribbons over unlearn stages are among the marks."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, BANDS_Z)
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
        with self.in_pixels(painter) as (to_pixels, frame):
            for band in self._bands:
                area = band.area(to_pixels, frame)
                if area.width() > 0:
                    self._paint_band(painter, band, area)

    def _paint_band(self, painter: QPainter, band: PlacedBand, area: QRectF) -> None:
        tokens = self.theme.tokens
        fill = QColor(tokens.unlearn_band if band.stage == "unlearn" else tokens.align_band)
        fill.setAlphaF(0.5 if band.future else 1.0)
        painter.fillRect(area, fill)


class Marks(ViewItem):
    """What stands before grid and curves: the “now” line and the flags of live changes; with `labels` also the words of
    the bands and the ribbons over unlearn stages."""

    def __init__(self, theme: Theme, labels: bool) -> None:
        super().__init__(theme, MARKS_Z)
        self._labels = labels
        self._now: float | None = None
        self._flags: tuple[tuple[float, str], ...] = ()
        self._bands: tuple[PlacedBand, ...] = ()

    @property
    def now(self) -> float | None:
        """Where the “now” line stands; None outside a run."""
        return self._now

    @property
    def flags_drawn(self) -> tuple[tuple[float, str], ...]:
        """Places and words of the flags. (An item's `flags` are Qt's.)"""
        return self._flags

    def set_marks(self, now: float | None, flags: tuple[tuple[float, str], ...], bands: tuple[PlacedBand, ...]) -> None:
        """Draw these, and the words of these bands."""
        if (now, flags, bands) != (self._now, self._flags, self._bands):
            self._now, self._flags, self._bands = now, flags, bands
            self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        with self.in_pixels(painter) as (to_pixels, frame):
            taken = self._paint_words(painter, to_pixels, frame) if self._labels else []
            # Before the flags: the line would cross the words of the newest one.
            if self._now is not None:
                self._paint_now(painter, to_pixels.map(QPointF(self._now, 0)).x(), frame, taken)
            free = frame.right()
            # From the newest back, so that where flags crowd the newest keep their words.
            for x, text in reversed(self._flags):
                at = to_pixels.map(QPointF(x, 0)).x()
                if frame.left() <= at <= frame.right():
                    free = self._paint_flag(painter, at, frame, text, free)

    def _paint_words(self, painter: QPainter, to_pixels: QTransform, frame: QRectF) -> list[QRectF]:
        metrics = QFontMetricsF(painter.font())
        areas = [band.area(to_pixels, frame) for band in self._bands]
        for band, area in zip(self._bands, areas, strict=True):
            if band.stage == "unlearn":
                ribbon = QColor(self.theme.tokens.edge if band.future else self.theme.tokens.edge2)
                painter.fillRect(QRectF(area.left(), area.top(), area.width(), RIBBON), ribbon)
        painter.setPen(QColor(self.theme.tokens.muted))
        taken = []
        for words, left in band_words(self._bands, areas, metrics.horizontalAdvance):
            painter.drawText(QPointF(left, frame.top() + 16), words)
            taken.append(QRectF(left, frame.top(), metrics.horizontalAdvance(words), 16))
        return taken

    def _paint_now(self, painter: QPainter, x: float, frame: QRectF, taken: Sequence[QRectF]) -> None:
        painter.setPen(QPen(QColor(self.theme.tokens.text), 1))
        painter.drawLine(QLineF(x, frame.top(), x, frame.bottom()))
        if self._labels:
            left = now_left(x, QFontMetricsF(painter.font()).horizontalAdvance("now"), frame, taken)
            if left is not None:
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
