"""The controls of a panel that stand beside the tabs."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from atu_gui.ui.actions import bind
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, row


class Corner(QWidget):
    """A row of controls; rooms add buttons for their actions.

    Args:
        theme: Colours and icons.
        first: What stands before the buttons; None where room is left over.
        size: Of the buttons.
    """

    def __init__(self, theme: Theme, first: QWidget | None, *, size: str = "") -> None:
        super().__init__()
        self._theme, self._size = theme, size
        self._row = row(first, spacing=6)
        self.setLayout(self._row)

    def offer(self, icon: str, words: str, action: QAction) -> None:
        """A button that does what an action does, and is off when it is."""
        made = button(self._theme, words, icon=icon, size=self._size)
        bind(made, action)
        self._row.addWidget(made)
