"""What is compared of several runs: overlaid curves, scores per round, frontier, settings, final figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHeaderView, QScrollArea, QTableWidget, QVBoxLayout, QWidget

from atu_gui.core import text
from atu_gui.core.compared import Compared, asked_words
from atu_gui.core.differences import differing
from atu_gui.core.events import Interval, RoundScored
from atu_gui.core.run_curves import RunCurves
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import card, column, label, row, rule
from atu_gui.ui.widgets.compare_plots import FrontierPlot, OverlayPlot, ScoresPlot
from atu_gui.ui.widgets.compare_slots import SLOTS
from atu_gui.ui.widgets.final_figures import FinalFigures
from atu_gui.ui.widgets.legend import SWATCH, stroke_icon
from atu_gui.ui.widgets.tables import cell, plain_table

_RIGHT_LEAST, _RIGHT, _BELOW = 280, 400, 210


class CompareBody(QScrollArea):
    """Scrolls where the window is small."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._runs: tuple[Compared, ...] = ()
        self._curves: tuple[RunCurves, ...] = ()
        self.overlay = OverlayPlot(theme)
        self.forget = ScoresPlot(theme, "Forget", "recall", most=1.0, from_zero=True)
        self.neighbour = ScoresPlot(theme, "Neighbour", "recall", most=1.0)
        self.utility = ScoresPlot(theme, "Utility", "token loss")
        self.frontier = FrontierPlot(theme)
        self.final = FinalFigures(theme)
        self._differ = label("", "small")
        self.settings: QTableWidget = plain_table("Settings that differ", ["Setting"], right=set(), stretch=None)
        # Long values are shortened in the middle and told whole by their tooltips; every run stays in sight.
        self.settings.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.settings.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.settings.horizontalHeader().setIconSize(SWATCH)
        self.setWidget(self._lay_out())
        theme.changed.connect(self._show_settings)

    def show_runs(self, runs: Sequence[Compared]) -> None:
        """Compare these, the first of them as the baseline; plots wait for `draw`."""
        self._runs = tuple(runs)
        curves = []
        for run in runs:
            made = RunCurves()
            for event in run.events:
                made.add(event)
            curves.append(made)
        self._curves = tuple(curves)
        self.final.show_runs(runs)
        self._show_settings()

    def draw(self, shown: Mapping[str, bool]) -> None:
        """Draw the plots with what is ticked: intervals, taus, untouched, seconds."""
        self.overlay.show_runs(self._curves, seconds=shown["seconds"], taus=shown["taus"])
        asked = asked_words(self._runs)
        for plot in (self.forget, self.neighbour):
            plot.title.caption.setText(f"recall, {asked.removesuffix(' questions')}" if asked else "recall")
            plot.title.caption.setToolTip(plot.title.caption.text())
        by_plot: tuple[tuple[ScoresPlot, Callable[[RoundScored], Interval | None]], ...] = (
            (self.forget, lambda scored: scored.recall("forget", "test")),
            (self.neighbour, lambda scored: scored.recall("neighbour", "test")),
            (self.utility, lambda scored: scored.token_loss),
        )
        for plot, score in by_plot:
            scores = [_scores(run, score) for run in self._runs]
            plot.show_scores(scores, intervals=shown["intervals"], untouched=shown["untouched"])
        self.frontier.show_runs([_dots(run) for run in self._runs], [run.final_round for run in self._runs], asked)

    @Slot()
    def _show_settings(self) -> None:
        rows, total = differing([run.settings() for run in self._runs]) if len(self._runs) > 1 else ([], 0)
        names = [run.record.run_id for run in self._runs]
        self.settings.setColumnCount(1 + len(names))
        self.settings.setHorizontalHeaderLabels(["Setting", *names])
        for at, stroke in zip(range(len(names)), SLOTS, strict=False):
            heading = self.settings.horizontalHeaderItem(1 + at)
            assert heading is not None
            heading.setToolTip(f"Run {names[at]} · {self._runs[at].record.title}")
            heading.setIcon(stroke_icon(self._theme, stroke, self.devicePixelRatioF()))
        self.settings.setRowCount(len(rows))
        muted = self._theme.color("muted")
        for at, one in enumerate(rows):
            self.settings.setItem(at, 0, cell(one.label, tip=one.label))
            for number, value in enumerate(one.values):
                differs = value != one.values[0]
                # A mark besides the colour, so that it can be seen without colours.
                made = cell(f"• {value}" if differs else value, tip=value)
                if number and not differs:
                    made.setForeground(muted)
                self.settings.setItem(at, 1 + number, made)
        self._differ.setText(f"{len(rows)} of {text.count(total, 'setting')} differ" if total else "")

    def _lay_out(self) -> QWidget:
        scores = row(self.forget, rule(vertical=True), self.neighbour, rule(vertical=True), self.utility, spacing=0)
        for at in (0, 2, 4):
            scores.setStretch(at, 1)
        plots = QVBoxLayout()
        plots.setContentsMargins(1, 1, 1, 1)
        plots.setSpacing(0)
        plots.addWidget(self.overlay, 1)
        plots.addWidget(rule())
        plots.addLayout(scores, 1)
        head = row(label("Differences", "heading"), None, self._differ)
        head.setContentsMargins(12, 8, 12, 8)
        settings = QVBoxLayout()
        settings.setContentsMargins(1, 1, 1, 1)
        settings.setSpacing(0)
        settings.addLayout(head)
        settings.addWidget(self.settings, 1)
        frontier = column(self.frontier)
        frontier.setContentsMargins(1, 1, 1, 1)
        right = QWidget()
        beside = column(card(frontier), card(settings), spacing=8)
        for at in range(2):
            beside.setStretch(at, 1)
        right.setLayout(beside)
        right.setMinimumWidth(_RIGHT_LEAST)
        right.setMaximumWidth(_RIGHT)
        upper = row(card(plots), right, spacing=8)
        upper.setStretch(0, 5)
        upper.setStretch(1, 3)
        final = column(self.final)
        final.setContentsMargins(1, 1, 1, 1)
        below = card(final)
        below.setFixedHeight(_BELOW)
        body = column(spacing=8)
        body.addLayout(upper, 1)
        body.addWidget(below)
        whole = QWidget()
        whole.setLayout(body)
        whole.setMinimumSize(900, 560)
        return whole


def _scores(run: Compared, score: Callable[[RoundScored], Interval | None]) -> dict[int, Interval]:
    found = {number: score(scored) for number, scored in run.rounds.items()}
    return {number: value for number, value in found.items() if value is not None}


def _dots(run: Compared) -> dict[int, tuple[float, float]]:
    """Forget recall and token loss by round."""
    recalls = _scores(run, lambda scored: scored.recall("forget", "test"))
    losses = _scores(run, lambda scored: scored.token_loss)
    return {number: (recalls[number].mean, losses[number].mean) for number in recalls.keys() & losses.keys()}
