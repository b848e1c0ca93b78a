"""A button that shows and hides columns of a table which not everybody needs."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton, QTableView

from atu_gui.ui.theme import Theme


class ColumnsButton(QPushButton):
    """Opens a menu with a tick for each optional column; at first all of them are hidden."""

    def __init__(self, theme: Theme, table: QTableView, optional: Iterable[int]) -> None:
        super().__init__("Columns")
        theme.dress(self, "columns", "text")
        self.setProperty("kind", "quiet")
        self.setProperty("measure", "compact")
        self.setToolTip("Show or hide further scores")
        self.setAccessibleName("Columns")
        self.setAutoDefault(False)
        menu = QMenu("Columns", self)
        for column in optional:
            words = table.model().headerData(column, Qt.Orientation.Horizontal)
            action = menu.addAction(str(words))
            action.setCheckable(True)
            action.setData(column)
            table.setColumnHidden(column, True)
        menu.triggered.connect(lambda action: table.setColumnHidden(action.data(), not action.isChecked()))
        self.setMenu(menu)
