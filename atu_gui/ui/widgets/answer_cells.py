"""Answers in tables: the words with what they give away, a mark below or before them, the probability of the gold
answer; and the two probabilities of a row as dots on a line.

A model hands each cell its value under `CELL`; the text roles say the same in plain words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from atu_gui.core import text
from atu_gui.core.leaks import MARK_WORDS, Mark, Span
from atu_gui.ui.theme import Theme

CELL = Qt.ItemDataRole.UserRole + 1
TALL, LOW = 61, 28
_Index = QModelIndex | QPersistentModelIndex
# Icon, soft background and ink of each mark; the icon keeps colour from being the only sign.
_MARKS: dict[Mark, tuple[str, str, str]] = {
    "leak": ("drop-fill", "bad_soft", "bad"),
    "clear": ("check", "good_soft", "good"),
    "told": ("", "raised", "muted"),
    "kept": ("check", "good_soft", "good"),
    "lost": ("warning", "warn_soft", "warn"),
    "none": ("", "", ""),
}
_PAD = 11


@dataclass(frozen=True, slots=True)
class Answer:
    """What a set of weights said.

    Attributes:
        words: The answer in one line.
        mark: What is to be seen at once.
        spans: Where the answer says what was asked for.
        logprob: Mean log-probability of the gold answer's tokens; None where none is known.
        weights: Names exactly what answered.
    """

    words: str
    mark: Mark = "none"
    spans: tuple[Span, ...] = ()
    logprob: float | None = None
    weights: str = ""

    @property
    def probability(self) -> float | None:
        """P(answer): the geometric mean of the probabilities of the gold answer's tokens."""
        return None if self.logprob is None else math.exp(self.logprob)

    def said(self) -> str:
        """Everything the cell shows, for screen readers and the tooltip."""
        parts = [self.words or "No words.", MARK_WORDS[self.mark]]
        if self.probability is not None:
            parts.append(f"P(answer) {text.number(self.probability)}")
        return "\n".join(part for part in (*parts, self.weights) if part)


class CellDelegate(QStyledItemDelegate):
    """Draws the row's background and leaves the rest to `paint_cell`."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        plain = QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        plain.text = ""
        style = plain.widget.style() if plain.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, plain, painter, plain.widget)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRect(option.rect).adjusted(_PAD, 0, -_PAD, -1)
        painter.setClipRect(rect)
        self.paint_cell(painter, rect, index)
        painter.restore()

    def paint_cell(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        """Draw what the cell holds into `rect`."""
        raise NotImplementedError

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(80, TALL)


class WordsDelegate(CellDelegate):
    """Plain words on two lines, or one in a low row; muted unless `strong`. A second part after a newline is a flag."""

    def __init__(self, theme: Theme, parent: QWidget, *, strong: bool = False) -> None:
        super().__init__(theme, parent)
        self._strong = strong

    def paint_cell(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        words, _, below = str(index.data(Qt.ItemDataRole.DisplayRole) or "").partition("\n")
        tall = rect.height() > 2 * LOW - 8
        font = self._theme.font(13, 500 if self._strong else 400, figures=False)
        colour = self._theme.color("text" if self._strong else "muted")
        lines = 1 if self._strong or not tall else 2
        top = rect.top() + (9 if tall else max(0, (rect.height() - 18) // 2))
        draw_words(painter, QRect(rect.left(), top, rect.width(), 18 * lines), words, font, colour, lines=lines)
        if tall and below:
            if index.data(CELL) == "told":
                _draw_tag(painter, self._theme, QPointF(rect.left(), top + 22), below, "quotes", "warn_soft", "warn")
            else:
                box = QRect(rect.left(), top + 21, rect.width(), 18)
                draw_words(painter, box, below, self._theme.font(12, figures=False), self._theme.color("muted"))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = super().createEditor(parent, option, index)
        editor.setAccessibleName("Question as sent")
        return editor


class AnswerDelegate(CellDelegate):
    """An `Answer`: words, then mark and probability below; in a low row the mark's icon stands before the words."""

    def paint_cell(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        answer = index.data(CELL)
        if not isinstance(answer, Answer):
            waiting = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
            font, colour = self._theme.font(13, figures=False), self._theme.color("faint")
            draw_words(painter, QRect(rect.left(), rect.top() + 9, rect.width(), 18), waiting, font, colour)
            return
        words = MARK_WORDS[answer.mark]
        icon, soft, ink = _MARKS[answer.mark]
        font = self._theme.font(13, figures=False)
        if rect.height() < TALL - 8:
            left, top = rect.left(), rect.top() + (rect.height() - 18) // 2
            if icon:
                self._theme.icon(icon, ink, 12).paint(painter, left, top + 3, 12, 12)
            box = QRect(left + 18, top, rect.width() - 18, 18)
            draw_words(painter, box, *self._seen(answer, font, box.width()))
            return
        top = rect.top() + 9
        line = QRect(rect.left(), top, rect.width(), 18)
        draw_words(painter, line, *self._seen(answer, font, line.width()))
        at = QPointF(rect.left(), top + 22)
        width = _draw_tag(painter, self._theme, at, words, icon, soft, ink) + 8 if words else 0
        if answer.probability is not None:
            painter.setFont(self._theme.font(12))
            painter.setPen(self._theme.color("muted"))
            box = QRect(rect.left() + int(width), top + 22, rect.width() - int(width), 20)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"P(answer) {text.number(answer.probability)}")

    def _seen(
        self, answer: Answer, font: QFont, width: int
    ) -> tuple[str, QFont, QColor, list[QTextLayout.FormatRange]]:
        """The words from where the first span can be seen, and how to draw them."""
        words, spans = answer.words or "No words.", answer.spans
        if spans and QFontMetricsF(font).horizontalAdvance(words[: spans[0][1]]) > width - 12:
            cut = words.rfind(" ", 0, max(0, spans[0][0] - 8)) + 1
            words = f"…{words[cut:]}" if cut else words
            spans = tuple((begin - cut + 1, end - cut + 1) for begin, end in spans) if cut else spans
        return words, font, self._theme.color("text"), self._marked(answer.mark, spans)

    def _marked(self, mark: Mark, spans: tuple[Span, ...]) -> list[QTextLayout.FormatRange]:
        """The spans in the manner of the mark: leaks on their colour, what is kept heavier."""
        form = QTextCharFormat()
        if mark == "leak":
            form.setBackground(self._theme.color("bad_soft"))
            form.setForeground(self._theme.color("bad"))
            form.setFontUnderline(True)
        elif mark == "kept":
            form.setFontWeight(QFont.Weight.DemiBold)
        else:
            form.setFontUnderline(True)
        ranges = []
        for begin, end in spans:
            one = QTextLayout.FormatRange()
            one.start, one.length, one.format = begin, end - begin, form
            ranges.append(one)
        return ranges


