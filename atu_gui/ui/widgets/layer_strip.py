"""One bar per layer of the model: how well a probe there aligns, and how well it tells the concept; click to pick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from atu_gui.core import text
from atu_gui.core.events import LayerScored
from atu_gui.ui.theme import Theme

HEIGHT = 86
_TOP, _BOTTOM, _SIDE = 12, 16, 4
_GAP = 0.2
_DOT = 1.7
_MARK = 4.0


class LayerStrip(QWidget):
    """Bars are align cosines, dots are AUCs, both from the floor up to 1; a triangle marks the suggested layer.

    Signal: `picked` (layers, by mouse or key; ascending).
    """

    picked = Signal(tuple)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._scores: dict[int, LayerScored] = {}
        self._depth = 1
        self._picks: tuple[int, ...] = ()
        self._cursor = 1
        self._suggested: int | None = None
        self._locked = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Layers of the model")
        theme.changed.connect(self.update)

    @property
    def picks(self) -> tuple[int, ...]:
        """The layers that are picked."""
        return self._picks

    def clear(self, depth: int) -> None:
        """A model of this depth, not measured yet."""
        self._scores, self._depth, self._suggested = {}, max(1, depth), None
        self.update()

    def add(self, score: LayerScored) -> None:
        """A layer was measured."""
        self._depth = score.depth
        self._scores[score.layer] = score
        self._describe()

    def suggest(self, layer: int) -> None:
        """Mark a layer."""
        self._suggested = layer
        self._describe()

    def show_picks(self, layers: Iterable[int]) -> None:
        """Fill these bars; no signal."""
        self._picks = tuple(sorted(set(layers)))
        if self._picks and self._cursor not in self._picks:
            self._cursor = self._picks[0]
        self._describe()

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the layers."""
        self._locked = locked

    def words(self, layer: int) -> str:
        """What was measured at a layer."""
        score = self._scores.get(layer)
        if score is None:
            return f"Layer {layer}: not measured"
        area = "" if score.auc is None else f", AUC {text.number(score.auc)}"
        hint = ". Suggested" if layer == self._suggested else ""
        return f"Layer {layer}: cosine {text.number(score.cosine)}{area}{hint}"

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            words = self.words(self._layer_at(event.pos().x()))
            QToolTip.showText(event.globalPos(), f"{words}\nClick to aim here; Shift+click adds or takes away", self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            several = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._pick(self._layer_at(event.position().x()), several=several)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        layers = self._measured()
        if not layers:
            event.ignore()
            return
        at = min(range(len(layers)), key=lambda index: abs(layers[index] - self._cursor))
        moves = {
            Qt.Key.Key_Left: at - 1,
            Qt.Key.Key_Right: at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(layers) - 1,
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        layer = layers[min(max(move, 0), len(layers) - 1)]
        self._pick(layer, several=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.color("plot"))
        painter.setPen(Qt.PenStyle.NoPen)
        for layer, score in sorted(self._scores.items()):
            token = "accent" if layer in self._picks else "edge"
            painter.setBrush(self._theme.color(token))
            painter.drawRect(self._bar(layer, score.cosine))
        painter.setBrush(self._theme.color("similarity"))
        painter.setPen(QPen(self._theme.color("plot"), 1))
        for layer, score in self._scores.items():
            if score.auc is not None:
                bar = self._bar(layer, score.auc)
                painter.drawEllipse(QPointF(bar.center().x(), bar.top()), _DOT + 0.5, _DOT + 0.5)
        self._draw_mark(painter)
        self._draw_numbers(painter)

    def _draw_mark(self, painter: QPainter) -> None:
        if self._suggested is None:
            return
        x = self._middle(self._suggested)
        points = (QPointF(x - _MARK, 2), QPointF(x + _MARK, 2), QPointF(x, 2 + 1.5 * _MARK))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent_text"))
        painter.drawPolygon(QPolygonF(points))

    def _draw_numbers(self, painter: QPainter) -> None:
        every = 10 if self._depth > 12 else 5 if self._depth > 6 else 1
        usual = [1, *range(every, self._depth + 1, every)]
        shown = [
            *(n for n in self._picks if n <= self._depth),
            *(n for n in usual if all(abs(n - pick) > self._depth / 14 for pick in self._picks)),
        ]
        for layer in dict.fromkeys(shown):
            own = layer in self._picks
            painter.setFont(self._theme.font(11, 600 if own else 400))
            painter.setPen(self._theme.color("accent_text" if own else "muted"))
            left = min(max(self._middle(layer) - 14, 0.0), self.width() - 28.0)
            box = QRectF(left, self.height() - _BOTTOM + 1, 28, _BOTTOM - 1)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(layer))

    def _pick(self, layer: int, *, several: bool) -> None:
        if self._locked or not self._scores:
            return
        self._cursor = layer
        if several:
            picks = set(self._picks) ^ {layer}
            # One layer always stays.
            picks = picks or {layer}
        else:
            picks = {layer}
        if tuple(sorted(picks)) != self._picks:
            self.show_picks(picks)
            self._cursor = layer
            self.picked.emit(self._picks)

    def _measured(self) -> Sequence[int]:
        return sorted(self._scores)

    def _layer_at(self, x: float) -> int:
        wanted = (x - _SIDE) / max(1.0, self.width() - 2 * _SIDE) * self._depth + 0.5
        layers = self._measured() or [1]
        return min(layers, key=lambda layer: abs(layer - wanted))

    def _middle(self, layer: int) -> float:
        return _SIDE + (layer - 0.5) / self._depth * (self.width() - 2 * _SIDE)

    def _bar(self, layer: int, value: float) -> QRectF:
        width = (1 - _GAP) / self._depth * (self.width() - 2 * _SIDE)
        room = self.height() - _TOP - _BOTTOM
        height = room * min(max(value, 0.0), 1.0)
        return QRectF(self._middle(layer) - width / 2, self.height() - _BOTTOM - height, width, height)

    def _describe(self) -> None:
        self.setAccessibleDescription(". ".join(self.words(layer) for layer in self._picks))
        self.update()
