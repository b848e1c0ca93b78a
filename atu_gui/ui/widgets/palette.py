"""The command palette: every action of the window, found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, label

_WIDTH, _ROW, _SHOWN = 560, 44, 8
_TOP = 40  # below the menu row, as in a browser's address field


class CommandPalette(QFrame):
    """A popup over the window's upper middle; Enter does what is chosen, Esc closes.

    Args:
        theme: Colours and fonts.
        actions: Asked at every opening, so that actions made later are found too.
        parent: The window.
    """

    def __init__(self, theme: Theme, actions: Callable[[], Sequence[QAction]], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self.setAccessibleName("Find an action")
        self._window = parent
        self._actions = actions
        self._found: list[QAction] = []
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find an action")
        self._field.setAccessibleName("Find an action")
        self._field.setProperty("measure", "huge")
        self._field.textChanged.connect(self._search)
        self._field.returnPressed.connect(self._do)
        # The field keeps the focus; arrows move the choice in the list.
        self._field.installEventFilter(self)
        self._list = QListWidget()
        self._list.setAccessibleName("Actions")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setItemDelegate(_ActionDelegate(theme, self._list))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(lambda _item: self._do())
        self._none = label("No action has these letters.", "muted")
        self._none.setContentsMargins(8, 8, 8, 8)
        layout = column(self._field, self._list, self._none, spacing=8)
        layout.setContentsMargins(8, 8, 8, 8)
        self.setLayout(layout)

    def open(self) -> None:
        """Show every action, the field empty."""
        self._field.clear()
        self._search("")
        self.move(self._window.mapToGlobal(QPoint((self._window.width() - _WIDTH) // 2, _TOP)))
        self.show()
        self._field.setFocus()

    def names(self) -> list[str]:
        """What is listed, best first."""
        return [_words(action) for action in self._found]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _SHOWN, Qt.Key.Key_PageUp: -_SHOWN}.get(
                Qt.Key(event.key())
            )
            if step is not None and self._found:
                row = max(0, min(len(self._found) - 1, self._list.currentRow() + step))
                self._list.setCurrentRow(row)
                return True
        return super().eventFilter(watched, event)

    def _search(self, typed: str) -> None:
        ranked = [(rank(typed, _words(action)), action) for action in self._actions() if _words(action)]
        known = [(score, number, action) for number, (score, action) in enumerate(ranked) if score is not None]
        # Actions that cannot be done now come last: they are found, and said to be off.
        known.sort(key=lambda entry: (not entry[2].isEnabled(), entry[0], entry[1]))
        self._found = [action for _, _, action in known]
        self._list.clear()
        for action in self._found:
            item = QListWidgetItem(_words(action))
            item.setData(Qt.ItemDataRole.UserRole, action)
            item.setSizeHint(QSize(_WIDTH - 16, _ROW))
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._list.setVisible(bool(self._found))
        self._none.setVisible(not self._found)
        self._list.setFixedHeight(min(_SHOWN, max(1, len(self._found))) * _ROW + 2)
        self.setFixedWidth(_WIDTH)
        self.adjustSize()

    def _do(self) -> None:
        row = self._list.currentRow()
        if not 0 <= row < len(self._found) or not self._found[row].isEnabled():
            return
        self.close()
        self._found[row].trigger()


def rank(typed: str, name: str) -> int | None:
    """How well a name fits what was typed, 0 best; None where its letters are not all there, in this order."""
    wanted, text = typed.casefold().split(), name.casefold()
    if all(any(word.startswith(part) for word in text.split()) for part in wanted):
        return 0 if text.startswith(" ".join(wanted)) else 1
    if " ".join(wanted) in text:
        return 2
    rest = iter(text)
    return 3 if all(letter in rest for letter in "".join(wanted)) else None


def _words(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")


class _ActionDelegate(QStyledItemDelegate):
    """Name and sentence at the left, shortcut at the right."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        action: QAction = index.data(Qt.ItemDataRole.UserRole)
        theme, area = self._theme, QRect(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selection"))
            painter.drawRoundedRect(area, 4, 4)
        area = area.adjusted(12, 4, -12, -4)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        painter.setFont(theme.font(12))
        painter.setPen(theme.color("muted" if action.isEnabled() else "faint"))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, keys)
        room = area.width() - painter.fontMetrics().horizontalAdvance(keys) - 16
        half = QRect(area.left(), area.center().y(), room, area.height() // 2)
        says = action.statusTip() if action.isEnabled() else f"Not now. {action.statusTip()}"
        says = painter.fontMetrics().elidedText(says, Qt.TextElideMode.ElideRight, room)
        painter.drawText(half, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, says)
        painter.setFont(theme.font(13, 500))
        painter.setPen(theme.color("text" if action.isEnabled() else "faint"))
        half.moveBottom(area.center().y())
        painter.drawText(half, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, _words(action))
