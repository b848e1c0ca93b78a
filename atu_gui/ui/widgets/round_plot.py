"""Scores per round with their 95 % intervals, against the untouched model and the limits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.events import Interval
from atu_gui.core.round_marks import Limit
from atu_gui.core.series import Floats
from atu_gui.ui.qt_compat import pg
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column
from atu_gui.ui.widgets.label_room import along, beside_level, freest, spot
from atu_gui.ui.widgets.legend import DASHED, DOTTED, PlotTitle, Stroke
from atu_gui.ui.widgets.plot_base import AXIS_HEIGHT, PixelText, ThemedPlot

CAP = 0.1
# Series are moved apart by this many rounds, so that their intervals do not hide each other.
APART = 0.16
LABEL_ROOM = 20
_MARKER_COUNTS = 3


class _ScoreLine:
    """The items of one series."""

    def __init__(self, theme: Theme, plot: ThemedPlot, stroke: Stroke, shift: float) -> None:
        self.stroke = stroke
        self.shift = shift
        self.points: dict[int, Interval] = {}
        self.untouched = pg.PlotCurveItem()
        self.whiskers = pg.PlotCurveItem()
        self.line = pg.PlotCurveItem()
        self.dots = pg.ScatterPlotItem(size=8, symbol=stroke.marker, pxMode=True)
        for item in (self.untouched, self.whiskers, self.line, self.dots):
            plot.addItem(item)
        self.dress(theme)

    def dress(self, theme: Theme) -> None:
        """Put on the theme's present colours."""
        plain = Stroke(self.stroke.token)
        self.line.setPen(self.stroke.pen(theme, 1.5))
        self.whiskers.setPen(plain.pen(theme))
        self.untouched.setPen(Stroke(self.stroke.token, DASHED).pen(theme))
        self.dots.setBrush(QColor(getattr(theme.tokens, self.stroke.token)))
        # A rim in the plot's colour keeps the whisker off the marker.
        self.dots.setPen(QColor(theme.tokens.plot))

    def draw(self, left: float, right: float) -> None:
        """Show the points; the untouched model's mean runs all the way."""
        rounds = np.array(sorted(self.points), dtype=float)
        means = np.array([self.points[int(number)].mean for number in rounds])
        self.line.setData(rounds + self.shift, means)
        self.dots.setData(rounds + self.shift, means)
        self.whiskers.setData(*self.whisker_points(), connect="pairs")
        start = self.points.get(0)
        ends = np.array([left, right]) if start else np.empty(0)
        self.untouched.setData(ends, np.full(len(ends), start.mean if start else 0.0))

    def areas(self, plot: ThemedPlot) -> Iterator[QRectF]:
        """What is drawn, in the plot's pixels; nothing while it is hidden."""
        if not self.dots.isVisible():
            return
        means = [plot.pixels(number + self.shift, value.mean) for number, value in sorted(self.points.items())]
        for middle in means:
            # Words over a marker hide a score; over a whisker or a dashed line only a part of one.
            yield from itertools.repeat(spot(middle, 14), _MARKER_COUNTS)
        for first, second in itertools.pairwise(means):
            yield from along(QLineF(first, second))
        for number, value in self.points.items():
            place = number + self.shift
            low, high = plot.pixels(place, value.low), plot.pixels(place, value.high)
            cap = plot.pixels(place + CAP, value.low).x() - low.x()
            yield QRectF(low.x() - 1, high.y(), 2, low.y() - high.y())
            yield from (QRectF(end.x() - cap, end.y() - 1, 2 * cap, 2) for end in (low, high))
        if 0 in self.points:
            frame, level = plot.frame(), means[0].y()
            # With some room on both sides: words that touch a dashed line look struck out.
            yield QRectF(frame.left(), level - 1.0, frame.width(), 3.0)

    def set_visible(self, shown: bool) -> None:
        """Hide or show all of it."""
        for item in (self.untouched, self.whiskers, self.line, self.dots):
            item.setVisible(shown)

    def whisker_points(self) -> tuple[Floats, Floats]:
        """Pairs of ends: the interval, then its two caps, for every round."""
        xs: list[float] = []
        ys: list[float] = []
        for number, value in sorted(self.points.items()):
            at = number + self.shift
            xs += [at, at, at - CAP, at + CAP, at - CAP, at + CAP]
            ys += [value.low, value.high, value.low, value.low, value.high, value.high]
        return np.array(xs, dtype=float), np.array(ys, dtype=float)