class DotsDelegate(CellDelegate):
    """Two probabilities (before, after) on a line from 0 to 1: a hollow circle and a filled one."""

    def paint_cell(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        pair = index.data(CELL)
        if not isinstance(pair, tuple):
            return
        before, after = pair
        tokens = self._theme.tokens
        left, width = rect.left() + 6, rect.width() - 12
        middle = rect.top() + (22 if rect.height() > 2 * LOW - 8 else rect.height() / 2)
        painter.setPen(QPen(QColor(tokens.edge), 1))
        for tick in (0.0, 0.5, 1.0):
            x = left + tick * width
            painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4))
        places = [left + min(1.0, max(0.0, value)) * width for value in (before, after) if value is not None]
        if len(places) == 2:
            painter.setPen(QPen(QColor(tokens.edge2), 1.5))
            painter.drawLine(QPointF(places[0], middle), QPointF(places[1], middle))
        if before is not None:
            painter.setPen(QPen(QColor(tokens.before), 1.5))
            painter.setBrush(QColor(tokens.panel))
            painter.drawEllipse(QPointF(left + before * width, middle), 4, 4)
        if after is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.after))
            painter.drawEllipse(QPointF(left + after * width, middle), 4.5, 4.5)


def draw_words(
    painter: QPainter,
    rect: QRect,
    words: str,
    font: QFont,
    colour: QColor,
    marked: list[QTextLayout.FormatRange] | None = None,
    *,
    lines: int = 1,
) -> None:
    """Words on up to `lines` lines of 18 pixels, the last one shortened with an ellipsis."""
    last, fits = _laid_out(QTextLayout(words, font), rect.width(), lines)
    shown = words
    if not fits:
        shown = words[:last] + QFontMetricsF(font).elidedText(
            words[last:], Qt.TextElideMode.ElideRight, rect.width() - 4
        )
    layout = QTextLayout(shown, font)
    layout.setFormats(marked or [])
    _laid_out(layout, rect.width(), lines)
    painter.setPen(colour)
    layout.draw(painter, QPointF(rect.topLeft()))


def _laid_out(layout: QTextLayout, width: int, lines: int) -> tuple[int, bool]:
    """Fill up to `lines` lines; where the last one begins, and whether everything fits."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere if lines > 1 else QTextOption.WrapMode.NoWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    begins, ends, wide = 0, 0, 0.0
    for number in range(lines):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        line.setPosition(QPointF(0, 18 * number))
        begins, ends, wide = line.textStart(), line.textStart() + line.textLength(), line.naturalTextWidth()
    layout.endLayout()
    return begins, ends >= len(layout.text()) and wide <= width


def _draw_tag(painter: QPainter, theme: Theme, at: QPointF, words: str, icon: str, soft: str, ink: str) -> float:
    """A small tag of 20 pixels; returns its width."""
    font = theme.font(12, 500, figures=False)
    painter.setFont(font)
    left = 6 + (16 if icon else 0)
    width = left + painter.fontMetrics().horizontalAdvance(words) + 6
    box = QRectF(at.x(), at.y(), width, 20)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(soft))
    painter.drawRoundedRect(box, 4, 4)
    if icon:
        theme.icon(icon, ink, 12).paint(painter, int(at.x()) + 6, int(at.y()) + 4, 12, 12)
    painter.setPen(theme.color(ink))
    painter.drawText(box.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)
    return width
