"""Texts in groups, each with a bar for its similarity to the concept; what lies above τ is marked with a dot."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from atu_gui.core import text
from atu_gui.core.preview import GROUPS, Preview, PreviewLine
from atu_gui.ui.theme import Theme

_ROW, _HEADING = 22, 26
_VALUE, _BAR, _DOT = 36, 64, 10
_FEW = 3
Entry = PreviewLine | tuple[str, str]


class SimilarityList(QWidget):
    """Paints headings and lines; arrow keys move from line to line, a tooltip has the whole text."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._found: Preview | None = None
        self._tau: float | None = None
        self._whole = False
        self._at = -1
        self._entries: list[Entry] = []
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is listed: lines, and headings with their words on the right."""
        return tuple(self._entries)

    def show_preview(self, found: Preview | None, tau: float | None, *, whole: bool) -> None:
        """List the closest texts of every group, or all of them, against τ where it is a number."""
        self._found, self._tau, self._whole = found, tau, whole
        self._entries = []
        for group, title in GROUPS.items():
            lines = found.of(group) if found is not None else ()
            if not lines:
                continue
            pushed = sum(line.above(tau) > 0 for line in lines) if tau is not None else 0
            words = f"{pushed} of {len(lines)} above τ" if tau is not None else text.count(len(lines), "text")
            self._entries += [(title, words), *(lines if whole else lines[:_FEW])]
        self._at = min(self._at, len(self._entries) - 1)
        self._tell()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, sum(map(_height, self._entries)))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def words_of(self, line: PreviewLine) -> str:
        """The whole text of a line and its figures."""
        note = f" ({line.note})" if line.note else ""
        count = len(line.similarities)
        words = f"{line.text}{note}\nClosest of {text.count(count, 'window')}: {text.number(line.similarity)}"
        if self._tau is None:
            return words
        return f"{words}; {line.above(self._tau)} above τ {text.number(self._tau)}"

    def line_at(self, y: float) -> PreviewLine | None:
        """The line at a height; None on a heading."""
        top = 0
        for entry in self._entries:
            top += _height(entry)
            if y < top:
                return entry if isinstance(entry, PreviewLine) else None
        return None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        at = self._at + step
        while 0 <= at < len(self._entries) and not isinstance(self._entries[at], PreviewLine):
            at += step
        if 0 <= at < len(self._entries):
            self._at = at
            self._tell()
            self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            line = self.line_at(event.pos().y())
            QToolTip.showText(event.globalPos(), self.words_of(line) if line is not None else "", self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = 0
        for at, entry in enumerate(self._entries):
            area = QRectF(0, top, self.width(), _height(entry))
            if isinstance(entry, PreviewLine):
                self._paint_line(painter, area, entry)
                if at == self._at and self.hasFocus():
                    painter.setPen(QPen(self._theme.color("accent_text"), 1.5))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 3, 3)
            else:
                self._paint_heading(painter, area, entry)
            top += _height(entry)

    def _paint_heading(self, painter: QPainter, area: QRectF, words: tuple[str, str]) -> None:
        area = area.adjusted(0, 4, 0, 0)
        painter.setPen(self._theme.color("muted"))
        painter.setFont(self._theme.font(12))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words[0])
        painter.setFont(self._theme.font(11))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words[1])

    def _paint_line(self, painter: QPainter, area: QRectF, line: PreviewLine) -> None:
        tokens, middle = self._theme.tokens, area.center().y()
        pushed = self._tau is not None and line.above(self._tau) > 0
        painter.setPen(Qt.PenStyle.NoPen)
        if pushed:
            painter.setBrush(QColor(tokens.accent_text))
            painter.drawEllipse(QPointF(3, middle), 2.5, 2.5)
        bar = QRectF(area.right() - _VALUE - _BAR, middle - 3, _BAR, 6)
        painter.fillRect(bar, QColor(tokens.line))
        share = min(1.0, max(0.0, line.similarity))
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), QColor(tokens.similarity))
        if self._tau is not None and 0.0 <= self._tau <= 1.0:
            x = bar.left() + bar.width() * self._tau
            painter.setPen(QPen(QColor(tokens.accent_text), 1.5))
            painter.drawLine(QPointF(x, bar.top() - 3), QPointF(x, bar.bottom() + 3))
        painter.setPen(QColor(tokens.text if pushed or self._tau is None else tokens.muted))
        painter.setFont(self._theme.font(12, figures=False))
        room = QRectF(_DOT, area.top(), bar.left() - _DOT - 8, area.height())
        words = painter.fontMetrics().elidedText(
            " ".join(line.text.split()), Qt.TextElideMode.ElideRight, int(room.width())
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        painter.setFont(self._theme.font(11))
        painter.drawText(
            area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text.number(line.similarity)
        )

    def _tell(self) -> None:
        entry = self._entries[self._at] if self._at >= 0 else None
        headings = "; ".join(": ".join(one) for one in self._entries if not isinstance(one, PreviewLine))
        words = self.words_of(entry) if isinstance(entry, PreviewLine) else headings or "nothing listed"
        self.setAccessibleName(f"Similarity to the concept: {words}")


def _height(entry: Entry) -> int:
    return _ROW if isinstance(entry, PreviewLine) else _HEADING
