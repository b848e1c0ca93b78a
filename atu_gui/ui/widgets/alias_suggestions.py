"""Names that may be missing among the aliases, each with its reason; one click adds it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from atu_gui.core import text
from atu_gui.core.preview import AliasSuggestion
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, label, row

_SHOWN = 5
_WIDEST = 180


class AliasSuggestions(QWidget):
    """Hidden while there is nothing to suggest. Signal: `picked` (a name)."""

    picked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[AliasSuggestion, ...] = ()
        self._names: list[tuple[str, QWidget]] = []
        self._heading = label("Suggested aliases", "small")
        self._heading.setToolTip("A name that is left out leaks. Closest to the concept first, as the encoder sees it.")
        self._list = QVBoxLayout(self)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(6)
        self._list.addWidget(self._heading)
        self.hide()

    @property
    def names(self) -> tuple[str, ...]:
        """What is suggested."""
        return tuple(name for name, _ in self._names)

    def show_suggestions(self, found: Sequence[AliasSuggestion]) -> None:
        """Suggest these names instead of what was suggested before."""
        if tuple(found) == self._shown:
            # One of the buttons may have the keyboard.
            return
        self._shown = tuple(found)
        for _, old in self._names:
            self._list.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._names = []
        for one in found[:_SHOWN]:
            made = self._row(one)
            self._list.addWidget(made)
            self._names.append((one.name, made))
        self.setVisible(bool(self._names))

    def _row(self, one: AliasSuggestion) -> QWidget:
        add = QToolButton()
        add.setProperty("kind", "tag")
        add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._theme.dress(add, "plus", "accent_text", 12)
        add.setText(add.fontMetrics().elidedText(one.name, Qt.TextElideMode.ElideRight, _WIDEST))
        add.setAccessibleName(f"Add alias {one.name}")
        value = f"similarity to the name {text.number(one.similarity)}"
        add.setToolTip(f"Add alias “{one.name}”; {value}")
        add.setAccessibleDescription(f"{one.reason}; {value}")
        add.clicked.connect(lambda: self.picked.emit(one.name))
        figure = label(text.number(one.similarity), "caption")
        figure.setFont(self._theme.font(11))
        # Below the name, not beside it: a narrow column would leave nothing of the reason.
        layout = column(spacing=2)
        layout.addLayout(row(add, None, figure, spacing=6))
        layout.addWidget(label(text.capital(one.reason), "caption", wrap=True))
        made = QWidget()
        made.setLayout(layout)
        return made
