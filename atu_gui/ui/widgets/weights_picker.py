"""Chooses which weights answer on one side: a button of two lines, or of one, with a menu."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from atu_gui.core.ports import Weights
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import set_property

_TALL, _FLAT = 40, 34


class WeightsPicker(QPushButton):
    """Side 0 has a hollow mark, side 1 a filled one.

    Signals:
        chosen: The weights have changed.
    """

    chosen = Signal()

    def __init__(self, theme: Theme, side: int, name: str, preferred: Weights, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._side = side
        self._name = name
        self._weights = preferred
        self._choices: list[tuple[str, Weights]] = []
        self._others: list[tuple[str, Weights]] = []
        self.choices_menu = QMenu(name, self)
        # Clearing a menu leaves the menus within it behind, so this one serves every list.
        self._others_menu = QMenu("Another run", self.choices_menu)
        self._group = QActionGroup(self)
        self._group.triggered.connect(self._pick)
        self.setMenu(self.choices_menu)
        self._flat = False
        self.set_flat(False)
        self.setMinimumWidth(96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._repaint)
        self._tell()

    @property
    def weights(self) -> Weights:
        """What answers."""
        return self._weights

    @property
    def label(self) -> str:
        """Its words in the list, or its own."""
        listed = (*self._choices, *self._others)
        return next((words for words, weights in listed if weights == self._weights), self._weights.label)

    def set_choices(self, choices: list[tuple[str, Weights]], others: Sequence[tuple[str, Weights]] = ()) -> None:
        """Replace the list, and that of other runs. A choice that is gone gives way to the first of the list (before)
        or to its last (after)."""
        self._choices, self._others = list(choices), list(others)
        if choices and self._weights not in (weights for _, weights in (*choices, *others)):
            self._weights = choices[-1 if self._side else 0][1]
            self.chosen.emit()
        for menu in (self.choices_menu, self._others_menu):
            menu.clear()
        self._offer(self.choices_menu, choices)
        if others:
            self.choices_menu.addSeparator()
            self.choices_menu.addMenu(self._others_menu)
            self._offer(self._others_menu, others)
        self._tell()

    def choose(self, weights: Weights) -> None:
        """Take these weights, listed or not."""
        if weights != self._weights:
            self._weights = weights
            self._tell()
            self.chosen.emit()

    def set_flat(self, flat: bool) -> None:
        """One line, with the weights alone; the name is then said by the mark, the tooltip and the answers below."""
        self._flat = flat
        # The style sheet has the last word about the least height; else a full panel would squeeze the second line out.
        set_property(self, "measure", "flat-picker" if flat else "picker")
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, _FLAT if self._flat else _TALL)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(tokens.after if self._side else tokens.before)
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if self._side else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(15, self.height() / 2), 4, 4)
        right = self.width() - 24
        lines = [
            (4, self._name, "text", self._theme.font(12, 500)),
            (20, self.label, "muted", self._theme.font(11)),
        ]
        if self._flat:
            lines = [(self.height() // 2 - 8, self.label, "text", self._theme.font(12))]
        for top, words, token, font in lines:
            painter.setFont(font)
            painter.setPen(QColor(getattr(tokens, token)))
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, right - 28)
            painter.drawText(QRect(28, top, right - 28, 16), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.setPen(QPen(QColor(tokens.muted), 1.2))
        middle = self.height() / 2
        painter.drawPolyline(
            [QPointF(right + 4, middle - 2), QPointF(right + 8, middle + 2), QPointF(right + 12, middle - 2)]
        )

    def _offer(self, menu: QMenu, choices: Sequence[tuple[str, Weights]]) -> None:
        for words, weights in choices:
            action = menu.addAction(words.replace("&", "&&"))
            action.setCheckable(True)
            action.setData(weights)
            self._group.addAction(action)

    @Slot(QAction)
    def _pick(self, action: QAction) -> None:
        self.choose(action.data())

    def _tell(self) -> None:
        for action in self._group.actions():
            action.setChecked(action.data() == self._weights)
        self.setAccessibleName(f"{self._name}: {self.label}")
        self.setToolTip(f"{self._name}: {self.label}")
        self.update()

    @Slot()
    def _repaint(self) -> None:
        self.update()
