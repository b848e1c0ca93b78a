"""What the compared runs came to: the final round of each, and its paired difference from the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem, QWidget

from atu_gui.core import text
from atu_gui.core.compared import Compared, asked_words, difference
from atu_gui.core.events import Interval
from atu_gui.core.materials import Group
from atu_gui.core.paired import Difference
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, button, column, icon_label, label, row
from atu_gui.ui.widgets.compare_slots import SLOTS
from atu_gui.ui.widgets.legend import SWATCH, stroke_icon
from atu_gui.ui.widgets.sparkline import VALUES_ROLE, Sparkline
from atu_gui.ui.widgets.tables import FittingColumns, cell, plain_table

_HEADINGS = [
    "Run", "τ path", "Final round", "Forget", "difference", "Neighbour", "difference", "Token loss", "P(answer)",
    "Time",
]  # fmt: skip
_RUN, _TAU, _ROUND, _LOSS, _CHANCE, _TIME = 0, 1, 2, 7, 8, 9
# The cell of the run tells them where the window is too narrow for their columns.
_FIRST_TO_GO = (_TAU, _TIME)


def verdict(found: Difference | None, *, lower_is_better: bool) -> tuple[str, str]:
    """The words for a paired difference, and the colour token that suits them."""
    if found is None:
        return "not paired", "muted"
    amount = ("+" if found.mean >= 0 else "") + text.number(found.mean)
    if found.unclear:
        return f"{amount} unclear", "muted"
    better = (found.mean < 0) == lower_is_better
    return f"{amount} {'better' if better else 'worse'}", "good" if better else "bad"


class FinalFigures(QWidget):
    """A table with one row per run, and what “unclear” means."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._runs: tuple[Compared, ...] = ()
        self._figures = theme.font()
        self._caption = label("", "small")
        copy = button(theme, "Copy table", "quiet", "copy", tip="Copy the table as text with tabs, for a spreadsheet")
        copy.clicked.connect(self._copy)
        head = row(label("Final figures", "heading"), self._caption, None, copy, spacing=12)
        head.setContentsMargins(12, 4, 8, 4)
        self.table: QTableWidget = plain_table("Final figures", _HEADINGS, right=set(range(2, 10)), stretch=0)
        self.table.setItemDelegateForColumn(_TAU, Sparkline(theme, self.table))
        self.table.setIconSize(SWATCH)
        FittingColumns(self.table, _FIRST_TO_GO)
        # One line: a label that wraps would let the scroll area around it grow.
        self.note = Elided("", Qt.TextElideMode.ElideRight)
        self.note.setProperty("role", "small")
        below = row(icon_label(theme, "info", "muted", 12), self.note, spacing=6)
        below.setStretch(1, 1)
        below.setContentsMargins(12, 4, 12, 6)
        layout = column(spacing=0)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)
        layout.addLayout(below)
        self.setLayout(layout)
        theme.changed.connect(self._draw)

    def show_runs(self, runs: Sequence[Compared]) -> None:
        """Compare these with the first of them."""
        self._runs = tuple(runs)
        self._draw()

    def _draw(self) -> None:
        runs = self._runs
        self.table.setRowCount(len(runs))
        asked = f"recall on {asked_words(runs)}" if runs else ""
        against = f"final round of each run, {asked}, against run {runs[0].record.run_id}" if runs else ""
        self._caption.setText(against)
        common: dict[str, int] = {}
        for at, run in enumerate(runs):
            scored = run.rounds.get(run.final_round)
            self._name(at, run)
            so_far = " so far" if run.record.goes_on else ""
            weights = f"Weights {scored.weights_hash}" if scored is not None and scored.weights_hash else ""
            self._put(at, _ROUND, f"{run.final_round}{so_far}" if run.final_round else text.NOTHING, weights)
            if scored is None:
                continue
            groups: tuple[tuple[int, Group], ...] = ((3, "forget"), (5, "neighbour"))
            for first, group in groups:
                score = scored.recall(group, "test")
                self._put(at, first, text.number(score.mean if score else None), _tip(score))
                if not at:
                    self._put(at, first + 1, "baseline", token="muted")
                    continue
                found = difference(runs[0], run, group)
                words, token = verdict(found, lower_is_better=group == "forget")
                self._put(at, first + 1, words, _tip_of(found), token)
                common[group] = min(common.get(group, 10**9), found.n if found else 0)
            loss = scored.token_loss
            self._put(at, _LOSS, text.number(loss.mean if loss else None), _tip(loss))
            chances = [run.probability(number, "forget") for number in (0, run.final_round)]
            self._put(
                at,
                _CHANCE,
                " → ".join(map(text.number, chances)),
                "Forget answers: mean probability per token, untouched → final",
            )
            self._put(at, _TIME, text.duration(run.record.seconds))
        self.note.setText(_explained(common))
        self.note.setToolTip(self.note.text())

    def _name(self, at: int, run: Compared) -> None:
        """The run as it is drawn in the plots, and its τ path."""
        taus = tuple(one.tau for one in run.rounds.values() if one.tau is not None)
        path = f"τ per round: {', '.join(map(text.number, taus))}"
        tip = f"{run.record.title}\nRun {run.record.run_id}; {path}; took {text.duration(run.record.seconds)}"
        named = cell(f"{run.record.title} · {run.record.run_id}", tip=tip)
        named.setIcon(stroke_icon(self._theme, SLOTS[at], self.devicePixelRatioF()))
        self.table.setItem(at, _RUN, named)
        drawn = cell("", tip=path)
        drawn.setData(VALUES_ROLE, taus)
        self.table.setItem(at, _TAU, drawn)

    def _put(self, at: int, column: int, words: str, tip: str = "", token: str = "") -> None:
        made: QTableWidgetItem = cell(words, right=column >= _ROUND, tip=tip, font=self._figures)
        if token:
            made.setForeground(QColor(getattr(self._theme.tokens, token)))
        self.table.setItem(at, column, made)

    def _copy(self) -> None:
        lines = ["\t".join(_HEADINGS)]
        for at in range(self.table.rowCount()):
            items = [self.table.item(at, column) for column in range(len(_HEADINGS))]
            lines.append("\t".join(item.text() if item is not None else "" for item in items))
        QGuiApplication.clipboard().setText("\n".join(lines))


def _explained(common: dict[str, int]) -> str:
    if not common:
        return "Add a second run to see differences."
    if not any(common.values()):
        return "Not paired: the runs asked different questions. Token loss has no pairs."
    said = " and ".join(text.count(count, f"{group} question") for group, count in common.items())
    return f"Unclear: the 95 % interval of the paired difference over {said} includes 0. Token loss has no pairs."


def _tip(score: Interval | None) -> str:
    return f"{text.interval(score)}, {text.count(score.n, 'item')}" if score else "There was nothing to measure."


def _tip_of(found: Difference | None) -> str:
    if found is None:
        return "The runs asked different questions."
    span = f"{text.number(found.low)} to {text.number(found.high)}"
    return f"Difference over {text.count(found.n, 'common question')}, 95 % interval {span}"
