"""What all tables share: heights, quiet headers, rows that can be read by machine and eye."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QTableWidget, QTableWidgetItem


def fit_rows(view: QTableView, *, most: int) -> None:
    """Make a table exactly as high as its rows, up to `most` of them."""
    rows = view.model().rowCount()
    height = view.verticalHeader().defaultSectionSize()
    view.setFixedHeight(30 + height * max(1, min(rows, most)) + 2)


def plain_table(name: str, headings: list[str], *, right: set[int], stretch: int) -> QTableWidget:
    """A read-only table; columns in `right` hold numbers, column `stretch` takes the spare width."""
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
    header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for column in right:
        heading = QTableWidgetItem(headings[column])
        heading.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table.setHorizontalHeaderItem(column, heading)
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
