"""Where a question is typed: Enter sends, Shift+Enter breaks the line; while an answer is written it offers to stop."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit, QSizePolicy, QToolButton, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, icon_button, row

TALL, FLAT = 84, 34
_TEMPERATURES = {
    0.0: "Temperature 0: always the likeliest token",
    0.5: "Temperature 0.5: drawn, near the likeliest",
    0.8: "Temperature 0.8: drawn freely",
}
PLACEHOLDER = "Ask both models the same question"


class Sampling(QToolButton):
    """How answers are drawn, for both sides alike: the likeliest tokens, or tokens drawn by a seed."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.temperature, self.seed = 0.0, 0
        self.setFont(theme.font(12))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu("Sampling", self)
        group = QActionGroup(menu)
        for temperature, words in _TEMPERATURES.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setData(temperature)
            action.setChecked(temperature == self.temperature)
            group.addAction(action)
        group.triggered.connect(self._choose)
        self.setMenu(menu)
        self._tell()

    def draw_anew(self) -> None:
        """Another seed, where the seed matters."""
        if self.temperature > 0:
            self.seed += 1
            self._tell()

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self.temperature, self.seed = float(action.data()), 0
        self._tell()

    def _tell(self) -> None:
        self.setText(f"seed {self.seed} · temp {self.temperature:g}")
        self.setAccessibleName(f"Sampling: {self.text()}")
        self.setToolTip("How answers are drawn, for both sides alike. Asking again draws with the next seed.")


class PromptBox(QFrame):
    """A field with its buttons inside one frame; tall with a row below, or flat in a single line.

    Signals:
        sent: The question, trimmed and not empty.
        rephrase_requested: What was typed should be asked in many ways; may be empty.
        stop_requested: The answer being written should end.
    """

    sent = Signal(str)
    rephrase_requested = Signal(str)
    stop_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._answering = False
        self.setObjectName("prompt_box")
        self.field = QPlainTextEdit(self)
        self.field.setPlaceholderText(PLACEHOLDER)
        self.field.setAccessibleName(PLACEHOLDER)
        self.field.setTabChangesFocus(True)
        self.field.setFrameShape(QFrame.Shape.NoFrame)
        self.field.document().setDocumentMargin(0)
        self.field.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.field.installEventFilter(self)
        self._settings = Sampling(theme)
        self._send = button(theme, "Ask", "primary", size="compact")
        self._arrow = icon_button(theme, "arrow-right", "Ask", "on_accent")
        self._arrow.setObjectName("send_arrow")
        self._stop = button(theme, "Stop answer", icon="square", size="compact")
        self._rephrase = button(theme, "Rephrase 9 ways", "quiet", "sparkle", size="compact")
        self._rephrase.setToolTip("Ask this question in nine other ways, before and after.")
        self._rephrase.clicked.connect(self._hand_over)
        for sender in (self._send, self._arrow):
            sender.clicked.connect(self.send)
        self._stop.clicked.connect(self.stop_requested)
        self._foot = QWidget(self)
        self._foot.setLayout(row(self._rephrase, None, self._settings, self._send, self._arrow, self._stop, spacing=10))
        self._flat, self._wide = False, True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._recolour)
        self._recolour()
        self.set_flat(False)

    def set_flat(self, flat: bool, *, wide: bool = True) -> None:
        """One line, or a field with a row of buttons below; in a line that is not wide only what asks has room."""
        self._flat, self._wide = flat, wide or not flat
        self.setFixedHeight(FLAT if flat else TALL)
        self._rephrase.setVisible(self._wide)
        self._refresh()
        self._place()

    def set_answering(self, answering: bool) -> None:
        """While an answer is written, “Stop answer” takes the place of the button that asks."""
        self._answering = answering
        self._refresh()
        self._place()

    @property
    def sampling(self) -> Sampling:
        """Temperature and seed."""
        return self._settings

    @property
    def answering(self) -> bool:
        """Whether the box offers to stop."""
        return self._answering

    @Slot()
    def send(self) -> None:
        """Send what was typed, unless it is empty or an answer is being written."""
        words = self.field.toPlainText().strip()
        if words and not self._answering:
            self.field.clear()
            self.sent.emit(words)

    @Slot()
    def _hand_over(self) -> None:
        self.rephrase_requested.emit(self.field.toPlainText().strip())

    def resizeEvent(self, event: QEvent) -> None:
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shifted:
                self.send()
                return True
        elif event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._recolour()
        return super().eventFilter(watched, event)

    def _refresh(self) -> None:
        self._stop.setVisible(self._answering)
        # They are settled for the answer that is written, and the way to stop needs their room.
        self._settings.setVisible(self._wide and not self._answering)
        self._send.setVisible(not self._answering and not self._flat)
        self._arrow.setVisible(not self._answering and self._flat)

    def _place(self) -> None:
        """By hand, because the row moves between below and beside the field."""
        width = self._foot.sizeHint().width()
        if self._flat:
            self._foot.setGeometry(self.width() - width - 3, 3, width, self.height() - 6)
            self.field.setGeometry(9, 8, self.width() - width - 22, self.height() - 12)
        else:
            self._foot.setGeometry(9, self.height() - 36, self.width() - 18, 28)
            self.field.setGeometry(9, 9, self.width() - 18, self.height() - 48)

    @Slot()
    def _recolour(self) -> None:
        tokens = self._theme.tokens
        edge = tokens.accent_text if self.field.hasFocus() else tokens.edge
        self.setStyleSheet(
            f"QFrame#prompt_box {{ background: {tokens.raised}; border: 1px solid {edge}; border-radius: 4px; }}"
            "QPlainTextEdit { background: transparent; border: none; padding: 0; }"
            f"QToolButton#send_arrow {{ background: {tokens.accent}; }}"
            f"QToolButton#send_arrow:hover {{ background: {tokens.accent_hover}; }}"
        )
