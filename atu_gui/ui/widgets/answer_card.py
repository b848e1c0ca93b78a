"""One answer of one set of weights: streaming, then complete with the exact weights that gave it."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QGuiApplication, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QStyle, QWidget

from atu_gui.core.chats import KeptAnswer
from atu_gui.core.text import capital
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, icon_button, label, row
from atu_gui.ui.widgets.markdown import looks_like_markdown, rendered

EDGE = 2
SIDES = ("Before", "After")


class Spinner(QWidget):
    """The answering mark: a ring of strokes that turns once per second, or stands where motion is reduced."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(125)
        self._timer.timeout.connect(self._turn)
        self.setFixedSize(12, 12)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._clock.start()
        # The style reports a duration of 0 where the system asks for less motion.
        if self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration):
            self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(6, 6)
        turned = self._clock.elapsed() // 125 if self._timer.isActive() else 0
        for stroke in range(8):
            colour = QColor(self._theme.tokens.muted)
            colour.setAlphaF(0.25 + 0.75 * ((stroke - turned) % 8) / 7)
            painter.setPen(QPen(colour, 1.2))
            painter.drawLine(0, -5, 0, -3)
            painter.rotate(45)

    @Slot()
    def _turn(self) -> None:
        self.update()


class AnswerCard(QFrame):
    """The card of side 0 (before: dashed left edge) or 1 (after: solid left edge)."""

    def __init__(self, theme: Theme, side: int, weights: str) -> None:
        super().__init__()
        self._theme = theme
        self._side = side
        self.setProperty("card", "raised")
        self._parts: list[str] = []
        self._done = False
        self._who, self._by, self._stopped, self._seconds = capital(weights), "", False, 0.0
        self._answer = label("", wrap=True)
        # Never markup: the words come from a model. Safe Markdown is rendered at the end.
        self._answer.setTextFormat(Qt.TextFormat.PlainText)
        self._answer.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._answer.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._answer.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._answer.setContentsMargins(0, 0, 8, 0)
        self._spinner = Spinner(theme)
        self._weights = label(f"{self._who} · waiting", "caption", wrap=True)
        self._weights.setTextFormat(Qt.TextFormat.PlainText)
        self._weights.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._copy = icon_button(theme, "copy", "Copy this answer")
        self._copy.clicked.connect(self.copy)
        # Its place is kept, so that the heads of a finished card and of one that answers are level.
        kept = self._copy.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._copy.setSizePolicy(kept)
        self._copy.hide()
        status = row(self._spinner, self._weights, self._copy, spacing=6)
        status.setStretch(1, 1)
        self._status = QWidget()
        self._status.setMinimumHeight(28)
        self._status.setLayout(status)
        self._name = _named(theme, SIDES[side])
        self._head = row(self._name)
        self._layout = column(spacing=2)
        self._layout.addLayout(self._head)
        self._layout.addWidget(self._answer, 1)
        self.setLayout(self._layout)
        self.set_compact(False)
        self._tell()
        theme.changed.connect(self._repaint)

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._parts)

    @property
    def done(self) -> bool:
        """Whether the answer is complete, stopped or failed."""
        return self._done

    @property
    def weights_shown(self) -> str:
        """What the card says about who answers."""
        return self._weights.text()

    def set_compact(self, compact: bool) -> None:
        """Name and weights in one line on top, or the weights below and no name, as the pickers say it."""
        self._name.setVisible(compact)
        if compact:
            self._head.addWidget(self._status, 1)
        else:
            self._layout.addWidget(self._status)
        self._layout.setContentsMargins(EDGE + 10, 0 if compact else 8, 4, 6 if compact else 2)

    def append(self, piece: str) -> None:
        """The next piece of the answer."""
        if not self._done:
            self._parts.append(piece)
            self._weights.setText(f"{self._who} · answering")
            self._tell()

    def finish(self, text: str, weights: str, stopped: bool, seconds: float) -> None:
        """The answer is complete; `weights` names exactly what answered."""
        self._parts = [text]
        self._by, self._stopped, self._seconds = weights, stopped, seconds
        self._end(capital(f"{weights} · stopped" if stopped else weights))
        self._weights.setToolTip(f"{weights}, {seconds:.1f} s")
        self._copy.setVisible(bool(text.strip()))
        if looks_like_markdown(text):
            # Rendered once it is complete: half of a mark would make the words jump.
            self._answer.setTextFormat(Qt.TextFormat.RichText)
            self._answer.setText(rendered(text.strip(), self._theme.font(13, figures=False)))
        if not text.strip():
            self._answer.setText("No words." if not stopped else "Stopped before the first word.")

    def kept(self) -> KeptAnswer:
        """What was said, with exactly what answered."""
        return KeptAnswer(self._by or self._weights.text(), self.text, self._stopped, self._seconds)

    def fail(self, words: str) -> None:
        """There will be no (more) answer."""
        if not self._done:
            self._end(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        tokens = self._theme.tokens
        painter = QPainter(self)
        if self._side:
            painter.fillRect(QRectF(0, 0, EDGE, self.height()), QColor(tokens.after))
            return
        pen = QPen(QColor(tokens.before), EDGE)
        pen.setDashPattern([2.5, 2.5])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(EDGE // 2, 0, EDGE // 2, self.height())

    @Slot()
    def copy(self) -> None:
        """Put the answer on the clipboard."""
        QGuiApplication.clipboard().setText(self.text)

    def _end(self, words: str) -> None:
        self._done = True
        self._spinner.hide()
        self._weights.setText(words)
        self._tell()

    def _tell(self) -> None:
        self._answer.setText(self.text.strip())
        self.setAccessibleName(f"{SIDES[self._side]}: {self.text}")

    @Slot()
    def _repaint(self) -> None:
        self.update()


def _named(theme: Theme, words: str) -> QLabel:
    made = label(words)
    made.setFont(theme.font(12, 600))
    return made
