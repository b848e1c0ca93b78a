"""The RWKU benchmark on a model or a round: every score with its intervals, and every prompt and answer behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QSplitter, QStackedLayout, QTableWidget, QWidget

from atu_gui.core import text
from atu_gui.core.evaluation import PARTS, EvaluatedItem, Evaluation
from atu_gui.core.leaks import judge, mark_of, one_line
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import Answer
from atu_gui.ui.widgets.basics import Elided, button, column, row, rule
from atu_gui.ui.widgets.corner import Corner
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.raw_table import Cell, RawTable
from atu_gui.ui.widgets.segments import Segments
from atu_gui.ui.widgets.tables import cell, plain_table

_HEADINGS = ["Score", "Value", "95 % over items", "95 % over targets", "n"]
_BUSY_WIDTH = 320
_ITEMS, _DIFFERENCES, _TIMES = "Items", "Differences", "Times"
# Answers of these parts hold what is to be forgotten, or what must stay.
_FORGET, _NEIGHBOUR = ("fb", "qa", "aa"), ("neighbour-fb", "neighbour-qa")


class EvaluationsPanel(QWidget):
    """Signal: `stop_requested`."""

    stop_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._found: tuple[Evaluation, ...] = ()
        self._figures = theme.font()
        self.which = _combo("Evaluation")
        self.which.currentIndexChanged.connect(self._draw)
        self.part = _combo("Part")
        self.part.currentIndexChanged.connect(self._show_evidence)
        self._busy = Elided("", Qt.TextElideMode.ElideRight)
        self._busy.setProperty("role", "small")
        self._busy.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._busy.setMinimumWidth(_BUSY_WIDTH)
        self._stop = button(theme, "Stop", icon="square", size="compact", tip="Parts that are done stay cached.")
        self._stop.clicked.connect(self.stop_requested)
        self.table: QTableWidget = plain_table("Scores of the benchmark", _HEADINGS, right={1, 2, 3, 4}, stretch=0)
        self.evidence = Segments(theme, "Evidence", (_ITEMS, _DIFFERENCES, _TIMES))
        self.evidence.chosen.connect(self._show_evidence)
        self.raw = RawTable(theme, "Prompts and answers")
        self.corner = Corner(theme, None, size="compact")
        self._lay_out()
        self.show_busy("")

    def show_found(self, found: Sequence[Evaluation], front: Evaluation | None = None) -> None:
        """Show these; `front` or else the one that is shown already comes to the front."""
        wanted = front if front is not None else self.shown
        self._found = tuple(found)
        self.which.blockSignals(True)
        self.which.clear()
        for one in self._found:
            self.which.addItem(one.title)
        self.which.setCurrentIndex(self._found.index(wanted) if wanted in self._found else len(self._found) - 1)
        self.which.blockSignals(False)
        self._draw()

    def show_busy(self, words: str) -> None:
        """Say what goes on; nothing when it is over."""
        self._busy.setText(words)
        self._busy.setToolTip(words)
        for made in (self._busy, self._stop):
            made.setVisible(bool(words))
        self._show_page()

    @property
    def shown(self) -> Evaluation | None:
        """The evaluation in front."""
        at = self.which.currentIndex()
        return self._found[at] if 0 <= at < len(self._found) else None

    def _lay_out(self) -> None:
        top = row(self.which, None, self._busy, self._stop)
        top.setContentsMargins(8, 5, 8, 5)
        head = row(self.evidence, None, self.part)
        head.setContentsMargins(8, 4, 8, 4)
        side = QWidget()
        inside = column(spacing=0)
        inside.addLayout(head)
        inside.addWidget(self.raw, 1)
        side.setLayout(inside)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(side)
        split.setChildrenCollapsible(False)
        split.setSizes([560, 640])
        full = QWidget()
        whole = column(spacing=0)
        whole.addLayout(top)
        whole.addWidget(rule())
        whole.addWidget(split, 1)
        full.setLayout(whole)
        nothing = "Runs › Evaluate puts the RWKU benchmark to a round or a model, and lists every answer."
        self._stack = QStackedLayout(self)
        self._stack.addWidget(Empty(self._theme, "clipboard-text", "No evaluation yet", nothing))
        self._stack.addWidget(full)
        self.setAccessibleName("Evaluations")

    def _show_page(self) -> None:
        self._stack.setCurrentIndex(1 if self._found or self._busy.text() else 0)

    @Slot()
    def _draw(self) -> None:
        shown = self.shown
        self.which.setToolTip(self.which.currentText() or "Evaluation")
        scores = shown.scores if shown is not None else ()
        self.table.setRowCount(len(scores))
        for at, score in enumerate(scores):
            figures = (
                text.number(score.value, score.digits),
                score.span(score.items),
                score.span(score.targets),
                text.count(score.n) + (" (few)" if score.few else ""),
            )
            self.table.setItem(at, 0, cell(score.name))
            for place, words in enumerate(figures, start=1):
                self.table.setItem(at, place, cell(words, right=True, tip=text.few(score.n), font=self._figures))
        parts = list(dict.fromkeys(item.part for item in shown.items)) if shown is not None else []
        self.part.blockSignals(True)
        chosen = self.part.currentData()
        self.part.clear()
        self.part.addItem("All parts", "")
        for part in parts:
            self.part.addItem(text.capital(PARTS.get(part, part)), part)
        self.part.setCurrentIndex(1 + parts.index(chosen) if chosen in parts else 0)
        self.part.blockSignals(False)
        self._show_page()
        self._show_evidence()

    @Slot()
    def _show_evidence(self) -> None:
        shown, choice = self.shown, self.evidence.choice
        self.part.setVisible(choice == _ITEMS)
        if shown is None:
            self.raw.show_rows((), [])
        elif choice == _DIFFERENCES:
            lines = [("Differs from RWKU as published", words) for words in shown.differs]
            self.raw.show_rows(("", "What"), [*lines, *(("Note", words) for words in shown.notes)], {0: 220})
        elif choice == _TIMES:
            rows = [
                (PARTS.get(one.part, one.part), text.duration(one.seconds), text.count(one.items),
                 text.count(one.cached))
                for one in shown.times
            ]  # fmt: skip
            self.raw.show_rows(("Part", "Time", "Items", "Not asked again"), rows)
        else:
            headings = ("Kind", "Prompt", "Gold answer", "Answer", "Score", "Counted")
            self.raw.show_rows(headings, list(self._rows(shown)), {0: 120, 2: 110, 4: 64, 5: 110})

    def _rows(self, shown: Evaluation) -> Iterator[tuple[Cell, ...]]:
        part = self.part.currentData()
        for one in shown.items:
            if part in ("", None, one.part):
                counted = "answer in prompt" if one.told else "yes"
                kind = one.kind or PARTS.get(one.part, one.part)
                yield kind, one.prompt, one.gold, _answer(one), text.number(one.score), counted


def _answer(one: EvaluatedItem) -> Answer:
    words = one_line(one.output)
    if not one.gold or one.part not in (*_FORGET, *_NEIGHBOUR):
        return Answer(words)
    judged = judge(words, "" if not one.told else one.prompt, [one.gold])
    return Answer(words, mark_of(judged, "forget" if one.part in _FORGET else "neighbour"), judged.spans)


def _combo(name: str) -> QComboBox:
    made = QComboBox()
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    made.setAccessibleName(name)
    made.setToolTip(name)
    return made
