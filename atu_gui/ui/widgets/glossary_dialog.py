"""All words of the method on one page; it does not block the window."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QWidget

from atu_gui.core.glossary import GLOSSARY
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, label

_SIZE = (560, 640)
_PADDING = (16, 14)  # what the style sheet puts around a row: both sides, above and below


class GlossaryDialog(QDialog):
    """Words and their meaning, found by typing."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Glossary")
        self.resize(*_SIZE)
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find a word")
        self._field.setAccessibleName("Find a word")
        self._field.textChanged.connect(self._filter)
        self._list = QListWidget()
        self._list.setAccessibleName("Words")
        self._list.setWordWrap(True)
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        for word, meaning in GLOSSARY.items():
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, f"{word} {meaning}".casefold())
            self._list.addItem(item)
            entry = QWidget()
            name = label(word, "heading")
            name.setFont(theme.font(13, 600))
            inside = column(name, label(meaning, "muted", wrap=True), None, spacing=2)
            inside.setContentsMargins(0, 0, 0, 0)
            entry.setLayout(inside)
            entry.setAccessibleName(f"{word}: {meaning}")
            self._list.setItemWidget(item, entry)
        layout = column(label("Glossary", "title"), self._field, self._list, spacing=8)
        layout.setContentsMargins(16, 16, 16, 16)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Rows as high as their words need at the width there is."""
        room = self._list.viewport().width()
        for row in range(self._list.count()):
            item = self._list.item(row)
            layout = self._list.itemWidget(item).layout()
            if layout is not None:
                item.setSizeHint(QSize(room, layout.heightForWidth(room - _PADDING[0]) + _PADDING[1]))

    def words(self) -> list[str]:
        """What is listed now."""
        items = (self._list.item(row) for row in range(self._list.count()))
        shown = [row for row, item in enumerate(items) if not item.isHidden()]
        return [list(GLOSSARY)[row] for row in shown]

    def _filter(self, typed: str) -> None:
        for row in range(self._list.count()):
            item = self._list.item(row)
            item.setHidden(typed.casefold().strip() not in item.data(Qt.ItemDataRole.UserRole))
