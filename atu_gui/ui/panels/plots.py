"""The curves of the run under way or opened: live plots above, scores per round below.

`handle` only stores; a timer draws, so that a fast run costs the screen no more than a slow one.
"""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QStackedWidget, QWidget

from atu_gui.core import text
from atu_gui.core.config import GuardConfig
from atu_gui.core.events import ControlApplied, Event, Interval, RoundScored, RunStarted, StagePlan
from atu_gui.core.histogram import share_above
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, icon_button, label, row, rule
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.frontier import Frontier, RoundDot
from atu_gui.ui.widgets.legend import DASH_DOT, LONG_DASHED, Stroke
from atu_gui.ui.widgets.live_curve import AlignPlot, SimilarityPlot
from atu_gui.ui.widgets.round_plot import Limit, RoundPlot
from atu_gui.ui.widgets.run_curves import RunCurves, XAxis
from atu_gui.ui.widgets.segments import Segments

# Fifteen pictures a second; events are drained at most as often.
DRAW_EVERY_MS = 66
SMOOTH_CHOICES = (1, 4, 8, 16, 32, 64)
SMOOTH_DEFAULT = 8
# Heights of similarity, align cosine and scores in a small window, and how they share what is more.
SMALL = (183, 105, 140)
EXTRA = (0.25, 0.10, 0.65)

_FIGURES = frozenset(GuardConfig.model_fields) - {"action"}


