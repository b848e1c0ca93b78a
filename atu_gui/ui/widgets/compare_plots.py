"""Several runs in one plot: similarity over steps, scores per round, forget against utility."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.events import Interval
from atu_gui.core.run_curves import RunCurves
from atu_gui.ui.qt_compat import pg
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column
from atu_gui.ui.widgets.compare_slots import SLOTS
from atu_gui.ui.widgets.frontier import axis_words
from atu_gui.ui.widgets.legend import DASHED, PlotTitle, Stroke
from atu_gui.ui.widgets.plot_base import TICK_ROOM, ThemedPlot

# Runs are moved apart by this many rounds, so that their intervals do not hide each other.
APART = 0.2
_SMOOTH = 8


class OverlayPlot(QWidget):
    """Mean similarity to the concept and τ of several runs."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._runs: tuple[RunCurves, ...] = ()
        self._seconds = False
        self._taus = True
        self.title = PlotTitle(theme, "Similarity to concept", {})
        self.plot = ThemedPlot(theme, right=TICK_ROOM)
        self.plot.setMouseEnabled(x=True, y=False)
        self.plot.setAccessibleName("Similarity to concept of the compared runs")
        self.curves = [pg.PlotCurveItem() for _ in SLOTS]
        self.tau_lines = [pg.PlotCurveItem() for _ in SLOTS]
        for item in (*self.tau_lines, *self.curves):
            self.plot.addItem(item)
        self.setLayout(column(self.title, self.plot, spacing=0))
        theme.changed.connect(self._recolour)
        self._recolour()

    def show_runs(self, runs: Sequence[RunCurves], *, seconds: bool, taus: bool) -> None:
        """Draw these runs, in the order of the slots, over steps or seconds."""
        self._runs, self._seconds, self._taus = tuple(runs), seconds, taus
        self.title.caption.setText("mean and τ" if taus else "mean")
        self.plot.set_corner("s" if seconds else "step")
        right, high, low = 1.0, 0.1, 0.0
        none = np.empty(0)
        for at, (curve, lines) in enumerate(zip(self.curves, self.tau_lines, strict=True)):
            run = self._runs[at] if at < len(self._runs) else None
            if run is None or not len(run.mean):
                curve.setData(none, none)
                lines.setData(none, none)
                continue
            xs = run.mean.seconds if seconds else run.mean.steps
            curve.setData(xs, run.mean.smoothed(_SMOOTH))
            ends, values = self._tau_points(run) if taus else (none, none)
            lines.setData(ends, values, connect="pairs")
            right = max(right, float(xs[-1]))
            high = max(high, run.mean.high, float(values.max()) if len(values) else 0.0)
            low = min(low, run.mean.low)
        self.plot.setXRange(0.0, right, padding=0)
        self.plot.setYRange(low, high * 1.08, padding=0)

    def _tau_points(self, run: RunCurves) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of ends."""
        ends = np.array([end for line in run.tau_lines for end in (line.start, line.end)], dtype=float)
        if self._seconds and len(ends):
            ends = np.array([run.seconds_at(end) for end in ends])
        return ends, np.array([line.tau for line in run.tau_lines for _ in range(2)], dtype=float)

    @Slot()
    def _recolour(self) -> None:
        for curve, lines, stroke in zip(self.curves, self.tau_lines, SLOTS, strict=True):
            curve.setPen(stroke.pen(self._theme, hairline=True))
            lines.setPen(Stroke(stroke.token, stroke.dash).pen(self._theme, 1.5, 0.75))


class ScoresPlot(QWidget):
    """One score per round of several runs, with intervals; `most` is the largest that it can be."""

    def __init__(
        self, theme: Theme, title: str, caption: str, *, most: float = math.inf, from_zero: bool = False
    ) -> None:
        super().__init__()
        self._theme = theme
        self._from_zero = from_zero
        self.title = PlotTitle(theme, title, {})
        self.title.caption.setText(caption)
        self.plot = ThemedPlot(theme, x_gap=26.0, y_gap=36.0, x_steps=(1.0, 2.0, 5.0), whole_x=True)
        self.plot.left.set_most(most)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setAccessibleName(f"{title}, {caption}, per round")
        self.plot.set_corner("round")
        self.whiskers = [pg.PlotCurveItem() for _ in SLOTS]
        self.lines = [pg.PlotCurveItem() for _ in SLOTS]
        self.dots = [pg.ScatterPlotItem(size=8, symbol=stroke.marker, pxMode=True) for stroke in SLOTS]
        self.untouched = pg.PlotCurveItem()
        for item in (self.untouched, *self.whiskers, *self.lines, *self.dots):
            self.plot.addItem(item)
        self.setLayout(column(self.title, self.plot, spacing=0))
        theme.changed.connect(self._recolour)
        self._recolour()

    def show_scores(self, runs: Sequence[Mapping[int, Interval]], *, intervals: bool, untouched: bool) -> None:
        """Draw a score of these runs by round, in the order of the slots."""
        last = max((number for run in runs for number in run), default=1)
        heights: list[float] = []
        none = np.empty(0)
        for at in range(len(SLOTS)):
            run = dict(sorted(runs[at].items())) if at < len(runs) else {}
            xs = np.array(list(run), dtype=float) + APART * (at - (len(runs) - 1) / 2)
            means = np.array([value.mean for value in run.values()], dtype=float)
            self.lines[at].setData(xs, means)
            self.dots[at].setData(xs, means)
            ends = np.array([end for value in run.values() for end in (value.low, value.high)], dtype=float)
            if not intervals:
                ends = none
            self.whiskers[at].setData(np.repeat(xs, 2)[: len(ends)], ends, connect="pairs")
            heights += [*means, *ends]
        start = runs[0].get(0) if runs else None
        ends = np.array([-0.6, last + 0.6]) if start is not None and untouched else none
        self.untouched.setData(ends, np.full(len(ends), start.mean if start is not None else 0.0))
        self.plot.setXRange(-0.6, last + 0.6, padding=0)
        if heights:
            self.plot.fit_scores(heights, 0.1, from_zero=self._from_zero)
        self.setAccessibleDescription(
            "; ".join(f"run {at + 1}: {text.interval(run[max(run)])}" for at, run in enumerate(runs) if run)
        )

    @Slot()
    def _recolour(self) -> None:
        for at, stroke in enumerate(SLOTS):
            self.lines[at].setPen(stroke.pen(self._theme, 1.5))
            self.whiskers[at].setPen(Stroke(stroke.token).pen(self._theme, 1.0, 0.7))
            self.dots[at].setBrush(QColor(getattr(self._theme.tokens, stroke.token)))
            self.dots[at].setPen(QColor(self._theme.tokens.plot))
        self.untouched.setPen(Stroke("before", DASHED).pen(self._theme))


class FrontierPlot(QWidget):
    """Forget recall against token loss: every round of several runs, the final one ringed."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.title = PlotTitle(theme, "Frontier", {})
        self.title.caption.setText("token loss over forget recall")
        self.plot = ThemedPlot(
            theme, x_gap=70.0, y_gap=36.0, x_steps=(1.0, 2.0, 5.0), right=TICK_ROOM, upright_grid=True
        )
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setAccessibleName("Frontier of the compared runs")
        self.lines = [pg.PlotCurveItem() for _ in SLOTS]
        self.rings = [pg.ScatterPlotItem(size=15, pxMode=True) for _ in SLOTS]
        self.dots = [pg.ScatterPlotItem(size=8, symbol=stroke.marker, pxMode=True) for stroke in SLOTS]
        for item in (*self.lines, *self.rings, *self.dots):
            self.plot.addItem(item)
        self.setLayout(column(self.title, self.plot, spacing=0))
        theme.changed.connect(self._recolour)
        self._recolour()

    def show_runs(
        self, runs: Sequence[Mapping[int, tuple[float, float]]], finals: Sequence[int], asked: str = ""
    ) -> None:
        """Draw (forget recall, token loss) by round, in the order of the slots; `asked` says of which questions."""
        self.title.caption.setToolTip(f"Recall on {asked}." if asked else "")
        every = [point for run in runs for point in run.values()]
        for at in range(len(SLOTS)):
            run = runs[at] if at < len(runs) else {}
            points = np.array([run[number] for number in sorted(run)], dtype=float).reshape(-1, 2)
            self.lines[at].setData(points[:, 0], points[:, 1])
            self.dots[at].setData(points[:, 0], points[:, 1])
            kept = run.get(finals[at]) if at < len(finals) else None
            self.rings[at].setData([kept[0]] if kept else [], [kept[1]] if kept else [])
        if every:
            wide = max(*(forget for forget, _ in every), 0.05)
            losses = [loss for _, loss in every]
            tall = max(max(losses) - min(losses), 0.02)
            self.plot.setXRange(-0.06 * wide, 1.1 * wide, padding=0)
            self.plot.setYRange(min(losses) - 0.2 * tall, max(losses) + 0.2 * tall, padding=0)

    @Slot()
    def _recolour(self) -> None:
        tokens = self._theme.tokens
        for at, stroke in enumerate(SLOTS):
            self.lines[at].setPen(stroke.pen(self._theme))
            self.dots[at].setBrush(QColor(getattr(tokens, stroke.token)))
            self.dots[at].setPen(QColor(tokens.plot))
            self.rings[at].setBrush(pg.mkBrush(None))
            self.rings[at].setPen(pg.mkPen(getattr(tokens, stroke.token), width=1.5))
        style = {"color": tokens.muted, "font-size": "11px"}
        self.plot.bottom.setHeight(36)
        self.plot.bottom.setLabel(axis_words(""), **style)
        # pyqtgraph places a label when its axis changes size, not when its words do.
        self.plot.bottom.resizeEvent()
