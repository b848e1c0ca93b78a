"""What all tables share: heights, quiet headers, rows that can be read by machine and eye."""

from __future__ import annotations

from collections.abc import Sequence

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QTableWidget, QTableWidgetItem

# Names may be of any length: a column of them asks for no more than this.
_WIDEST = 220


def fit_rows(view: QTableView, *, most: int) -> None:
    """Make a table exactly as high as its rows, up to `most` of them."""
    rows = view.model().rowCount()
    height = view.verticalHeader().defaultSectionSize()
    view.setFixedHeight(30 + height * max(1, min(rows, most)) + 2)


class SpareWidth(QObject):
    """Gives a column of a table the width that the others leave, and never less than its own words need.

    Args:
        table: The table, which owns this.
        column: The column.
        least: What it needs, in pixels; 0 measures its words.
    """

    def __init__(self, table: QTableView, column: int, least: int = 0) -> None:
        super().__init__(table)
        self._table, self._column, self._least = table, column, least
        header, model = table.horizontalHeader(), table.model()
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        header.sectionResized.connect(self._follow)
        for changed in (
            header.sectionCountChanged, model.dataChanged, model.rowsInserted, model.rowsRemoved, model.modelReset
        ):  # fmt: skip
            changed.connect(self.share)
        table.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.share()
        return False

    @Slot()
    def share(self) -> None:
        """Share out the width anew."""
        if not shiboken6.isValid(self._table):
            # A table that is deleted says farewell to its rows.
            return
        header, own = self._table.horizontalHeader(), self._column
        others = sum(header.sectionSize(column) for column in range(header.count()) if column != own)
        words = max(self._table.sizeHintForColumn(own), header.sectionSizeHint(own))
        header.resizeSection(own, max(self._least or min(words, _WIDEST), self._table.viewport().width() - others))

    @Slot(int, int, int)
    def _follow(self, column: int, _old: int, _new: int) -> None:
        if column != self._column:
            self.share()


class FittingColumns(QObject):
    """Hides columns of a table, the least needed first, where it would have to be scrolled sideways.

    Args:
        table: The table, which owns this.
        first_to_go: The columns that may be hidden, in this order; what they hold must be told elsewhere too.
    """

    def __init__(self, table: QTableView, first_to_go: Sequence[int]) -> None:
        super().__init__(table)
        self._table, self._first_to_go = table, tuple(first_to_go)
        # Rows come in bursts: they are measured once, after that.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.fit)
        model = table.model()
        for changed in (model.dataChanged, model.rowsInserted, model.rowsRemoved, model.modelReset):
            changed.connect(self._soon.start)
        table.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._soon.start()
        return False

    @Slot()
    def fit(self) -> None:
        """Hide what has no room, and show again what has."""
        table, header = self._table, self._table.horizontalHeader()
        for column in self._first_to_go:
            table.setColumnHidden(column, False)
        shown = [column for column in range(header.count()) if not table.isColumnHidden(column)]
        wide = {at: min(_WIDEST, max(table.sizeHintForColumn(at), header.sectionSizeHint(at))) for at in shown}
        for column in self._first_to_go:
            if sum(wide.values()) <= table.viewport().width():
                break
            del wide[column]
            table.setColumnHidden(column, True)


def plain_table(name: str, headings: list[str], *, right: set[int], stretch: int | None) -> QTableWidget:
    """A read-only table; columns in `right` hold numbers, column `stretch` takes the spare width, if any."""
    table = QTableWidget(0, len(headings))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(headings)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(28)
    table.setShowGrid(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for column in right:
        heading = QTableWidgetItem(headings[column])
        heading.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table.setHorizontalHeaderItem(column, heading)
    if stretch is not None:
        SpareWidth(table, stretch)
    return table


def cell(words: str, *, right: bool = False, tip: str = "", font: QFont | None = None) -> QTableWidgetItem:
    """One cell of such a table."""
    item = QTableWidgetItem(words)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    if font is not None:
        item.setFont(font)
    if tip:
        item.setToolTip(tip)
    return item
