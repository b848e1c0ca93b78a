"""The command palette: every action of the window, found by typing a part of its name."""

from __future__ import annotations

import itertools
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
_KEY, _KEY_PAD = 20, 6
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
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
        self._rows = _ActionDelegate(theme, self._list)
        self._list.setItemDelegate(self._rows)
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
        self._rows.typed = typed
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


def parts(typed: str, name: str) -> list[tuple[str, bool]]:
    """A name in pieces, and which of them were typed: whole parts where they stand in it, else letter by letter."""
    low = name.casefold()
    marked = [False] * len(name)
    wanted = typed.casefold().split()
    if len(low) != len(name):
        return [(name, False)]
    for part in wanted:
        at = next(
            (i for i in range(len(low)) if low.startswith(part, i) and (not i or low[i - 1] == " ")), low.find(part)
        )
        if at >= 0:
            marked[at : at + len(part)] = [True] * len(part)
    if not any(marked):
        at = -1
        for letter in "".join(wanted):
            at = low.find(letter, at + 1)
            if at < 0:
                break
            marked[at] = True
    pieces = itertools.groupby(zip(name, marked, strict=True), key=lambda pair: pair[1])
    return [("".join(letter for letter, _ in piece), found) for found, piece in pieces]


def _words(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")


class _ActionDelegate(QStyledItemDelegate):
    """Name and sentence at the left, shortcut at the right; `typed` is what was looked for."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.typed = ""

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
        room = self._paint_keys(painter, area, keys) - 16 - area.left()
        half = QRect(area.left(), area.center().y(), room, area.height() // 2)
        says = action.statusTip() if action.isEnabled() else f"Not now. {action.statusTip()}"
        says = painter.fontMetrics().elidedText(says, Qt.TextElideMode.ElideRight, room)
        painter.drawText(half, _LEFT, says)
        painter.setPen(theme.color("text" if action.isEnabled() else "faint"))
        half.moveBottom(area.center().y())
        self._paint_name(painter, half, _words(action))

    def _paint_keys(self, painter: QPainter, area: QRect, keys: str) -> int:
        """Each key of a shortcut in a box of its own; returns where they begin."""
        left = area.right()
        # “Ctrl++” ends with a key that is the sign between keys.
        for key in reversed(keys.replace("++", "+plus").split("+") if keys else []):
            words = "+" if key == "plus" else key
            wide = painter.fontMetrics().horizontalAdvance(words) + 2 * _KEY_PAD
            box = QRect(left - wide, area.center().y() - _KEY // 2, wide, _KEY)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
            painter.save()
            painter.setPen(self._theme.color("edge"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 4, 4)
            painter.restore()
            left -= wide + 4
        return left

    def _paint_name(self, painter: QPainter, box: QRect, name: str) -> None:
        """What was typed stands out in the name."""
        left = box.left()
        for part, typed in parts(self.typed, name):
            painter.setFont(self._theme.font(13, 600 if typed else 400))
            painter.drawText(box.adjusted(left - box.left(), 0, 0, 0), _LEFT, part)
            left += painter.fontMetrics().horizontalAdvance(part)
