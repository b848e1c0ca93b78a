"""Asks what shall become of a run when the window is closed. It does not block: the run goes on meanwhile."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row


class LeaveDialog(QDialog):
    """Signal: `stop_requested` (end the run after its step, keep what is finished, then quit)."""

    stop_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("A run is under way")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._words = label("", "muted", wrap=True)
        self._keep = button(theme, "Keep running", "primary", size="large", tip="Close this question (Esc)")
        self._stop = button(theme, "Stop and quit", "danger", size="large", tip="Keeps the last good round")
        self._keep.clicked.connect(self.reject)
        self._stop.clicked.connect(self._chosen)
        self._keep.setDefault(True)
        buttons = row(self._stop, None, self._keep)
        layout = column(label("A run is under way", "title"), self._words, 8, spacing=8)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(buttons)
        self.setLayout(layout)
        self.setMinimumWidth(440)

    def say(self, where: str, left: str) -> None:
        """Where the run stands and, in words, how long it will take."""
        rest = f", {left}" if left else ""
        self._words.setText(f"{where}{rest}. Stopping ends the run after its step and keeps the last good round.")

    def _chosen(self) -> None:
        self._words.setText("Stopping after the current step; the window closes by itself.")
        self._stop.setEnabled(False)
        self.stop_requested.emit()
