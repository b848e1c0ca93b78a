"""The curves of the run under way or opened: live plots above, scores per round below.

`handle` only stores; a timer draws, so that a fast run costs the screen no more than a slow one, and no more often than
the processor can spare. The plots are made
when there is something to draw, or once the window has time for it: pyqtgraph alone is a quarter of what a start loads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QStackedWidget, QWidget

from atu_gui.core import text
from atu_gui.core.events import ControlApplied, Event, RunStarted, StagePlan
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.run_curves import RunCurves, XAxis
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, icon_button, label, row
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.pace import Pace
from atu_gui.ui.widgets.segments import Segments

if TYPE_CHECKING:
    from atu_gui.ui.widgets.run_plots import RunPlots

SMOOTH_CHOICES = (1, 4, 8, 16, 32, 64)
SMOOTH_DEFAULT = 8

_FIGURES = frozenset(GuardConfig.model_fields) - {"action"}


class PlotsPanel(QWidget):
    """All curves of one run.

    Signals:
        tau_requested: The user let the τ handle go at a value.
        round_chosen: The user chose a round on the frontier.
        recorded_requested: With nothing to draw yet, the user wants to see a recorded run.
    """

    tau_requested = Signal(float)
    round_chosen = Signal(int)
    recorded_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._run = RunCurves()
        self._axis = XAxis.STEP
        self._smooth = SMOOTH_DEFAULT
        self._guards = GuardConfig()
        self._follows = True
        self._hovered: float | None = None
        self._plots: RunPlots | None = None
        self._pace = Pace()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.flush)
        self.tools = self._make_tools(theme)
        self._tools_row = QWidget()
        tools_row = row(None, self.tools)
        tools_row.setContentsMargins(12, 4, 6, 4)
        self._tools_row.setLayout(tools_row)
        self._body = QStackedWidget()
        look = button(theme, "Look at a recorded run", icon="play-circle", tip="A real run; needs no model")
        look.clicked.connect(self.recorded_requested)
        self._body.addWidget(Empty(theme, "chart-line", "No curves yet", "Press Run to see them grow.", look))
        self.setLayout(column(self._tools_row, self._body, spacing=0))
        self.setAccessibleName("Curves")

    @property
    def plots(self) -> RunPlots:
        """The plots; they are made now if they are not there yet."""
        return self._plots or self.build()

    def build(self) -> RunPlots:
        """Make the plots, unless they are there."""
        if self._plots is None:
            # Only here: see the top of this file.
            from atu_gui.ui.widgets.run_plots import RunPlots

            made = self._plots = RunPlots(self._theme)
            made.set_log(self._log_button.isChecked())
            made.similarity.tau_requested.connect(self.tau_requested)
            made.similarity.handle.moved.connect(self._read_values)
            made.frontier.round_chosen.connect(self.round_chosen)
            for frame in made.frames:
                frame.hovered.connect(self._hover)
                frame.zoomed.connect(self._stop_following)
                frame.fit_requested.connect(self.fit)
                frame.shown_changed.connect(self.flush)
            self._body.addWidget(made)
        return self._plots

    def handle(self, event: Event) -> None:
        """Take in an event; the picture follows within a moment."""
        if isinstance(event, RunStarted):
            self.show_wish(None)
            self._follows = True
        if isinstance(event, ControlApplied) and event.field in _FIGURES:
            self.set_guards(self._guards.model_copy(update={event.field: event.new}))
        was_running = self._run.running
        if not self._run.add(event):
            return
        if was_running and not self._run.running:
            # What no step has taken by now will never be taken.
            self.show_wish(None)
        self._touch()

    def show_wish(self, tau: float | None) -> None:
        """Outline a τ that was wished for, here or elsewhere, until a step applies it; None: no wish is left."""
        if tau is not None:
            self.plots.similarity.handle.show_wish(tau)
        elif self._plots is not None:
            self._plots.similarity.handle.forget_wish()

    def set_planned(self, stages: tuple[StagePlan, ...]) -> None:
        """The stages that the run intends, before or while it runs."""
        self._run.set_plan(stages)
        self._touch()

    def set_guards(self, guards: GuardConfig) -> None:
        """Goals, floors and limits to draw beside the scores."""
        self._guards = guards
        self._touch()

    def clear(self) -> None:
        """Forget the run."""
        self._run.clear()
        self.show_wish(None)
        self._follows = True
        self.flush()

    def show_ended(self) -> None:
        """The run is over, although no event says so: its process ended without a word."""
        self._run.finish()
        self.flush()

    @property
    def picture(self) -> QWidget:
        """What an exported picture shows: the plots without their tools."""
        return self._body

    def take_tools(self) -> QWidget:
        """The panel's own controls, for the title row of its dock."""
        self._tools_row.hide()
        return self.tools

    @property
    def curves(self) -> RunCurves:
        """What is drawn."""
        return self._run

    @property
    def guards(self) -> GuardConfig:
        """Goals, floors and limits that are drawn beside the scores."""
        return self._guards

    @Slot()
    def flush(self) -> None:
        """Draw now."""
        self._timer.stop()
        if self._plots is None and self._run.empty:
            return
        self._pace.draw()
        plots = self.plots
        self._body.setCurrentIndex(0 if self._run.empty else 1)
        plots.draw_steps(self._run, self._axis, self._smooth)
        if self._follows:
            plots.set_x_range(0.0, self._run.extent(self._axis))
        plots.draw_rounds(self._run, self._guards)
        self._read_values()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.flush()

    def _make_tools(self, theme: Theme) -> QWidget:
        self._axes = Segments(theme, "X axis", tuple(axis.value for axis in XAxis))
        self._axes.chosen.connect(self._choose_axis)
        self._smooth_box = QComboBox()
        self._smooth_box.setAccessibleName("Smooth")
        self._smooth_box.setToolTip("Live curves are the mean over this many points; the raw line stays behind them.")
        for choice in SMOOTH_CHOICES:
            self._smooth_box.addItem("off" if choice == 1 else str(choice), choice)
        self._smooth_box.setCurrentIndex(SMOOTH_CHOICES.index(SMOOTH_DEFAULT))
        self._smooth_box.currentIndexChanged.connect(self._choose_smooth)
        self._log_button = icon_button(theme, "chart-line-up", "Logarithmic y axis of the live curves")
        self._log_button.setCheckable(True)
        self._log_button.toggled.connect(self._choose_log)
        self._fit_button = icon_button(theme, "corners-out", "Show the whole run (double click, or Ctrl+0)")
        self._fit_button.clicked.connect(self.fit)
        self.export_button = icon_button(theme, "export", "Export the curves")
        tools = QWidget()
        buttons = (self._log_button, self._fit_button, self.export_button)
        tools.setLayout(row(self._axes, 8, label("Smooth", "small"), self._smooth_box, *buttons, spacing=6))
        return tools

    def _touch(self) -> None:
        # A hidden panel is drawn when it is shown.
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(self._pace.wait_ms())

    @Slot()
    def _read_values(self) -> None:
        if self._plots is None:
            return
        run = self._run
        step = run.now if self._hovered is None else run.step_of(self._hovered, self._axis)
        stage = run.stage_at(step) if self._hovered is not None else None
        where = f"round {stage.round}, step {text.count(round(step))}" if stage else ""
        self._plots.read_values(run, step, self._smooth, where)

    @Slot(object)
    def _hover(self, x: float | None) -> None:
        self._hovered = x
        if self._plots is not None:
            self._plots.show_crosshair(x)
        self._read_values()

    @Slot(str)
    def _choose_axis(self, words: str) -> None:
        self._axis = XAxis(words)
        self._hover(None)
        self.fit()

    @Slot()
    def _choose_smooth(self) -> None:
        self._smooth = self._smooth_box.currentData()
        self.flush()

    @Slot(bool)
    def _choose_log(self, log: bool) -> None:
        if self._plots is not None:
            self._plots.set_log(log)
        self.flush()

    @Slot()
    def fit(self) -> None:
        """Show the whole run, and follow it."""
        self._follows = True
        self.flush()

    def zoom(self, factor: float) -> None:
        """Show a part of the x axis that is `factor` as wide, around its middle or the newest step."""
        if self._plots is None:
            return
        low, high = self._plots.x_range
        now = float(self._run.place([self._run.now], self._axis)[0])
        middle = now if low <= now <= high else (low + high) / 2
        self._follows = False
        self._plots.set_x_range(middle - (middle - low) * factor, middle + (high - middle) * factor)

    @Slot()
    def _stop_following(self) -> None:
        self._follows = False
