"""Where in a text the concept is seen: each token on the colour of its similarity, before against after."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from atu_gui.core import text
from atu_gui.core.tokens import TokenLine
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_card import SIDES
from atu_gui.ui.widgets.basics import Elided, button, label, row, set_property
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.token_strip import LEAST_TOP, TokenStrip, heat, top_of

_SIDE_WIDTH = 150


class _Scale(QWidget):
    """The colours from 0 to where they end, with a tick at τ."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tau, self._top = 0.0, LEAST_TOP
        self.setFixedSize(112, 12)
        theme.changed.connect(self.update)

    def show_range(self, tau: float, top: float) -> None:
        """Where the tick stands, and the similarity at which the colours end."""
        self._tau, self._top = tau, top
        self.setAccessibleName(f"Colours of similarities from 0 to {text.number(top, 1)}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        for part in range(14):
            painter.fillRect(part * 8, 0, 8, 12, heat(self._theme, self._top * part / 13, self._top))
        at = round(self.width() * min(1.0, max(0.0, self._tau / self._top)))
        painter.fillRect(at - 1, 0, 2, 12, self._theme.color("text"))


class TokensPanel(QWidget):
    """Two strips of tokens, and a field for any text.

    Signal: `look_requested` (a text, to be read by both sets of weights).
    """

    look_requested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.field = QLineEdit()
        self.field.setPlaceholderText("Any text: a passage, a question, an answer")
        self.field.setAccessibleName("Text to look at")
        self.field.setMinimumWidth(220)
        self.field.returnPressed.connect(self._look)
        self._button = button(theme, "Show tokens", tip="Colour each token, before and after.")
        self._button.clicked.connect(self._look)
        self._about = Elided("", Qt.TextElideMode.ElideRight)
        set_property(self._about, "role", "small")
        self._scale = _Scale(theme)
        self._top, self._tau = label("", "small"), label("", "small")
        self._legend = QWidget()
        self._legend.setLayout(row(label("Similarity 0.0", "small"), self._scale, self._top, self._tau, spacing=6))
        self.strips = tuple(TokenStrip(theme, side) for side in SIDES)
        self._names = tuple(label(side, "heading") for side in SIDES)
        self._facts = tuple(label("", "caption", wrap=True) for _ in SIDES)
        self._note = label("", "muted", wrap=True)
        self._lay_out()
        self._say_nothing()

    def show_lines(self, lines: tuple[TokenLine, ...], about: str) -> None:
        """Show what the weights read; `about` says what the text is.

        Both sides are held against one τ, that of the last side, so that they can be compared.
        """
        tau = lines[-1].tau
        lines, top = tuple(replace(line, tau=tau) for line in lines), top_of(lines)
        for at, strip in enumerate(self.strips):
            line = lines[at] if at < len(lines) else None
            strip.show_line(line, top)
            self._facts[at].setText(_facts(line) if line is not None else "")
        self._tau.setText(f"underlined: above τ {text.number(tau)}")
        self._top.setText(text.number(top, 1))
        self._scale.show_range(tau, top)
        self._about.setText(about)
        self._about.setToolTip(about)
        self._legend.show()
        self._stack.setCurrentIndex(1)

    def show_failure(self, words: str) -> None:
        """Say in the panel why there is nothing to see."""
        self._note.setText(words)
        self._legend.hide()
        self._about.setText("")
        self._stack.setCurrentIndex(2)

    def show_busy(self, busy: bool) -> None:
        """Whether a text is being read."""
        self._button.setEnabled(not busy)
        self._button.setText("Reading" if busy else "Show tokens")

    def clear(self) -> None:
        """Another run is shown: what its heads saw is not this."""
        for strip in self.strips:
            strip.show_line(None)
        self._say_nothing()

    def _say_nothing(self) -> None:
        self._legend.hide()
        self._about.setText("")
        self._stack.setCurrentIndex(0)

    @Slot()
    def _look(self) -> None:
        words = self.field.text().strip()
        if words:
            self.look_requested.emit(words)

    def _lay_out(self) -> None:
        top = row(self.field, self._button, self._about, None, self._legend)
        top.setStretch(0, 1)
        top.setContentsMargins(12, 6, 12, 6)
        inside = QWidget()
        inside.setProperty("plain", "true")
        strips = QVBoxLayout(inside)
        strips.setContentsMargins(12, 6, 12, 6)
        strips.setSpacing(10)
        for at, strip in enumerate(self.strips):
            side = QWidget()
            side.setFixedWidth(_SIDE_WIDTH)
            words = QVBoxLayout(side)
            words.setContentsMargins(0, 0, 0, 0)
            words.setSpacing(1)
            words.addWidget(self._names[at])
            words.addWidget(self._facts[at])
            words.addStretch(1)
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(side)
            line.addWidget(strip, 1)
            strips.addLayout(line)
        strips.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        failed = QWidget()
        failed.setLayout(row(self._note))
        failed.layout().setContentsMargins(12, 12, 12, 12)  # type: ignore[union-attr]
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(
            Empty(
                self._theme,
                "text-aa",
                "No text yet",
                "Type a text above, or press Aa at an answer of the chat. The heads of a finished round judge it.",
            )
        )
        self._stack.addWidget(scroll)
        self._stack.addWidget(failed)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(body, 1)
        self.setFocusProxy(self.field)


def _facts(line: TokenLine) -> str:
    cut = "; the beginning only" if line.cut else ""
    above = f"{line.above} of {len(line.tokens)} above τ{cut}"
    return f"{text.capital(line.weights)}\n{above}\nhead of round {line.head_round}"
