"""A row of joined buttons of which exactly one is down."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QFrame, QPushButton, QSizePolicy

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import row


class Segments(QFrame):
    """Signal: `chosen` (the words of the button that was pressed)."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str, choices: tuple[str, ...], icons: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons = {words: QPushButton(words) for words in choices}
        for words, button in self._buttons.items():
            button.setCheckable(True)
            button.setAccessibleName(f"{name}: {words}")
            self._group.addButton(button)
        for icon, button in zip(icons, self._buttons.values(), strict=False):
            theme.dress(button, icon, "muted")
        self.setLayout(row(*self._buttons.values(), spacing=0))
        # Its frame keeps to the buttons, however high the row around it is.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._buttons[choices[0]].setChecked(True)
        self._group.buttonClicked.connect(self._say)
        theme.changed.connect(self._recolour)
        self._recolour()

    @property
    def choice(self) -> str:
        """The words of the button that is down."""
        return next(words for words, made in self._buttons.items() if made.isChecked())

    def choose(self, words: str) -> None:
        """Press the button with these words."""
        self._buttons[words].click()

    def show_choice(self, words: str) -> None:
        """Show which is down; no signal."""
        self._buttons[words].setChecked(True)

    @Slot(object)
    def _say(self, button: QPushButton) -> None:
        self.chosen.emit(button.text())

    @Slot()
    def _recolour(self) -> None:
        tokens = self._theme.tokens
        self.setStyleSheet(
            f"Segments {{ background: {tokens.window}; border: 1px solid {tokens.line}; border-radius: 5px; }}"
            f"QPushButton {{ background: transparent; border: 1px solid transparent; border-radius: 4px;"
            f" color: {tokens.muted}; min-height: 20px; padding: 0 9px; font-size: 12px; }}"
            f"QPushButton:hover {{ color: {tokens.text}; }}"
            f"QPushButton:checked {{ background: {tokens.raised}; border-color: {tokens.edge}; color: {tokens.text}; }}"
        )