class PlotsPanel(QWidget):
    """All curves of one run.

    Signals:
        tau_requested: The user let the τ handle go at a value.
        round_chosen: The user chose a round on the frontier.
    """

    tau_requested = Signal(float)
    round_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = RunCurves()
        self._axis = XAxis.STEP
        self._smooth = SMOOTH_DEFAULT
        self._guards = GuardConfig()
        self._follows = True
        self._hovered: float | None = None
        self._rounds_drawn: tuple[object, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DRAW_EVERY_MS)
        self._timer.timeout.connect(self.flush)
        self.similarity = SimilarityPlot(theme)
        self.align = AlignPlot(theme)
        self.recall = RoundPlot(
            theme,
            "Recall per round",
            {"forget": Stroke("forget", marker="o"), "neighbour": Stroke("neighbour", LONG_DASHED, "s")},
            floor=0.0,
        )
        self.utility = RoundPlot(theme, "Utility", {"token loss": Stroke("utility", DASH_DOT, "t1")})
        self.frontier = Frontier(theme)
        self.tools = self._make_tools(theme)
        self._tools_row = QWidget()
        self._body = QStackedWidget()
        self._lay_out(theme)
        self._connect()

    def handle(self, event: Event) -> None:
        """Take in an event; the picture follows within a moment."""
        if isinstance(event, RunStarted):
            self.similarity.handle.forget_wish()
            self._follows = True
        if isinstance(event, ControlApplied) and event.field in _FIGURES:
            self.set_guards(self._guards.model_copy(update={event.field: event.new}))
        was_running = self._run.running
        if not self._run.add(event):
            return
        if was_running and not self._run.running:
            # What no step has taken by now will never be taken.
            self.similarity.handle.forget_wish()
        self._touch()

    def show_wish(self, tau: float | None) -> None:
        """Outline a τ that was wished for, here or elsewhere, until a step applies it; None: no wish is left."""
        if tau is None:
            self.similarity.handle.forget_wish()
        else:
            self.similarity.handle.show_wish(tau)

    def set_planned(self, stages: tuple[StagePlan, ...]) -> None:
        """The stages that the run intends, before or while it runs."""
        self._run.set_plan(stages)
        self._touch()

    def set_guards(self, guards: GuardConfig) -> None:
        """Goals, floors and limits to draw beside the scores."""
        self._guards = guards
        self._rounds_drawn = ()
        self._touch()

    def clear(self) -> None:
        """Forget the run."""
        self._run.clear()
        self.similarity.handle.forget_wish()
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

    @Slot()
    def flush(self) -> None:
        """Draw now."""
        self._timer.stop()
        self._body.setCurrentIndex(0 if self._run.empty else 1)
        self.similarity.draw(self._run, self._axis, self._smooth)
        self.align.draw(self._run, self._axis, self._smooth)
        if self._follows:
            self._show_all()
        self._draw_rounds()
        self._read_values()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The lower the panel, the larger the share of the live plots: their titles and axes keep their height.
        extra = max(event.size().height() - sum(SMALL), 0)
        for at, (small, share) in enumerate(zip(SMALL, EXTRA, strict=True)):
            self._plots.setStretch(2 * at, round(small + share * extra))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.flush()

    def _make_tools(self, theme: Theme) -> QWidget:
        self._axes = Segments(theme, "X axis", tuple(axis.value for axis in XAxis))
        self._smooth_box = QComboBox()
        self._smooth_box.setAccessibleName("Smooth")
        self._smooth_box.setToolTip("Live curves are the mean over this many points; the raw line stays behind them.")
        for choice in SMOOTH_CHOICES:
            self._smooth_box.addItem("off" if choice == 1 else str(choice), choice)
        self._smooth_box.setCurrentIndex(SMOOTH_CHOICES.index(SMOOTH_DEFAULT))
        self._log_button = icon_button(theme, "chart-line-up", "Logarithmic y axis of the live curves")
        self._log_button.setCheckable(True)
        self._fit_button = icon_button(theme, "corners-out", "Show the whole run (double click, or Ctrl+0)")
        self.export_button = icon_button(theme, "export", "Export the curves")
        tools = QWidget()
        buttons = (self._log_button, self._fit_button, self.export_button)
        tools.setLayout(row(self._axes, 8, label("Smooth", "small"), self._smooth_box, *buttons, spacing=6))
        return tools

    def _lay_out(self, theme: Theme) -> None:
        tools_row = row(None, self.tools)
        tools_row.setContentsMargins(12, 4, 6, 4)
        self._tools_row.setLayout(tools_row)
        lower = row(self.recall, rule(vertical=True), self.utility, rule(vertical=True), self.frontier, spacing=0)
        for at, share in ((0, 40), (2, 25), (4, 35)):
            lower.setStretch(at, share)
        scores = QWidget()
        scores.setLayout(lower)
        self._plots = column(self.similarity, rule(), self.align, rule(), scores, spacing=0)
        full = QWidget()
        full.setLayout(self._plots)
        self._body.addWidget(Empty(theme, "chart-line", "No curves yet", "Press Run to see them grow."))
        self._body.addWidget(full)
        self.setLayout(column(self._tools_row, self._body, spacing=0))
        self.setAccessibleName("Curves")

    def _connect(self) -> None:
        self.similarity.frame.plot.getViewBox().sigXRangeChanged.connect(self._link_align)
        self.align.frame.plot.getViewBox().sigXRangeChanged.connect(self._link_similarity)
        self.similarity.tau_requested.connect(self.tau_requested)
        self.similarity.handle.moved.connect(self._read_values)
        self.frontier.round_chosen.connect(self.round_chosen)
        self._axes.chosen.connect(self._choose_axis)
        self._smooth_box.currentIndexChanged.connect(self._choose_smooth)
        self._fit_button.clicked.connect(self.fit)
        self._log_button.toggled.connect(self._choose_log)
        for frame in (self.similarity.frame, self.align.frame):
            frame.hovered.connect(self._hover)
            frame.zoomed.connect(self._stop_following)
            frame.fit_requested.connect(self.fit)
            frame.shown_changed.connect(self.flush)

    def _touch(self) -> None:
        # A hidden panel is drawn when it is shown.
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _show_all(self) -> None:
        view = self.similarity.frame.plot.getViewBox()
        extent = self._run.extent(self._axis)
        if view.viewRange()[0] != [0.0, extent]:
            view.setXRange(0.0, extent, padding=0)

    def _draw_rounds(self) -> None:
        rounds, last, rejected = tuple(self._run.rounds), self._run.last_round, frozenset(self._run.rejected)
        if (rounds, last, rejected) == self._rounds_drawn:
            return
        self._rounds_drawn = (rounds, last, rejected)
        forget = _scores({r.round: r.forget_recall for r in rounds})
        neighbour = _scores({r.round: r.neighbour_recall for r in rounds})
        loss = _scores({r.round: r.token_loss for r in rounds})
        self.recall.set_points({"forget": forget, "neighbour": neighbour}, last)
        self.utility.set_points({"token loss": loss}, last)
        start = rounds[0] if rounds and rounds[0].round == 0 else None
        self.recall.set_limits(self._recall_limits(start))
        self.utility.set_limits(_limit("limit", self._guards.utility_limit, start.token_loss if start else None))
        self.frontier.set_dots(
            tuple(
                RoundDot(n, forget[n].mean, loss[n].mean, n in self._run.rejected)
                for n in sorted(forget.keys() & loss.keys())
            )
        )

    def _recall_limits(self, start: RoundScored | None) -> tuple[Limit, ...]:
        if start is None:
            return ()
        guards = self._guards
        goal = _limit("goal", guards.forget_goal, start.forget_recall)
        return goal + _limit("floor", guards.neighbour_floor, start.neighbour_recall)

    @Slot()
    def _read_values(self) -> None:
        run = self._run
        step = run.now if self._hovered is None else run.step_of(self._hovered, self._axis)
        for plot in (self.similarity, self.align):
            values = plot.read(run, step, self._smooth)
            for name, entry in plot.frame.title.entries.items():
                entry.set_value(values.get(name, ""))
        stage = run.stage_at(step) if self._hovered is not None else None
        where = f"round {stage.round}, step {text.count(round(step))}" if stage else self._pending_words()
        self.similarity.frame.title.caption.setText(where)

    def _pending_words(self) -> str:
        handle = self.similarity.handle
        if handle.wished is not None and self._run.seen is not None:
            # While the handle is dragged it says what it would do.
            concept, retain = (
                share_above(one, handle.wished) for one in (self._run.seen.concept, self._run.seen.retain)
            )
            pushed = f"pushes {text.percent(concept)} of concept, {text.percent(retain)} of other text"
            return f"τ {text.number(handle.wished)} {pushed}"
        if handle.pending is None:
            return ""
        old = f"{text.number(handle.applied)} → " if handle.applied is not None else ""
        return f"τ {old}{text.number(handle.pending)} pending"

    # pyqtgraph's own link goes by screen geometry, which is off by some steps while the window is laid out.
    @Slot(object, object)
    def _link_align(self, _view: object, ends: tuple[float, float]) -> None:
        self.align.frame.plot.setXRange(*ends, padding=0)

    @Slot(object, object)
    def _link_similarity(self, _view: object, ends: tuple[float, float]) -> None:
        self.similarity.frame.plot.setXRange(*ends, padding=0)

    @Slot(object)
    def _hover(self, x: float | None) -> None:
        self._hovered = x
        for frame in (self.similarity.frame, self.align.frame):
            frame.show_crosshair(x)
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
        for frame in (self.similarity.frame, self.align.frame):
            frame.set_log(log)
        self.flush()

    @Slot()
    def fit(self) -> None:
        """Show the whole run, and follow it."""
        self._follows = True
        self.flush()

    def zoom(self, factor: float) -> None:
        """Show a part of the x axis that is `factor` as wide, around its middle or the newest step."""
        view = self.similarity.frame.plot.getViewBox()
        low, high = view.viewRange()[0]
        now = float(self._run.place([self._run.now], self._axis)[0])
        middle = now if low <= now <= high else (low + high) / 2
        self._follows = False
        view.setXRange(middle - (middle - low) * factor, middle + (high - middle) * factor, padding=0)

    @Slot()
    def _stop_following(self) -> None:
        self._follows = False


def _scores(values: dict[int, Interval | None]) -> dict[int, Interval]:
    return {number: value for number, value in values.items() if value is not None}


def _limit(word: str, share: float | None, untouched: Interval | None) -> tuple[Limit, ...]:
    """A guard is a share of the untouched model's score."""
    return () if share is None or untouched is None else (Limit(word, share * untouched.mean),)
