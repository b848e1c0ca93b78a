"""The raw evidence: every question, its gold answer, and what the model said before and after."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QStackedLayout, QWidget

from atu_gui.core import text
from atu_gui.core.events import Event, ItemAnswered, RunStarted
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.tables import cell, plain_table

_HEADINGS = ["Group", "Question", "Gold answer", "Untouched said", "Recall", "Last round said", "Recall", "Round"]


@dataclass(slots=True)
class _Asked:
    row: int
    latest: int = 0


class QuestionsPanel(QWidget):
    """One row per question; the last columns follow the newest round."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked: dict[str, _Asked] = {}
        self._figures = theme.font()
        self._table = plain_table("Questions and answers", _HEADINGS, right={4, 6, 7}, stretch=1)
        for column, width in ((2, 140), (3, 250), (5, 250)):
            self._table.horizontalHeader().setSectionResizeMode(
                column, self._table.horizontalHeader().ResizeMode.Interactive
            )
            self._table.setColumnWidth(column, width)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            Empty(theme, "question", "No answers yet", "Every question of a run appears here with its raw answers.")
        )
        self._stack.addWidget(self._table)

    def handle(self, event: Event) -> None:
        """Fill in an answer; a new run begins an empty table."""
        if isinstance(event, RunStarted):
            self.clear()
        elif isinstance(event, ItemAnswered):
            self._answer(event)
            self._stack.setCurrentIndex(1)

    def clear(self) -> None:
        """Forget the run."""
        self._asked.clear()
        self._table.setRowCount(0)
        self._stack.setCurrentIndex(0)

    def _answer(self, event: ItemAnswered) -> None:
        asked = self._asked.get(event.probe_id)
        if asked is None:
            asked = self._asked[event.probe_id] = _Asked(self._table.rowCount())
            self._table.insertRow(asked.row)
            for column, words in enumerate((event.group.capitalize(), event.query, event.gold)):
                self._table.setItem(asked.row, column, cell(words, tip=words))
        tip = f"{event.answer}\nLog-probability of the gold answer: {text.number(event.answer_logprob)} nats per token"
        first = 3 if event.round == 0 else 5
        self._table.setItem(asked.row, first, cell(" ".join(event.answer.split()), tip=tip))
        self._table.setItem(
            asked.row, first + 1, cell(text.number(event.rouge_l_recall), right=True, font=self._figures)
        )
        if event.round:
            self._table.setItem(asked.row, 7, cell(str(event.round), right=True, font=self._figures))
