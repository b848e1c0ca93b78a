"""All words of the method on one page; it does not block the window."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QWidget

from atu_gui.core.glossary import GLOSSARY
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, label

_SIZE = (560, 640)
_PADDING = 14  # what the style sheet puts around a row


class GlossaryDialog(QDialog):
    """Words and their meaning, found by typing."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Glossary")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find a word")
        self._field.setAccessibleName("Find a word")
        self._field.textChanged.connect(self._filter)
        self._list = QListWidget()
        self._list.setAccessibleName("Words")
        self._list.setWordWrap(True)
        self._list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        for word, meaning in GLOSSARY.items():
            item = QListWidgetItem()
            item.setData(Qt.ItemDataRole.UserRole, f"{word} {meaning}".casefold())
            self._list.addItem(item)
            entry = QWidget()
            name = label(word, "heading")
            name.setFont(theme.font(13, 600))
            inside = column(name, label(meaning, "muted", wrap=True), spacing=2)
            inside.setContentsMargins(0, 0, 0, 0)
            entry.setLayout(inside)
            entry.setAccessibleName(f"{word}: {meaning}")
            item.setSizeHint(QSize(_SIZE[0] - 48, inside.heightForWidth(_SIZE[0] - 80) + _PADDING))
            self._list.setItemWidget(item, entry)
        layout = column(label("Glossary", "title"), self._field, self._list, spacing=8)
        layout.setContentsMargins(16, 16, 16, 16)
        self.setLayout(layout)

    def words(self) -> list[str]:
        """What is listed now."""
        items = (self._list.item(row) for row in range(self._list.count()))
        shown = [row for row, item in enumerate(items) if not item.isHidden()]
        return [list(GLOSSARY)[row] for row in shown]

    def _filter(self, typed: str) -> None:
        for row in range(self._list.count()):
            item = self._list.item(row)
            item.setHidden(typed.casefold().strip() not in item.data(Qt.ItemDataRole.UserRole))
