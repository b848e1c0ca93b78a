"""Says that the panels show a recorded run, and leads back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QWidget

from atu_gui.core.ports import RunRecord
from atu_gui.ui.actions import bind
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, button, icon_label, mark, row
from atu_gui.ui.widgets.runs_model import state_of, when


class PastStrip(QFrame):
    """Signal: `left` (the user wants to see the run under way again)."""

    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("card", "info")
        self.setFixedHeight(40)
        self._words = Elided("")
        self._back = button(theme, "Close recorded run", icon="x", tip="Show the run under way, or none")
        self._back.clicked.connect(self.left)
        self._buttons = row(spacing=6)
        layout = row(icon_label(theme, "clock-counter-clockwise", "accent_text"), spacing=8)
        layout.addWidget(mark("Recorded run", "live"))
        layout.addWidget(self._words, 1)
        layout.addLayout(self._buttons)
        layout.addWidget(self._back)
        layout.setContentsMargins(12, 0, 8, 0)
        self.setLayout(layout)
        self.hide()

    def offer(self, icon: str, words: str, action: QAction) -> None:
        """A button that does what an action does, and is off when it is."""
        made = button(self._theme, words, icon=icon)
        bind(made, action)
        self._buttons.addWidget(made)

    def show_run(self, record: RunRecord | None, *, live: bool) -> None:
        """Name the run that is shown; None hides the strip. `live` says whether there is another to go back to."""
        self.setVisible(record is not None)
        if record is None:
            return
        kept = f", round {record.best_round} kept" if record.best_round else ""
        state = state_of(record)[0].lower()
        words = f"Run {record.run_id} · {record.title} · {when(record.started)} · {state}{kept}"
        self._words.setText(words)
        self._words.setToolTip("\n".join(part for part in (words, record.note, record.folder) if part))
        self._back.setText("Back to the present run" if live else "Close recorded run")
        self._back.setAccessibleName(self._back.text())
        self.setAccessibleName(f"Recorded run: {words}")
