"""A text as a row of tokens, each on a colour that tells its similarity to the concept, with the value below it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from atu_gui.core import text
from atu_gui.core.look import mix
from atu_gui.core.tokens import TokenLine
from atu_gui.ui.theme import Theme

# Where the colours end at least; a head that is well aligned sees more than this in every token.
LEAST_TOP = 0.4
_MOST = 0.85
_CELL, _LINE, _GAP = 22, 42, 2


def top_of(lines: Iterable[TokenLine]) -> float:
    """Where the colours of these lines end, so that they tell tokens apart: the next fifth above all similarities."""
    largest = max((value for line in lines for value in line.similarities if math.isfinite(value)), default=0.0)
    return min(1.0, max(LEAST_TOP, math.ceil(5 * largest) / 5))


def heat(theme: Theme, value: float, top: float) -> str:
    """The colour of a similarity: the panel's own at 0, mixed towards the similarity colour up to `top` and above."""
    share = _MOST * min(1.0, max(0.0, value / top))
    return mix(theme.tokens.similarity, theme.tokens.panel, share)


def ink(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour."""
    return "#000000" if _luminance(colour) > 0.179 else "#FFFFFF"


class TokenStrip(QWidget):
    """The tokens of one side, over as many lines as they need; arrow keys walk through them."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self._line: TokenLine | None = None
        self._top = LEAST_TOP
        self._boxes: list[QRectF] = []
        self._at = -1
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._tell()
        theme.changed.connect(self.update)

    def show_line(self, line: TokenLine | None, top: float = LEAST_TOP) -> None:
        """Show a text, or nothing; colours end at the similarity `top`."""
        self._line, self._top, self._at = line, top, -1
        self._boxes, _ = self._laid_out(self.width())
        self.updateGeometry()
        self._tell()
        self.update()

    @property
    def line(self) -> TokenLine | None:
        """What is shown."""
        return self._line

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._laid_out(width)[1]

    def sizeHint(self) -> QSize:
        return QSize(400, self.heightForWidth(max(200, self.width())))

    def resizeEvent(self, event: QEvent) -> None:
        self._boxes, _ = self._laid_out(self.width())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps and self._boxes:
            self._at = min(len(self._boxes) - 1, max(0, self._at + steps[Qt.Key(event.key())]))
            self._tell()
            self.update()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            at = self.token_at(event.pos())
            QToolTip.showText(event.globalPos(), self.words_of(at) if at >= 0 else "", self)
            return True
        return super().event(event)

    def token_at(self, place: QPoint) -> int:
        """Index of the token under a point; −1 where there is none."""
        return next((at for at, box in enumerate(self._boxes) if box.contains(place)), -1)

    def words_of(self, at: int) -> str:
        """One token with its value, and whether it lies above τ."""
        assert self._line is not None
        value = self._line.similarities[at]
        side = "above" if value > self._line.tau else "not above"
        return f"“{self._line.tokens[at]}”: {text.number(value, 3)}, {side} τ {text.number(self._line.tau)}"

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._line is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, tau = self._theme.tokens, self._line.tau
        mono, small = self._theme.font(12, mono=True), self._theme.font(11)
        for at, (box, word, value) in enumerate(
            zip(self._boxes, self._line.tokens, self._line.similarities, strict=True)
        ):
            if not event.rect().intersects(box.adjusted(0, 0, 0, 20).toAlignedRect()):
                continue
            colour = heat(self._theme, value, self._top)
            painter.fillRect(box, QColor(colour))
            painter.setPen(QColor(ink(colour)))
            painter.setFont(mono)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _shown(word))
            above = value > tau
            if above:
                painter.fillRect(QRectF(box.left(), box.bottom() - 2, box.width(), 2), QColor(tokens.text))
            painter.setFont(small)
            painter.setPen(QColor(tokens.text if above else tokens.muted))
            below = QRectF(box.left() - 4, box.bottom() + 1, box.width() + 8, 14)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text.number(value))
            if at == self._at and self.hasFocus():
                painter.setPen(QPen(QColor(tokens.accent_text), 1.5))
                painter.drawRect(box.adjusted(1, 1, -1, -1))

    def _laid_out(self, width: int) -> tuple[list[QRectF], int]:
        """The boxes for a width, and the height they need."""
        metrics = QFontMetricsF(self._theme.font(12, mono=True))
        boxes = []
        x, y = 0.0, 0.0
        for word in self._line.tokens if self._line is not None else ():
            wide = max(30.0, metrics.horizontalAdvance(_shown(word)) + 10)
            if x and x + wide > width:
                x, y = 0.0, y + _LINE
            boxes.append(QRectF(x, y, wide, _CELL))
            x += wide + _GAP
        return boxes, int(y) + _LINE

    def _tell(self) -> None:
        if self._line is None:
            words = "nothing shown"
        elif self._at >= 0:
            words = self.words_of(self._at)
        else:
            words = f"{len(self._line.tokens)} tokens, {self._line.above} above τ {text.number(self._line.tau)}"
        self.setAccessibleName(f"{self._name}: {words}")


def _shown(word: str) -> str:
    """White space that matters is made visible; the space before a word is not."""
    return word.replace("\n", "↵").strip(" ") or "␣"


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, 0 to 1."""
    made = QColor(colour)
    parts = []
    for part in (made.redF(), made.greenF(), made.blueF()):
        parts.append(part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
