"""Asks what shall become of a run when the window is closed. It does not block: the run goes on meanwhile."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row


class LeaveDialog(QDialog):
    """Signals: `checkpoint_requested` (keep the run after its step, to be resumed), `discard_requested` (end it after
    its step and keep no round); then the window is to close."""

    checkpoint_requested = Signal()
    discard_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("A run is under way")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._words = label("", "muted", wrap=True)
        self._keep = button(theme, "Keep running", size="large", tip="Close this question (Esc)")
        self._checkpoint = button(
            theme, "Checkpoint and quit", "primary", size="large", tip="The next start offers to resume the run"
        )
        self._discard = button(
            theme, "Discard and quit", "danger", size="large", tip="No round of it is kept as its result"
        )
        self._keep.clicked.connect(self.reject)
        self._checkpoint.clicked.connect(self._choose_checkpoint)
        self._discard.clicked.connect(self._choose_discard)
        self._checkpoint.setDefault(True)
        buttons = row(self._discard, None, self._keep, self._checkpoint, spacing=8)
        layout = column(label("A run is under way", "title"), self._words, 8, spacing=8)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(buttons)
        self.setLayout(layout)
        self.setMinimumWidth(520)

    def say(self, where: str, left: str) -> None:
        """Where the run stands and, in words, how long it will take."""
        rest = f", {left}" if left else ""
        self._words.setText(f"{where}{rest}. With a checkpoint it goes on later as if nothing had happened.")

    def _choose_checkpoint(self) -> None:
        self._choose("Writing a checkpoint after the current step; the window closes by itself.")
        self.checkpoint_requested.emit()

    def _choose_discard(self) -> None:
        self._choose("Stopping after the current step; the window closes by itself.")
        self.discard_requested.emit()

    def _choose(self, words: str) -> None:
        self._words.setText(words)
        for one in (self._keep, self._checkpoint, self._discard):
            one.setEnabled(False)
