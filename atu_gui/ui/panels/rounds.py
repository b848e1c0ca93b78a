"""Scores of every round, each with its interval and the number of items behind it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtWidgets import QStackedLayout, QWidget

from atu_gui.core import text
from atu_gui.core.events import DeepScored, Event, Interval, RoundScored, RunFinished, RunStarted
from atu_gui.core.materials import Group
from atu_gui.core.score_words import SMOOTH
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import row
from atu_gui.ui.widgets.columns_button import ColumnsButton
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.tables import FittingColumns, cell, plain_table

_FURTHER = ("forget", "neighbour", "verbatim")
_HEADINGS = [
    "Round",
    "τ",
    "Forget, dev",
    "Forget, test",
    "Neighbour, dev",
    "Neighbour, test",
    "Token loss",
    "Fluency, bits",
    "Align cosine",
    "Time",
    *(f"{name}, {group}" for name, _ in SMOOTH.values() for group in _FURTHER),
    *(f"Leak@k, {group}" for group in _FURTHER),
    "Exposure, bits",
]
# The smooth scores on test questions and of verbatim strings, then what is taken once of two rounds; hidden until they
# are asked for.
_FIRST_SMOOTH = 10
_FIRST_DEEP = _FIRST_SMOOTH + len(SMOOTH) * len(_FURTHER)
_DEEP = (
    *("Recall of the best of k answers at temperature 1, taken once, at the end." for _ in _FURTHER),
    "How far verbatim strings stand out among random ones; about 1.4 bits are chance. Taken once, at the end.",
)
# The cell of the round tells them where the window is too narrow for their columns.
_FIRST_TO_GO = (8, 7, 9)
_GROUPS: tuple[Group, ...] = ("forget", "neighbour")
_SIDES: tuple[Literal["dev", "test"], ...] = ("dev", "test")
_FORGET = (2, 3)


class RoundsPanel(QWidget):
    """A table with one row per scored round; round 0 is the untouched model."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = theme.font()
        self._table = plain_table("Scores per round", _HEADINGS, right=set(range(1, len(_HEADINGS))), stretch=0)
        smooth = (f"{words} Test questions, or all verbatim strings." for _, words in SMOOTH.values() for _ in _FURTHER)
        for at, words in enumerate((*smooth, *_DEEP), start=_FIRST_SMOOTH):
            heading = self._table.horizontalHeaderItem(at)
            assert heading is not None
            heading.setToolTip(words)
        self._rows: dict[int, int] = {}
        fitting = FittingColumns(self._table, _FIRST_TO_GO)
        self._corner = QWidget()
        self.columns = ColumnsButton(theme, self._table, range(_FIRST_SMOOTH, len(_HEADINGS)))
        self.columns.menu().triggered.connect(fitting.fit)
        self._corner.setLayout(row(None, self.columns))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            Empty(theme, "table", "No scores yet", "After every round the questions are asked again; scores come here.")
        )
        self._stack.addWidget(self._table)

    def take_corner(self) -> QWidget:
        """The controls that stand beside the tabs."""
        return self._corner

    def handle(self, event: Event) -> None:
        """Add a row for a scored round; a new run begins an empty table."""
        if isinstance(event, RunStarted):
            self.clear()
        elif isinstance(event, RoundScored):
            self._add(event)
            self._stack.setCurrentIndex(1)
        elif isinstance(event, DeepScored):
            self._add_deep(event)
        elif isinstance(event, RunFinished) and event.best_round in self._rows:
            name = self._table.item(self._rows[event.best_round], 0)
            assert name is not None
            name.setText(f"Round {event.best_round}, kept")

    def clear(self) -> None:
        """Forget the run."""
        self._table.setRowCount(0)
        self._rows = {}
        self._stack.setCurrentIndex(0)

    def _add(self, event: RoundScored) -> None:
        at = self._table.rowCount()
        self._table.insertRow(at)
        self._rows[event.round] = at
        recalls = [event.recall(group, side) for group in _GROUPS for side in _SIDES]
        scores = (*recalls, event.token_loss, event.fluency_entropy)
        weights = f"Weights {event.weights_hash}\n" if event.weights_hash else ""
        beside = f"Align cosine {text.number(event.align_cosine)}, fluency {text.interval(event.fluency_entropy)} bits"
        tip = f"{weights}{beside}; done after {text.duration(event.seconds)}."
        self._table.setItem(at, 0, cell(f"Round {event.round}" if event.round else "Untouched", tip=tip))
        self._table.setItem(at, 1, cell(text.number(event.tau), right=True, font=self._figures))
        for column, score in enumerate(scores, start=2):
            void = event.collapse if column in _FORGET else ""
            words, tip = (
                ("void", f"{void} The forget score says nothing.") if void else (text.interval(score), _tip(score))
            )
            self._table.setItem(at, column, cell(words, right=True, font=self._figures, tip=tip))
        self._table.setItem(at, 8, cell(text.number(event.align_cosine), right=True, font=self._figures))
        self._table.setItem(at, 9, cell(text.duration(event.seconds), right=True, font=self._figures))
        self._add_smooth(at, event)
        self._table.scrollToBottom()

    def _add_smooth(self, at: int, event: RoundScored) -> None:
        sides = [*(event.scores(group, "test") or getattr(event, group) for group in _GROUPS), event.verbatim]
        values = [None if one is None else getattr(one, name) for name in SMOOTH for one in sides]
        for column, value in enumerate(values, start=_FIRST_SMOOTH):
            self._table.setItem(at, column, cell(text.interval(value), right=True, font=self._figures, tip=_tip(value)))

    def _add_deep(self, event: DeepScored) -> None:
        """Into the row of the round that was sampled; one that is not here was scored by nothing else."""
        at = self._rows.get(event.round)
        if at is None:
            return
        leaks = (event.forget_leak, event.neighbour_leak, event.verbatim_leak)
        for column, leak in enumerate(leaks, start=_FIRST_DEEP):
            pairs = list(zip(event.ks, leak, strict=False))
            words = " · ".join(f"@{k} {text.number(value.mean)}" for k, value in pairs) or text.NOTHING
            tip = "\n".join(f"leak@{k}: {text.scored(value)}" for k, value in pairs) or _tip(None)
            self._table.setItem(at, column, cell(words, right=True, font=self._figures, tip=tip))
        words, tip = text.interval(event.exposure), _tip(event.exposure)
        self._table.setItem(at, _FIRST_DEEP + len(leaks), cell(words, right=True, font=self._figures, tip=tip))


def _tip(score: Interval | None) -> str:
    if score is None:
        return "There was nothing to measure."
    return f"Mean with its 95 % interval, over {text.count(score.n, 'item')}. {text.few(score.n)}".strip()
