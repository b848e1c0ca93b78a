"""The rows of the rephrase results: ways to ask, and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from atu_gui.core import text
from atu_gui.core.events import PromptAnswered
from atu_gui.core.leaks import MARK_WORDS, judge, mark_of, one_line, tells
from atu_gui.core.rephrasing import Rephrasing
from atu_gui.ui.widgets.answer_cells import CELL, Answer

HEADINGS = ("Kind", "Question as sent", "○ Before", "● After", "P(answer), 0–1")
KIND, PROMPT, BEFORE, AFTER, DOTS = range(5)
FILTERS = ("All", "Leaks after", "Changed", "Flagged")
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(slots=True)
class Row:
    """A way to ask, and the answers of both sides as far as they have come."""

    rephrasing: Rephrasing
    answers: list[Answer | None] = field(default_factory=lambda: [None, None])

    @property
    def told(self) -> bool:
        """Whether the question contains the answer, so that it is never counted."""
        return tells(self.rephrasing.prompt, self.rephrasing.accepted)

    def leaks(self, side: int) -> bool:
        """Whether this side gave the answer away."""
        answer = self.answers[side]
        return answer is not None and answer.mark == "leak"

    def fits(self, chosen: str) -> bool:
        """Whether a filter shows this row."""
        before, after = self.answers
        changed = before is not None and after is not None and before.words != after.words
        return {"All": True, "Leaks after": self.leaks(1), "Changed": changed, "Flagged": self.told}[chosen]


class RephraseModel(QAbstractTableModel):
    """Signals: `edited` (a prompt was changed by hand: its answers are gone)."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._locked = False

    def show(self, rephrasings: Sequence[Rephrasing]) -> None:
        """Begin with these, unanswered."""
        self.beginResetModel()
        self.rows = [Row(one) for one in rephrasings]
        self.endResetModel()

    def clear_answers(self) -> None:
        """Before asking again."""
        for row in self.rows:
            row.answers = [None, None]
        self._all_changed()

    def set_locked(self, locked: bool) -> None:
        """While answers are on their way, prompts stay as they were sent."""
        self._locked = locked

    def take(self, event: PromptAnswered) -> None:
        """An answer has come."""
        if not (0 <= event.index < len(self.rows) and 0 <= event.side < 2):
            return
        row = self.rows[event.index]
        words = one_line(event.text)
        one = row.rephrasing
        judged = judge(words, one.prompt, one.accepted, one.names)
        row.answers[event.side] = Answer(
            words, mark_of(judged, "forget"), judged.spans, event.answer_logprob, event.named
        )
        self.dataChanged.emit(self.index(event.index, BEFORE), self.index(event.index, DOTS))

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole and section == DOTS:
            return "Geometric mean of the probabilities of the gold answer's tokens, from 0 to 1: before ○, after ●."
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        base = super().flags(index)
        return base | Qt.ItemFlag.ItemIsEditable if index.column() == PROMPT and not self._locked else base

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == CELL:
            return self._cell(row, index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._words(row, index.column())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            if index.column() in (BEFORE, AFTER):
                answer = row.answers[index.column() - BEFORE]
                return answer.said() if answer is not None else "Not asked yet."
            return self._words(row, index.column())
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        words = one_line(str(value))
        row = self.rows[index.row()]
        if index.column() != PROMPT or role != Qt.ItemDataRole.EditRole or not words or self._locked:
            return False
        if words == row.rephrasing.prompt:
            return True
        row.rephrasing = replace(row.rephrasing, prompt=words, detail="edited")
        row.answers = [None, None]
        self.dataChanged.emit(self.index(index.row(), KIND), self.index(index.row(), DOTS))
        self.edited.emit()
        return True

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows for an export: whole answers and numbers."""
        headings = ["Kind", "Detail", "Question as sent", "Gold answer", "Answer in the question"]
        for side in ("Before", "After"):
            headings += [f"{side}: weights", f"{side}: answer", f"{side}: mark", f"{side}: P(answer)"]
        lines = []
        for row in self.rows:
            one = row.rephrasing
            line = [one.kind, one.detail, one.prompt, one.answer, "yes" if row.told else "no"]
            for answer in row.answers:
                if answer is None:
                    line += ["", "", "", ""]
                else:
                    chance = "" if answer.probability is None else f"{answer.probability:.6f}"
                    line += [answer.weights, answer.words, MARK_WORDS[answer.mark], chance]
            lines.append(line)
        return headings, lines

    def _cell(self, row: Row, column: int) -> Any:
        if column == KIND:
            return "told" if row.told else ""
        if column in (BEFORE, AFTER):
            return row.answers[column - BEFORE]
        if column == DOTS:
            chances = tuple(None if answer is None else answer.probability for answer in row.answers)
            return chances if any(chance is not None for chance in chances) else None
        return None

    def _words(self, row: Row, column: int) -> str:
        if column == KIND:
            below = "In the question" if row.told else text.capital(row.rephrasing.detail)
            return f"{text.capital(row.rephrasing.kind)}\n{below}".strip()
        if column == PROMPT:
            return row.rephrasing.prompt
        if column in (BEFORE, AFTER):
            answer = row.answers[column - BEFORE]
            return answer.words if answer is not None else text.NOTHING
        chances = [None if answer is None else answer.probability for answer in row.answers]
        return " → ".join(text.number(chance) for chance in chances)

    def _all_changed(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(HEADINGS) - 1))
