"""A small line in a table cell: the τ of every round of a run."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from atu_gui.ui.theme import Theme

VALUES_ROLE = Qt.ItemDataRole.UserRole + 1
# Paths that differ by less look flat, as they are.
_LEAST_SPAN = 0.2
_MARGIN_X, _MARGIN_Y = 12, 8


class Sparkline(QStyledItemDelegate):
    """Draws the numbers that a cell holds under `VALUES_ROLE` as steps, on top of the cell's usual background."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        values: tuple[float, ...] = index.data(VALUES_ROLE) or ()
        if not values:
            return
        area = option.rect.adjusted(_MARGIN_X, _MARGIN_Y, -_MARGIN_X, -_MARGIN_Y)
        low, high = min(values), max(values)
        middle, span = (low + high) / 2, max(high - low, _LEAST_SPAN)
        width = area.width() / len(values)
        points = []
        for number, value in enumerate(values):
            y = area.center().y() - (value - middle) / span * area.height()
            points += [QPointF(area.left() + number * width, y), QPointF(area.left() + (number + 1) * width, y)]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.tokens.accent_text), 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.restore()
