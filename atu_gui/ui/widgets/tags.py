"""Names as tags: each can be taken away, one more can be typed. And a layout that breaks lines."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QLayout, QLayoutItem, QLineEdit, QToolButton, QWidget

from atu_gui.ui.theme import Theme


class FlowLayout(QLayout):
    """Puts items in rows and starts a new one when the width is used up."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def insert(self, index: int, widget: QWidget) -> None:
        """Add a widget before the item at `index`."""
        self.addWidget(widget)
        self._items.insert(index, self._items.pop())
        self.invalidate()

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        x, y, height = rect.x(), rect.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            hint = item.sizeHint()
            width = min(hint.width(), rect.width())
            if x > rect.x() and x + width > rect.right() + 1:
                x, y, height = rect.x(), y + height + self.spacing(), 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), QSize(width, hint.height())))
            x, height = x + width + self.spacing(), max(height, hint.height())
        return y + height - rect.y()


class Tags(QWidget):
    """Signals: `changed` (the user added or took away a tag), `typed` (a letter of the next one)."""

    changed = Signal()
    typed = Signal()

    def __init__(self, theme: Theme, add_words: str, kind: str) -> None:
        super().__init__()
        self._theme = theme
        self._kind = kind
        self._tags: list[tuple[str, QToolButton]] = []
        self._flow = FlowLayout(self)
        self._field = QLineEdit()
        self._field.setPlaceholderText(add_words)
        self._field.setAccessibleName(add_words)
        self._field.setToolTip("Type a name and press Enter. Several at once: separate them with commas.")
        self._field.setFixedWidth(132)
        self._field.textEdited.connect(self.typed)
        self._field.returnPressed.connect(self.take_typed)
        self._field.editingFinished.connect(self.take_typed)
        self._flow.addWidget(self._field)

    def values(self) -> tuple[str, ...]:
        """The names, what stands typed in the field included."""
        typed = self._typed()
        return tuple(dict.fromkeys([*(name for name, _ in self._tags), *typed]))

    def set_values(self, values: Sequence[str]) -> None:
        """Show these names; no signal."""
        for _, tag in self._tags:
            self._drop(tag)
        self._tags = []
        for value in values:
            self._add(value)

    def add(self, value: str) -> None:
        """Take one more name, as if it had been typed."""
        if value not in (known for known, _ in self._tags):
            self._add(value)
            self.changed.emit()

    def set_editable(self, editable: bool) -> None:
        """Whether tags may be added and taken away."""
        self._field.setVisible(editable)
        for name, tag in self._tags:
            tag.setEnabled(editable)
            tag.setText(name)
        self.updateGeometry()

    def take_typed(self) -> None:
        """Turn what was typed into tags."""
        typed = self._typed()
        if not typed:
            return
        self._field.clear()
        for name in typed:
            if name not in (known for known, _ in self._tags):
                self._add(name)
        self.changed.emit()

    def _typed(self) -> list[str]:
        return [name for name in (" ".join(part.split()) for part in self._field.text().split(",")) if name]

    def _add(self, name: str) -> None:
        tag = QToolButton()
        tag.setProperty("kind", "tag")
        tag.setText(name)
        tag.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        tag.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._theme.dress(tag, "x", "muted", 12)
        tag.setToolTip(f"Take away {self._kind} “{name}”")
        tag.setAccessibleName(f"Take away {self._kind} {name}")
        tag.clicked.connect(self._take_away)
        self._flow.insert(len(self._tags), tag)
        self._tags.append((name, tag))
        tag.show()
        self.updateGeometry()

    def _take_away(self) -> None:
        tag = self.sender()
        for index, (_, known) in enumerate(self._tags):
            if known is tag:
                del self._tags[index]
                self._drop(known)
                self.changed.emit()
                return

    def _drop(self, tag: QToolButton) -> None:
        self._flow.removeWidget(tag)
        tag.hide()
        tag.deleteLater()
        self.updateGeometry()
