"""A pyqtgraph plot in the theme's clothes: few round ticks, no axis lines, its own grid, colours that follow."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Slot
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QResizeEvent, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from atu_gui.core import text
from atu_gui.ui.qt_compat import pg
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import label

AXIS_WIDTH = 44
AXIS_HEIGHT = 20
GRID_Z = -10
# Half a tick's label, for axes that may end at a tick.
TICK_ROOM = 20
_HALF_MARKER = 6
# A low plot has ticks so near to each other rather than a single one.
_NEAREST = 20.0
_LABEL_HEIGHT = 12.0
# Multiples of a power of ten that get a tick, and the smallest part of a decade between two of them.
_LOG_DIGITS = (((1, 2, 5), 0.30), ((1, 3), 0.47))


def _ticks_in(low: float, high: float, spacing: float) -> int:
    return math.floor(high / spacing + 1e-9) - math.ceil(low / spacing - 1e-9) + 1


class ValueAxis(pg.AxisItem):
    """One level of ticks at round values; on a log scale the plot's coordinates are powers of ten."""

    def __init__(self, orientation: str, gap: float, steps: tuple[float, ...], whole: bool = False) -> None:
        super().__init__(orientation)
        self._gap = gap
        self._nice = steps
        self._whole = whole
        self._most = math.inf
        self._log = False
        self.setStyle(tickLength=0, maxTickLevel=0, autoExpandTextSpace=False, hideOverlappingLabels=30)
        self.enableAutoSIPrefix(False)
        self.setPen(pg.mkPen(None))

    def set_whole(self, whole: bool) -> None:
        """Whether only whole numbers get a tick."""
        if whole == self._whole:
            return
        self._whole = whole
        self.picture = None
        self.update()

    def set_most(self, most: float) -> None:
        """The largest value there can be: above it stands no tick."""
        self._most = most

    def set_log(self, log: bool) -> None:
        """Whether the plot's coordinates are powers of ten."""
        if log == self._log:
            return
        self._log = log
        self.picture = None
        self.update()

    def ticks_between(self, low: float, high: float, size: float) -> tuple[float, list[float]]:
        """Spacing and ticks that leave room for their labels."""
        spacing = self._spacing(low, high, size)
        first = math.ceil(low / spacing - 1e-9)
        last = math.floor(min(high, self._most) / spacing + 1e-9)
        return spacing, [number * spacing for number in range(first, last + 1)]

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        low, high = sorted((minVal, maxVal))
        if not (math.isfinite(low) and math.isfinite(high)) or high <= low or size <= 0:
            return []
        return [(1.0, self._log_ticks(low, high, size)) if self._log else self.ticks_between(low, high, size)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self._log:
            return [text.number(10.0**value, max(0, -math.floor(value + 1e-9))) for value in values]
        digits = max(0, -math.floor(math.log10(spacing * scale) + 1e-9))
        # Zero comes out of the multiplication with either sign; adding 0.0 leaves the plain one.
        return [text.number(round(value * scale, digits) + 0.0, digits) for value in values]

    def generateDrawSpecs(self, p: QPainter) -> tuple[object, list[object], list[object]] | None:
        specs = super().generateDrawSpecs(p)
        # Ticks of no length would still leave a dot each; the grid stands for them.
        return None if specs is None else (specs[0], [], specs[2])

    def _log_ticks(self, low: float, high: float, size: float) -> list[float]:
        """Round multiples of every power of ten within the view, as many as have room."""
        decade = size / (high - low)
        digits = next((some for some, rest in _LOG_DIGITS if decade * rest >= self._gap), (1,))
        powers = range(math.floor(low), math.ceil(high) + 1)
        ticks = [power + math.log10(digit) for power in powers for digit in digits]
        return [tick for tick in ticks if low - 1e-9 <= tick <= high + 1e-9]

    def _spacing(self, low: float, high: float, size: float) -> float:
        gap = min(self._gap, max(_NEAREST, size / 3)) if self.orientation == "left" else self._gap
        least = max((high - low) * gap / size, 1e-9)
        if self._whole:
            least = max(least, 1.0)
        power = 10.0 ** math.floor(math.log10(least) + 1e-9)
        steps = [part * step for part in (power / 10.0, power) for step in (*self._nice, 10.0, 20.0)]
        found = min(step for step in steps if step >= least * (1 - 1e-9))
        if self.orientation != "left" or self._whole or _ticks_in(low, high, found) > 1:
            return found
        # A single tick is no scale: labels of a finer one may come as near to each other as their height lets them.
        finer = [step for step in steps if step < found and step * size / (high - low) >= _LABEL_HEIGHT]
        return max((step for step in finer if _ticks_in(low, high, step) > 1), default=found)


class ViewItem(pg.GraphicsObject):
    """An item as large as what is seen of the plot, painted anew whenever that changes."""

    def __init__(self, theme: Theme, z: float) -> None:
        super().__init__()
        self.theme = theme
        self.setZValue(z)

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()
        self.update()

    @contextlib.contextmanager
    def in_pixels(self, painter: QPainter) -> Iterator[tuple[QTransform, QRectF]]:
        """Paint in pixels within the block: the way there from the plot's coordinates, and the view's frame."""
        to_pixels = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(self.theme.font(11))
        try:
            yield to_pixels, to_pixels.mapRect(self.boundingRect())
        finally:
            painter.restore()


class Backdrop(ViewItem):
    """The grid behind the curves, as one item."""

    def __init__(self, theme: Theme, left: ValueAxis, bottom: ValueAxis, upright: bool) -> None:
        super().__init__(theme, GRID_Z)
        self._left = left
        self._bottom = bottom
        self._upright = upright

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        view = self.boundingRect()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pen = QPen(QColor(self.theme.tokens.grid), 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for _, values in self._left.tickValues(view.top(), view.bottom(), self._left.height()):
            painter.drawLines([QLineF(view.left(), value, view.right(), value) for value in values])
        if self._upright:
            for _, values in self._bottom.tickValues(view.left(), view.right(), self._bottom.width()):
                painter.drawLines([QLineF(value, view.top(), value, view.bottom()) for value in values])


class PixelText(pg.TextItem):
    """Words that are placed by the pixels of their corner, and keep no margin around them."""

    def __init__(self, plot: pg.PlotWidget) -> None:
        super().__init__("", anchor=(0, 0))
        self._view = plot.getViewBox()
        self.textItem.document().setDocumentMargin(0)
        plot.addItem(self, ignoreBounds=True)

    def say(self, words: str, font: QFont) -> None:
        """These words in this font."""
        self.setFont(font)
        self.setText(words)

    def set_ground(self, colour: QColor | None) -> None:
        """What lies behind the words, so that a line which they cannot avoid does not strike them out."""
        self.fill = pg.mkBrush(colour)
        self.update()

    def size(self) -> QSizeF:
        """How much room they need, in pixels."""
        return QSizeF(self.textItem.boundingRect().size())

    def show_at(self, corner: QPointF) -> None:
        """Put the upper left corner there."""
        self.setPos(self._view.mapSceneToView(corner))
        self.show()


class ThemedPlot(pg.PlotWidget):
    """Axes, grid and background. `right` keeps room beside the plot, in pixels."""

    def __init__(
        self,
        theme: Theme,
        *,
        x_gap: float = 90.0,
        y_gap: float = 26.0,
        x_steps: tuple[float, ...] = (1.0, 2.0, 4.0, 5.0),
        whole_x: bool = False,
        show_x: bool = True,
        right: int = 12,
        upright_grid: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self.left = ValueAxis("left", y_gap, (1.0, 2.0, 5.0))
        self.bottom = ValueAxis("bottom", x_gap, x_steps, whole_x)
        super().__init__(parent, axisItems={"left": self.left, "bottom": self.bottom})
        self._theme = theme
        self.left.setWidth(AXIS_WIDTH)
        self.bottom.setHeight(AXIS_HEIGHT if show_x else 0)
        self.bottom.setStyle(showValues=show_x)
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.layout.setContentsMargins(0, 4, right, 0 if show_x else 6)
        item.vb.setDefaultPadding(0.0)
        item.disableAutoRange()
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.setMinimumHeight(44)
        self.backdrop = Backdrop(theme, self.left, self.bottom, upright_grid)
        self.addItem(self.backdrop, ignoreBounds=True)
        self._corner = label("", "caption")
        self._corner.setParent(self)
        theme.changed.connect(self._recolour)
        self._recolour()

    def pixels(self, x: float, y: float) -> QPointF:
        """Where a point of the plot's coordinates lies, in pixels of its scene."""
        return QPointF(self.getViewBox().mapViewToScene(QPointF(x, y)))

    def frame(self) -> QRectF:
        """What lies between the axes, in the same pixels."""
        return QRectF(self.getViewBox().sceneBoundingRect())

    def fit_scores(self, values: Sequence[float], room: float, *, from_zero: bool = False) -> None:
        """Scale the y axis to scores, which are never negative.

        Args:
            values: What must be seen; at least one.
            room: Share of their span that is left free above them.
            from_zero: Whether 0 must be seen too.
        """
        low, high = 0.0 if from_zero else min(values), max(values)
        # Scores that are all alike need a scale too.
        span = high - low if high - low > 1e-9 else 0.1
        # A score of 0 shows its whole marker; more would have room for a tick below 0.
        below = min(_HALF_MARKER / max(self.height() - AXIS_HEIGHT, 1), 0.04)
        low = max(low - 0.08 * span, -below * span)
        self.setYRange(low, max(high + room * span, low + span), padding=0)

    def set_corner(self, word: str) -> None:
        """The word for the x axis, left of its first tick."""
        self._corner.setText(word)
        self._place_corner()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The base class calls this while it is being built.
        if hasattr(self, "_corner"):
            self._place_corner()

    def _place_corner(self) -> None:
        self._corner.adjustSize()
        self._corner.move(max(AXIS_WIDTH - self._corner.width() - 8, 3), self.height() - AXIS_HEIGHT + 2)

    @Slot()
    def _recolour(self) -> None:
        tokens = self._theme.tokens
        self.setBackground(QColor(tokens.plot))
        for axis in (self.left, self.bottom):
            axis.setTextPen(QColor(tokens.muted))
            axis.setTickFont(self._theme.font(11))
        self.backdrop.update()
