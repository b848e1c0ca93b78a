"""One plot over the run's shared x axis: title row, stages, curves, crosshair and the “now” line."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Signal, Slot
from PySide6.QtWidgets import QWidget

from atu_gui.core.run_curves import RunCurves, XAxis
from atu_gui.core.series import Floats
from atu_gui.ui.qt_compat import pg
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.bands import Marks, PlacedBand, StageBands
from atu_gui.ui.widgets.basics import column
from atu_gui.ui.widgets.legend import PlotTitle, Stroke
from atu_gui.ui.widgets.plot_base import ThemedPlot
from atu_gui.ui.widgets.tau_handle import WIDTH

# The τ handle stands beside the topmost plot; all keep its room, so that their x axes line up.
RIGHT_MARGIN = WIDTH + 10
# A similarity of 0.01 is none; a logarithmic axis has to end somewhere.
LOG_FLOOR = 0.01


class CurvePlot(QWidget):
    """Title row, bands, curves and the “now” line over a shared x axis.

    Signals:
        hovered: The place on the x axis under the pointer, or None when it has left.
        zoomed: The user moved or zoomed the x axis.
        fit_requested: A double click asks for the whole run.
        shown_changed: A series was hidden or is shown again.
    """

    hovered = Signal(object)
    zoomed = Signal()
    fit_requested = Signal()
    shown_changed = Signal()

    def __init__(self, theme: Theme, title: str, strokes: dict[str, Stroke], *, show_x: bool, labels: bool) -> None:
        super().__init__()
        self._theme = theme
        self._pens: list[tuple[pg.PlotDataItem | pg.PlotCurveItem, Stroke, float, float]] = []
        self._groups: dict[str, list[pg.PlotDataItem | pg.PlotCurveItem]] = {name: [] for name in strokes}
        self._log = False
        self.curves: dict[str, pg.PlotDataItem] = {}
        self.title = PlotTitle(theme, title, strokes)
        self.plot = ThemedPlot(theme, show_x=show_x, right=RIGHT_MARGIN)
        self.plot.setAccessibleName(title)
        self.bands = StageBands(theme)
        self.marks = Marks(theme, labels)
        self.crosshair = pg.InfiniteLine(angle=90, movable=False)
        self.crosshair.setZValue(25)
        self.crosshair.hide()
        for item in (self.bands, self.marks, self.crosshair):
            self.plot.addItem(item, ignoreBounds=True)
        view = self.plot.getViewBox()
        view.setMouseEnabled(x=True, y=False)
        view.sigRangeChangedManually.connect(self._say_zoomed)
        self.plot.scene().sigMouseMoved.connect(self._hover)
        self.plot.viewport().installEventFilter(self)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        for name, entry in self.title.entries.items():
            entry.toggled.connect(lambda shown, name=name: self._show_group(name, shown))
        self.setLayout(column(self.title, self.plot, spacing=0))
        theme.changed.connect(self._recolour)
        self._recolour()

    def draw_stages(self, run: RunCurves, axis: XAxis, flags: tuple[tuple[float, str], ...] = ()) -> None:
        """Show where the run stands."""
        places = run.place([edge for band in run.bands() for edge in (band.start, band.end)], axis).reshape(-1, 2)
        self.bands.set_bands(
            tuple(
                PlacedBand(band.stage, band.round, float(left), float(right), band.future)
                for band, (left, right) in zip(run.bands(), places, strict=True)
            )
        )
        now = float(run.place([run.now], axis)[0]) if run.running else None
        self.marks.set_marks(now, flags, self.bands.bands)
        self.plot.bottom.set_whole(axis is XAxis.ROUND)

    def show_crosshair(self, x: float | None) -> None:
        """Draw the line under the pointer, also where the pointer is over the other plot."""
        self.crosshair.setVisible(x is not None)
        if x is not None:
            self.crosshair.setPos(x)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(None)
        return False

    def add_curve(self, name: str, stroke: Stroke, alpha: float = 1.0, z: float = 0.0, *, group: str = "") -> None:
        """A curve of live numbers, however many they become; it is hidden with the legend's entry `group`."""
        curve = pg.PlotDataItem(skipFiniteCheck=True)
        curve.setZValue(z)
        self.plot.addItem(curve)
        # Only an item that sits in a plot knows its view (pyqtgraph #1855).
        curve.setClipToView(True)
        curve.setDownsampling(auto=True, method="peak")
        self.curves[name] = curve
        self._groups[group or name].append(curve)
        self._dress(curve, stroke, alpha)

    def add_strokes(self, stroke: Stroke, width: float = 1.5, z: float = 10.0, *, group: str = "") -> pg.PlotCurveItem:
        """A few straight strokes, hidden with the legend's entry `group` where there is one."""
        item = pg.PlotCurveItem()
        item.setZValue(z)
        self.plot.addItem(item, ignoreBounds=True)
        if group:
            self._groups[group].append(item)
        self._dress(item, stroke, width=width)
        return item

    def _dress(
        self, item: pg.PlotDataItem | pg.PlotCurveItem, stroke: Stroke, alpha: float = 1.0, width: float = 1.0
    ) -> None:
        self._pens.append((item, stroke, width, alpha))
        item.setPen(stroke.pen(self._theme, width, alpha, hairline=True))

    @Slot()
    def _recolour(self) -> None:
        for item, stroke, width, alpha in self._pens:
            item.setPen(stroke.pen(self._theme, width, alpha, hairline=True))
        self.crosshair.setPen(Stroke("muted").pen(self._theme))
        self.bands.update()
        self.marks.update()

    @Slot()
    def _say_zoomed(self) -> None:
        self.zoomed.emit()

    @Slot(object)
    def _hover(self, place: QPointF) -> None:
        view = self.plot.getViewBox()
        inside = view.sceneBoundingRect().contains(place)
        self.hovered.emit(view.mapSceneToView(place).x() if inside else None)

    def shows(self, name: str) -> bool:
        """Whether a series of the legend is shown."""
        return self.title.entries[name].isChecked()

    def set_log(self, log: bool) -> None:
        """Whether the y axis is logarithmic; what lies under `LOG_FLOOR` is then drawn at its lower edge."""
        self._log = log
        self.plot.left.set_log(log)

    def up(self, values: Floats) -> Floats:
        """Where values lie on the y axis."""
        return np.log10(np.maximum(values, LOG_FLOOR)) if self._log else values

    def value_at(self, y: float) -> float:
        """The value at a place on the y axis."""
        return float(10.0**y) if self._log else y

    def set_y(self, low: float, high: float) -> None:
        """Scale the y axis to hold everything from low to high, and 0; what does not exist changes nothing."""
        if math.isfinite(low) and math.isfinite(high):
            # A logarithmic axis has no 0.
            bottom = 0.9 * low if self._log else min(low, 0.0)
            bottom, top = self.up(np.array([bottom, max(high, bottom + 0.05)]))
            self.plot.setYRange(bottom, top, padding=0)

    def _show_group(self, name: str, shown: bool) -> None:
        for item in self._groups[name]:
            item.setVisible(shown)
        self.shown_changed.emit()

    @Slot(object)
    def _clicked(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        if event.double():
            self.fit_requested.emit()
