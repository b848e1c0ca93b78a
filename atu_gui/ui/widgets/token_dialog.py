"""Asks for the token of the model hub. What is typed is never shown, and leaves by its signal alone."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row

Place = Literal["environment", "keyring", "nowhere"]
_KNOWN = {
    "environment": "HF_TOKEN is set in the environment, and that is what is sent.",
    "keyring": "There is a token in the keyring. A new one takes its place.",
    "nowhere": "No token is kept here. One of “hf auth login” is found by itself.",
}


class TokenDialog(QDialog):
    """Signals: `named` (a token to keep), `forget_requested`."""

    named = Signal(str)
    forget_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Hub token")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._token = QLineEdit()
        self._token.setEchoMode(QLineEdit.EchoMode.Password)
        self._token.setAccessibleName("Token of the model hub")
        self._token.setPlaceholderText("hf_…")
        self._token.textChanged.connect(self._follow)
        self._note = label("", "small", wrap=True)
        self._keep = button(theme, "Keep in the keyring", "primary", size="large")
        self._keep.setDefault(True)
        self._keep.clicked.connect(self._take)
        self._forget = button(theme, "Forget", size="large", tip="Take the token out of the keyring")
        self._forget.clicked.connect(self._let_go)
        cancel = button(theme, "Cancel", size="large")
        cancel.clicked.connect(self.reject)
        words = (
            "Gated and private models need it. It is kept in the system's keyring, in no file, log or report of ours."
        )
        layout = column(
            label("Hub token", "title"), label(words, "muted", wrap=True), 4, self._token, self._note, 8, spacing=6
        )
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(row(self._forget, None, cancel, self._keep))
        self.setLayout(layout)
        self.setMinimumWidth(440)

    def ask(self, place: Place) -> None:
        """Begin with an empty field; `place` is where the token is found now."""
        self._token.clear()
        self._note.setText(_KNOWN[place])
        self._forget.setEnabled(place == "keyring")
        self._follow()
        self._token.setFocus()
        self.open()

    def done(self, result: int) -> None:
        super().done(result)
        self._token.clear()

    def _follow(self) -> None:
        self._keep.setEnabled(bool(self._token.text().strip()))

    def _take(self) -> None:
        token = self._token.text().strip()
        self.accept()
        self.named.emit(token)

    def _let_go(self) -> None:
        self.accept()
        self.forget_requested.emit()
