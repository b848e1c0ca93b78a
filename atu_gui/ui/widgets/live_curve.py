"""The two plots that move with every step: similarity to the concept, and the align cosine below it.

They draw a `RunCurves`; when to draw is the panel's business.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.run_curves import RunCurves, TauLine, XAxis
from atu_gui.core.series import Floats, Series
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column
from atu_gui.ui.widgets.curve_plot import CurvePlot
from atu_gui.ui.widgets.legend import DASHED, DOTTED, Stroke
from atu_gui.ui.widgets.tau_handle import HEIGHT, WIDTH, TauHandle

RAW_ALPHA = 0.3
# Height of the words of the bands, in pixels.
WORDS_ROOM = 22
AXIS_WORDS = {XAxis.STEP: "step", XAxis.ROUND: "round", XAxis.SECONDS: "s"}


class SimilarityPlot(QWidget):
    """Mean and 95th percentile, τ as applied and as planned, flags, and the handle.

    Signals:
        tau_requested: The handle was let go.
    """

    tau_requested = Signal(float)

    def __init__(self, theme: Theme) -> None:
        strokes = {
            "mean": Stroke("similarity"),
            "p95": Stroke("similarity", DOTTED),
            "τ applied": Stroke("accent_text"),
            "τ planned": Stroke("accent_text", DASHED),
        }
        super().__init__()
        self.frame = CurvePlot(theme, "Similarity to concept", strokes, show_x=False, labels=True)
        self.frame.add_curve("mean raw", strokes["mean"], RAW_ALPHA, z=1, group="mean")
        self.frame.add_curve("p95 raw", strokes["mean"], RAW_ALPHA, z=1, group="p95")
        self.frame.add_curve("p95", strokes["p95"], z=2)
        self.frame.add_curve("mean", strokes["mean"], z=3)
        self.applied = self.frame.add_strokes(strokes["τ applied"], group="τ applied")
        self.planned = self.frame.add_strokes(strokes["τ planned"], width=1.0, group="τ planned")
        self.wished = self.frame.add_strokes(strokes["τ planned"], width=1.0)
        self.leader = self.frame.add_strokes(Stroke("accent_text", DOTTED), width=1.0)
        self.handle = TauHandle(theme, self.frame.plot)
        self.handle.moved.connect(self._place_handle)
        self.handle.dragged.connect(self._drag)
        self.handle.tau_requested.connect(self.tau_requested)
        self.frame.plot.getViewBox().sigRangeChanged.connect(self._place_handle)
        self.frame.plot.getViewBox().sigResized.connect(self._place_handle)
        self._now = 0.0
        self._stage_end = 0.0
        self.setLayout(column(self.frame, spacing=0))

    def read(self, run: RunCurves, step: float, smooth: int) -> dict[str, str]:
        """Values at a step, for the legend."""
        line = next((line for line in run.tau_lines if line.start < step <= line.end), None)
        return {
            "mean": _value_at(run.mean, step, smooth),
            "p95": _value_at(run.p95, step, smooth),
            "τ applied": text.number(line.tau) if line else "",
            "τ planned": "",
        }

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_handle()

    def draw(self, run: RunCurves, axis: XAxis, smooth: int) -> None:
        """Show the run as it stands, live curves as the mean over `smooth` points."""
        self.frame.draw_stages(run, axis, _flags(run, axis))
        for name, series in (("mean", run.mean), ("p95", run.p95)):
            _draw_series(self.frame, name, series, run.xs(series, axis), smooth)
        planned = run.planned_lines()
        for strokes, lines in ((self.applied, run.tau_lines), (self.planned, planned)):
            xs, taus = _steps(run, axis, lines)
            strokes.setData(xs, self.frame.up(taus), connect="finite")
        self._now = float(run.place([run.now], axis)[0])
        ends = [line.end for line in planned if line.end > run.now]
        self._stage_end = float(run.place([ends[0] if ends else run.now], axis)[0])
        if run.running:
            self.handle.set_applied(run.applied_tau if run.applied_tau is not None else run.next_tau())
        else:
            self.handle.set_applied(None)
        self._fit_y(run, planned)
        self._place_handle()

    def _fit_y(self, run: RunCurves, planned: list[TauLine]) -> None:
        if self.handle.grabbed:
            return
        values = [line.tau for line in run.tau_lines] if self.frame.shows("τ applied") else []
        values += [line.tau for line in planned] if self.frame.shows("τ planned") else []
        shown = [series for name, series in (("mean", run.mean), ("p95", run.p95)) if self.frame.shows(name)]
        values += [value for value in (self.handle.shown, *(series.high for series in shown)) if value is not None]
        lows = [value for value in (*(series.low for series in shown), *values) if math.isfinite(value)]
        values = [value for value in values if math.isfinite(value)]
        if values:
            low, high = min(lows), max(*values, 0.1)
            # Room on top for the round numbers: a line of words, however low the plot is.
            share = min(max(0.11, WORDS_ROOM / max(self.frame.plot.height(), 1)), 0.3)
            room = share / (1.0 - share) * (high - min(low, 0.0))
            self.frame.set_y(low if low >= 0.0 else low - 0.03, high + room)

    @Slot()
    def _place_handle(self) -> None:
        tau = self.handle.shown
        self.handle.setVisible(tau is not None)
        none = np.empty(0)
        if tau is None:
            self.leader.setData(none, none)
            self.wished.setData(none, none)
            return
        view = self.frame.plot.getViewBox()
        height = float(self.frame.up(np.array([tau]))[0])
        spot = self.frame.plot.mapFromScene(view.mapViewToScene(QPointF(0.0, height)))
        top = min(max(spot.y() - HEIGHT // 2, 0), max(self.frame.plot.height() - HEIGHT, 0))
        self.handle.move(self.frame.plot.width() - WIDTH - 4, top)
        right = view.viewRange()[0][1]
        self.leader.setData(np.array([self._now, right]), np.array([height, height]))
        if tau == self.handle.applied:
            self.wished.setData(none, none)
        else:
            self.wished.setData(np.array([self._now, max(self._stage_end, self._now)]), np.array([height, height]))

    @Slot(QPoint)
    def _drag(self, place: QPoint) -> None:
        view = self.frame.plot.getViewBox()
        self.handle.wish(self.frame.value_at(view.mapSceneToView(self.frame.plot.mapToScene(place)).y()))


class AlignPlot(QWidget):
    """How well the head predicts: held-out passages solid, the batches of the align steps faint."""

    def __init__(self, theme: Theme) -> None:
        strokes = {"held-out": Stroke("align_cosine")}
        super().__init__()
        self.frame = CurvePlot(theme, "Align cosine", strokes, show_x=True, labels=False)
        self.frame.add_curve("batch", strokes["held-out"], RAW_ALPHA, z=1, group="held-out")
        self.frame.add_curve("held-out", strokes["held-out"], z=2)
        self.setLayout(column(self.frame, spacing=0))

    def read(self, run: RunCurves, step: float, smooth: int) -> dict[str, str]:
        """Values at a step, for the legend."""
        return {"held-out": _value_at(run.held_out, step, 1)}

    def draw(self, run: RunCurves, axis: XAxis, smooth: int) -> None:
        """Show the run as it stands."""
        self.frame.draw_stages(run, axis)
        self.frame.plot.set_corner(AXIS_WORDS[axis])
        batch, held_out = run.batch_cosine, run.held_out
        up = self.frame.up
        self.frame.curves["batch"].setData(run.xs(batch, axis), up(batch.smoothed(smooth)))
        self.frame.curves["held-out"].setData(run.xs(held_out, axis), up(held_out.values))
        high, low = max(batch.high, held_out.high), min(batch.low, held_out.low)
        if math.isfinite(high):
            self.frame.set_y(low, high * 1.1)


def _draw_series(frame: CurvePlot, name: str, series: Series, xs: Floats, smooth: int) -> None:
    """Smoothed in front of raw; smoothing comes before downsampling, or peaks would steer it."""
    frame.curves[name].setData(xs, frame.up(series.smoothed(smooth)))
    raw = (xs, frame.up(series.values)) if smooth > 1 else (np.empty(0), np.empty(0))
    frame.curves[f"{name} raw"].setData(*raw)


def _steps(run: RunCurves, axis: XAxis, lines: list[TauLine]) -> tuple[Floats, Floats]:
    """Horizontal strokes; NaN parts those that do not follow each other."""
    steps: list[float] = []
    values: list[float] = []
    for line in lines:
        if steps and not line.joined:
            steps.append(line.start)
            values.append(math.nan)
        steps += [line.start, line.end]
        values += [line.tau, line.tau]
    return run.place(steps, axis), np.array(values, dtype=float)


def _value_at(series: Series, step: float, smooth: int) -> str:
    at = series.index_at(step)
    return "" if at is None else text.number(float(series.smoothed(smooth)[at]), 3)


def _flags(run: RunCurves, axis: XAxis) -> tuple[tuple[float, str], ...]:
    places = run.place([flag.step for flag in run.flags], axis)
    return tuple((float(x), flag.text) for x, flag in zip(places, run.flags, strict=True))
