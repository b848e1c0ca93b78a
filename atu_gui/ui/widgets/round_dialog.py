"""Asks for a round of a run: the one to return to, to branch from or to export."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QSizePolicy, QTableWidget, QWidget

from atu_gui.core import text
from atu_gui.core.ports import RunRecord, Weights
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, button, column, label, row
from atu_gui.ui.widgets.tables import cell, fit_rows, plain_table

_HEADINGS = ["Round", "τ", "Forget, test", "Neighbour, test", "Token loss"]
_MOST_ROWS = 9


class RoundDialog(QDialog):
    """Signal: `chosen` (Weights)."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, title: str, verb: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._figures = theme.font()
        self._run_id = ""
        self._heading = Elided("", Qt.TextElideMode.ElideRight)
        self._heading.setProperty("role", "title")
        self._heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._verb = verb
        self._table: QTableWidget = plain_table("Rounds", _HEADINGS, right={1, 2, 3, 4}, stretch=0)
        self._table.itemSelectionChanged.connect(self._follow)
        self._table.itemDoubleClicked.connect(self._done)
        self._take = button(theme, verb, "primary", size="large")
        self._take.setDefault(True)
        self._take.clicked.connect(self._done)
        cancel = button(theme, "Cancel", size="large")
        cancel.clicked.connect(self.reject)
        layout = column(self._heading, label(words, "muted", wrap=True), 4, self._table, 8, spacing=8)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(row(None, cancel, self._take))
        self.setLayout(layout)
        self.setMinimumWidth(640)

    def ask(self, record: RunRecord) -> None:
        """Offer the finished rounds of a run; its best one is chosen at first."""
        self._run_id = record.run_id
        self._heading.setText(f"Run {record.run_id} · {record.title}")
        self._heading.setToolTip(self._heading.text())
        rounds = [one for one in record.rounds if one.round]
        self._table.setRowCount(len(rounds))
        for at, one in enumerate(rounds):
            best = " (kept)" if one.round == record.best_round else ""
            first = cell(f"Round {one.round}{best}")
            first.setData(Qt.ItemDataRole.UserRole, one.round)
            self._table.setItem(at, 0, first)
            figures = (text.number(one.tau), *map(text.interval, (one.forget, one.neighbour, one.token_loss)))
            for at_column, words in enumerate(figures, start=1):
                self._table.setItem(at, at_column, cell(words, right=True, font=self._figures))
            if one.round == record.best_round or not at:
                self._table.selectRow(at)
        fit_rows(self._table, most=_MOST_ROWS)
        self._follow()
        self._table.setFocus()
        self.open()

    def _chosen(self) -> int | None:
        items = self._table.selectedItems()
        first = self._table.item(items[0].row(), 0) if items else None
        return None if first is None else int(first.data(Qt.ItemDataRole.UserRole))

    def _follow(self) -> None:
        number = self._chosen()
        self._take.setEnabled(number is not None)
        words = self._verb if number is None else f"{self._verb} {number}"
        self._take.setText(words)
        self._take.setAccessibleName(words)

    def _done(self) -> None:
        number = self._chosen()
        if number is not None:
            self.accept()
            self.chosen.emit(Weights(self._run_id, number))
