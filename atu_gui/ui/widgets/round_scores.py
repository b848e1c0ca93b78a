"""What the rounds of a run came to, side by side: recall with its intervals, utility, and what forgetting costs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.round_marks import RoundMarks
from atu_gui.core.run_curves import RunCurves
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import row, rule
from atu_gui.ui.widgets.frontier import Frontier
from atu_gui.ui.widgets.legend import DASH_DOT, LONG_DASHED, Stroke
from atu_gui.ui.widgets.round_plot import RoundPlot


class RoundScores(QWidget):
    """Three plots with one dot per round. Signal: `round_chosen` (a round on the frontier)."""

    round_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recall = RoundPlot(
            theme,
            "Recall",
            {"forget": Stroke("forget", marker="o"), "neighbour": Stroke("neighbour", LONG_DASHED, "s")},
            share=True,
        )
        self.utility = RoundPlot(theme, "Utility", {"token loss": Stroke("utility", DASH_DOT, "t1")})
        self.frontier = Frontier(theme)
        self.frontier.round_chosen.connect(self.round_chosen)
        self._drawn: tuple[object, ...] = ()
        layout = row(self.recall, rule(vertical=True), self.utility, rule(vertical=True), self.frontier, spacing=0)
        for at, share in ((0, 40), (2, 25), (4, 35)):
            layout.setStretch(at, share)
        self.setLayout(layout)

    def draw(self, run: RunCurves, guards: GuardConfig) -> None:
        """Draw the scores, with what the guards hold them against; nothing is done where nothing has changed."""
        rounds, last, rejected = tuple(run.rounds), run.last_round, frozenset(run.rejected)
        kept = None if run.running else run.best_round or 0
        if (rounds, last, rejected, guards, kept) == self._drawn:
            return
        self._drawn = (rounds, last, rejected, guards, kept)
        marks = RoundMarks.of(run, guards)
        asked = text.asked(rounds[-1].tested) if rounds else ""
        # The title row is narrow; the axis of the frontier says it in full.
        self.recall.title.caption.setText(asked.partition(" ")[0])
        self.recall.title.caption.setToolTip(text.capital(asked))
        self.frontier.show_asked(asked)
        self.recall.set_points({"forget": marks.forget, "neighbour": marks.neighbour}, last)
        self.utility.set_points({"token loss": marks.loss}, last)
        self.recall.set_limits(marks.recall_limits)
        self.utility.set_limits(marks.loss_limits)
        self.frontier.set_dots(marks.dots, kept)
