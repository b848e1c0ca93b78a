"""What the rounds of a run came to, side by side: recall with its intervals, utility, and what forgetting costs."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.config import GuardConfig
from atu_gui.core.events import Interval, RoundScored
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import row, rule
from atu_gui.ui.widgets.frontier import Frontier, RoundDot
from atu_gui.ui.widgets.legend import DASH_DOT, LONG_DASHED, Stroke
from atu_gui.ui.widgets.round_plot import Limit, RoundPlot
from atu_gui.ui.widgets.run_curves import RunCurves


class RoundScores(QWidget):
    """Three plots with one dot per round. Signal: `round_chosen` (a round on the frontier)."""

    round_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recall = RoundPlot(
            theme,
            "Recall per round",
            {"forget": Stroke("forget", marker="o"), "neighbour": Stroke("neighbour", LONG_DASHED, "s")},
            from_zero=True,
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
        if (rounds, last, rejected, guards) == self._drawn:
            return
        self._drawn = (rounds, last, rejected, guards)
        forget = _scores({r.round: r.recall("forget", "test") for r in rounds})
        neighbour = _scores({r.round: r.recall("neighbour", "test") for r in rounds})
        loss = _scores({r.round: r.token_loss for r in rounds})
        asked = text.asked(rounds[-1].tested) if rounds else ""
        # The title row is narrow; the axis of the frontier says it in full.
        self.recall.title.caption.setText(asked.partition(" ")[0])
        self.recall.title.caption.setToolTip(text.capital(asked))
        self.frontier.show_asked(asked)
        self.recall.set_points({"forget": forget, "neighbour": neighbour}, last)
        self.utility.set_points({"token loss": loss}, last)
        start = rounds[0] if rounds and rounds[0].round == 0 else None
        self.recall.set_limits(_recall_limits(guards, start))
        self.utility.set_limits(_limit("limit", guards.utility_limit, start.token_loss if start else None))
        self.frontier.set_dots(
            tuple(RoundDot(n, forget[n].mean, loss[n].mean, n in rejected) for n in sorted(forget.keys() & loss.keys()))
        )


def _scores(values: dict[int, Interval | None]) -> dict[int, Interval]:
    return {number: value for number, value in values.items() if value is not None}


def _recall_limits(guards: GuardConfig, start: RoundScored | None) -> tuple[Limit, ...]:
    if start is None:
        return ()
    goal = _limit("goal", guards.forget_goal, start.recall("forget", "test"))
    return goal + _limit("floor", guards.neighbour_floor, start.recall("neighbour", "test"))


def _limit(word: str, share: float | None, untouched: Interval | None) -> tuple[Limit, ...]:
    """A guard is a share of the untouched model's score."""
    return () if share is None or untouched is None else (Limit(word, share * untouched.mean),)