class RoundPlot(QWidget):
    """One dot per round for each series; of a `share` 0 is shown, and no tick above 1."""

    def __init__(self, theme: Theme, title: str, strokes: dict[str, Stroke], *, share: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._from_zero = share
        self._last_round = 1
        self._limits: tuple[Limit, ...] = ()
        self._limit_items: list[tuple[pg.InfiniteLine, PixelText]] = []
        self.title = PlotTitle(theme, title, strokes)
        self.plot = ThemedPlot(theme, x_gap=26.0, y_gap=36.0, x_steps=(1.0, 2.0, 5.0), whole_x=True)
        if share:
            self.plot.left.set_most(1.0)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setAccessibleName(title)
        self.plot.set_corner("round")
        self.lines = {
            name: _ScoreLine(theme, self.plot, stroke, APART * (at - (len(strokes) - 1) / 2))
            for at, (name, stroke) in enumerate(strokes.items())
        }
        self.plot.scene().sigMouseMoved.connect(self._hover)
        # The plot's own size, which follows that of this widget.
        self.plot.getViewBox().sigResized.connect(self._refit)
        for name, entry in self.title.entries.items():
            entry.toggled.connect(lambda shown, name=name: self._show_line(name, shown))
        self.setLayout(column(self.title, self.plot, spacing=0))
        theme.changed.connect(self._recolour)

    def set_points(self, points: dict[str, dict[int, Interval]], last_round: int) -> None:
        """Scores by series and round; the axis runs to `last_round`."""
        self._last_round = max(last_round, 1)
        for name, line in self.lines.items():
            line.points = points.get(name, {})
        self._draw()

    def set_limits(self, limits: tuple[Limit, ...]) -> None:
        """Goals, floors and limits to draw."""
        if limits != self._limits:
            self._limits = limits
            self._make_limits()
            self._draw()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What is drawn."""
        return self._limits

    def _draw(self) -> None:
        left, right = -0.5, self._last_round + 0.5
        self.plot.setXRange(left, right, padding=0)
        for line in self.lines.values():
            line.draw(left, right)
        self._fit_y()
        self._place_words()
        self.setAccessibleDescription(self._spoken())

    def _place_words(self) -> None:
        """The words of each limit stand beside its line where they hide least of the scores."""
        shown = self._limit_items[: len(self._limits)]
        if not shown:
            return
        frame = self.plot.frame()
        taken = [area for line in self.lines.values() for area in line.areas(self.plot)]
        levels = [self.plot.pixels(0.0, limit.value).y() for limit in self._limits]
        taken += [QRectF(frame.left(), level, frame.width(), 1.0) for level in levels]
        for level, (_, words) in zip(levels, shown, strict=True):
            size = words.size()
            place, _ = freest(beside_level(level, frame, size.width(), size.height()), taken, frame)
            words.show_at(place.topLeft())
            taken.append(place)

    @Slot()
    def _refit(self) -> None:
        self._fit_y()
        self._place_words()

    def _fit_y(self) -> None:
        values = [limit.value for limit in self._limits]
        for name, line in self.lines.items():
            for point in line.points.values() if self.title.entries[name].isChecked() else ():
                values += [point.low, point.high, point.mean]
        if values:
            # The words of a limit need a line of text above it, however low the plot is.
            room = max(0.08, LABEL_ROOM / max(self.plot.height() - AXIS_HEIGHT, 2 * LABEL_ROOM))
            self.plot.fit_scores(values, room, from_zero=self._from_zero)

    def words_at(self, number: int) -> str:
        """All scores of a round with their intervals, for the tooltip under the pointer."""
        heading = f"Round {number}" if number else "Untouched model"
        found = [
            f"{name} {text.interval(line.points[number], 3)}, n = {line.points[number].n}"
            for name, line in self.lines.items()
            if number in line.points
        ]
        return "\n".join([heading, *found]) if found else ""

    def _show_line(self, name: str, shown: bool) -> None:
        self.lines[name].set_visible(shown)
        self._fit_y()
        self._place_words()

    @Slot(object)
    def _hover(self, place: QPointF) -> None:
        view = self.plot.getViewBox()
        inside = view.sceneBoundingRect().contains(place)
        words = self.words_at(round(view.mapSceneToView(place).x())) if inside else ""
        if words != self.plot.toolTip():
            self.plot.setToolTip(words)

    def _make_limits(self) -> None:
        # Items stay once they are made: the scene may still hold the one under the pointer.
        while len(self._limit_items) < len(self._limits):
            line, words = pg.InfiniteLine(angle=0, movable=False), PixelText(self.plot)
            self.plot.addItem(line, ignoreBounds=True)
            self._limit_items.append((line, words))
        for at, (line, words) in enumerate(self._limit_items):
            limit = self._limits[at] if at < len(self._limits) else None
            for item in (line, words):
                item.setVisible(limit is not None)
            if limit is not None:
                line.setPos(limit.value)
                words.say(f"{limit.word} {text.number(limit.value)}", self._theme.font(11))
        self._recolour()

    def _spoken(self) -> str:
        """The newest scores in words, for those who cannot see the plot."""
        parts = []
        for name, line in self.lines.items():
            if line.points:
                newest = max(line.points)
                parts.append(f"{name} after round {newest}: {text.interval(line.points[newest])}")
        return "; ".join(parts)

    @Slot()
    def _recolour(self) -> None:
        for score in self.lines.values():
            score.dress(self._theme)
        for line, words in self._limit_items:
            line.setPen(Stroke("muted", DOTTED).pen(self._theme))
            words.setColor(QColor(self._theme.tokens.muted))
            words.set_ground(QColor(self._theme.tokens.plot))
