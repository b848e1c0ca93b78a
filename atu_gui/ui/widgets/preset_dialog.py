"""Asks for the name of a preset. Not blocking: the window goes on meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from atu_gui.core.presets import LONGEST_NAME, name_fault
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row


class PresetDialog(QDialog):
    """Signal: `named` (the name, checked).

    Args:
        title: What it is about.
        verb: Words of its button.
        words: What the name is for.
        replaces: Whether the name of another preset may be given, which is then replaced.
    """

    named = Signal(str)

    def __init__(self, theme: Theme, title: str, verb: str, words: str, parent: QWidget, *, replaces: bool) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._replaces = replaces
        self._taken: frozenset[str] = frozenset()
        self._name = QLineEdit()
        self._name.setMaxLength(LONGEST_NAME)
        self._name.setAccessibleName("Name of the preset")
        self._name.textChanged.connect(self._check)
        self._note = label("", "small", wrap=True)
        self._done = button(theme, verb, "primary", size="large")
        self._done.setDefault(True)
        self._done.clicked.connect(self._take)
        cancel = button(theme, "Cancel", size="large")
        cancel.clicked.connect(self.reject)
        about = label(words, "muted", wrap=True)
        layout = column(label(title, "title"), about, 4, self._name, self._note, 8, spacing=6)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(row(None, cancel, self._done))
        self.setLayout(layout)
        self.setMinimumWidth(440)

    def ask(self, name: str, taken: Sequence[str]) -> None:
        """Begin with a name; `taken` are those of other presets."""
        self._taken = frozenset(one.casefold() for one in taken)
        self._name.setText(name)
        self._name.selectAll()
        self._name.setFocus()
        self._check()
        self.open()

    def _check(self) -> None:
        name = self._name.text().strip()
        fault = name_fault(name)
        known = name.casefold() in self._taken
        note = fault if name else ""
        if known and not fault:
            note = "Replaces the preset of this name." if self._replaces else "There is a preset of this name already."
        self._note.setText(note)
        self._done.setEnabled(not fault and (self._replaces or not known))

    def _take(self) -> None:
        self.accept()
        self.named.emit(self._name.text().strip())
