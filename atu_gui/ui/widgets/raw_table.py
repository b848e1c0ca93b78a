"""Raw evidence as a table: words in columns, and answers with what they give away; tooltips hold the whole texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from atu_gui.core.leaks import one_line
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import CELL, LOW, Answer, AnswerDelegate, WordsDelegate

Cell = str | Answer
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class RawModel(QAbstractTableModel):
    """Rows of words and answers."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: tuple[str, ...] = ()
        self.rows: tuple[tuple[Cell, ...], ...] = ()

    def show(self, headings: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> None:
        """Show these instead."""
        self.beginResetModel()
        self.headings, self.rows = tuple(headings), tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.headings)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.headings[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value = self.rows[index.row()][index.column()]
        if role == CELL:
            return value if isinstance(value, Answer) else None
        if role == Qt.ItemDataRole.DisplayRole:
            return value.words if isinstance(value, Answer) else one_line(value)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return value.said() if isinstance(value, Answer) else value
        return None


class RawTable(QTableView):
    """Such a table; columns without a width of their own share what is left."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.raw = RawModel()
        self.raw.setParent(self)
        self._words, self._answers = WordsDelegate(theme, self), AnswerDelegate(theme, self)
        self.setModel(self.raw)
        self.setAccessibleName(name)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(LOW)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def show_rows(
        self, headings: Sequence[str], rows: Sequence[tuple[Cell, ...]], widths: Mapping[int, int] | None = None
    ) -> None:
        """Show these; `widths` in pixels by column."""
        self.raw.show(headings, rows)
        for at in range(len(headings)):
            is_answer = bool(rows) and isinstance(rows[0][at], Answer)
            self.setItemDelegateForColumn(at, self._answers if is_answer else self._words)
            width = (widths or {}).get(at)
            fixed = QHeaderView.ResizeMode.Interactive if width else QHeaderView.ResizeMode.Stretch
            self.horizontalHeader().setSectionResizeMode(at, fixed)
            if width:
                self.setColumnWidth(at, width)
        self.scrollToTop()
