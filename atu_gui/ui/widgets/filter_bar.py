"""Buttons that each show a part of a table, with how many rows they would show. Exactly one is down."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from atu_gui.core import text
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, row


class FilterBar(QWidget):
    """Signal: `chosen` (the filter that was pressed)."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str, choices: tuple[str, ...]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons = {words: button(theme, words, "quiet", size="compact") for words in choices}
        for made in self._buttons.values():
            made.setCheckable(True)
            self._group.addButton(made)
        self._buttons[choices[0]].setChecked(True)
        self.setLayout(row(*self._buttons.values(), spacing=2))
        self._group.buttonClicked.connect(self._say)

    @property
    def choice(self) -> str:
        """The filter that is down."""
        return next(words for words, made in self._buttons.items() if made.isChecked())

    def choose(self, words: str) -> None:
        """Press a filter."""
        self._buttons[words].click()

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """How many rows each filter shows."""
        for words, made in self._buttons.items():
            made.setText(f"{words}  {text.count(counts.get(words, 0))}")
            made.setAccessibleName(f"{words}, {text.count(counts.get(words, 0), 'row')}")

    @Slot(object)
    def _say(self, _pressed: QPushButton) -> None:
        self.chosen.emit(self.choice)
