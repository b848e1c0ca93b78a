"""What forgetting costs: forget recall against token loss, one dot per round."""

from __future__ import annotations

import itertools
import math

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QGraphicsEllipseItem, QWidget

from atu_gui.core import text
from atu_gui.core.look import Tokens
from atu_gui.core.round_marks import RoundDot
from atu_gui.ui.qt_compat import pg
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column
from atu_gui.ui.widgets.label_room import along, around, covered, freest, spot
from atu_gui.ui.widgets.legend import PlotTitle, Stroke
from atu_gui.ui.widgets.plot_base import AXIS_HEIGHT, TICK_ROOM, PixelText, ThemedPlot

REACH = 14
RING = 7.5
LABEL_ROOM = 24
# A plot lower than this has no room above and below its dots.
LOW = 3 * LABEL_ROOM
# More numbers than this would lie on each other.
NUMBERED = 12


class _Ring(QGraphicsEllipseItem):
    """A circle of pixels around a dot. A large spot of a scatter plot comes from a pixmap, which squares its edge."""

    def __init__(self) -> None:
        super().__init__(-RING, -RING, 2 * RING, 2 * RING)
        self.setFlag(self.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(5)
        self.hide()


class Frontier(QWidget):
    """Signal: `round_chosen` (a dot was clicked, or Enter pressed on the ringed one)."""

    round_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._dots: tuple[RoundDot, ...] = ()
        self._ringed: int | None = None
        self._kept: int | None = None
        self._picked = False
        self._low = False
        self._asked = ""
        self._words: list[PixelText] = []
        self.title = PlotTitle(theme, "Frontier", {})
        self.plot = ThemedPlot(
            theme, x_gap=70.0, y_gap=36.0, x_steps=(1.0, 2.0, 5.0), right=TICK_ROOM, upright_grid=True
        )
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Frontier: forget recall against token loss")
        self._line = pg.PlotCurveItem()
        self._ring = _Ring()
        self._spots = pg.ScatterPlotItem(size=8, pxMode=True)
        for item in (self._line, self._spots):
            self.plot.addItem(item)
        self.plot.addItem(self._ring, ignoreBounds=True)
        self.plot.scene().sigMouseClicked.connect(self._click)
        # The plot's own size, which follows that of this widget.
        self.plot.getViewBox().sigResized.connect(self._refit)
        self.setLayout(column(self.title, self.plot, spacing=0))
        theme.changed.connect(self._recolour)
        self._recolour()

    def show_asked(self, words: str) -> None:
        """Say below the axis which questions the recall is of."""
        if words != self._asked:
            self._asked = words
            self._name_axis()

    @property
    def dots(self) -> tuple[RoundDot, ...]:
        """What is drawn."""
        return self._dots

    @property
    def ringed(self) -> int | None:
        """The round with the ring: the one chosen, else the one kept, else the newest."""
        return self._ringed

    def set_dots(self, dots: tuple[RoundDot, ...], kept: int | None = None) -> None:
        """Draw these rounds; `kept` is the one whose weights a run that has ended kept."""
        if (dots, kept) == (self._dots, self._kept):
            return
        self._dots, self._kept = dots, kept
        known = {dot.round for dot in dots}
        self._picked = self._picked and self._ringed in known
        if not self._picked:
            self._ringed = kept if kept in known else max(known, default=None)
        self._fit()
        self._draw()

    def point_of(self, number: int) -> QPointF:
        """Where the dot of a round lies in this widget."""
        dot = next(dot for dot in self._dots if dot.round == number)
        place = self.plot.getViewBox().mapViewToScene(QPointF(dot.forget, dot.loss))
        return QPointF(self.plot.mapTo(self, self.plot.mapFromScene(place)))

    @Slot()
    def _refit(self) -> None:
        self._low = self._room() < LOW
        self._name_axis()
        self._fit()
        self._draw()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        order = sorted(dot.round for dot in self._dots)
        if not order or self._ringed is None:
            event.ignore()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1 if event.key() == Qt.Key.Key_Right else -1
            at = min(max(order.index(self._ringed) + step, 0), len(order) - 1)
            self._pick(order[at])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.round_chosen.emit(self._ringed)
        else:
            event.ignore()

    def _pick(self, number: int) -> None:
        self._ringed = number
        self._picked = True
        self._draw()

    @Slot(object)
    def _click(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        view = self.plot.getViewBox()
        place = event.scenePos()
        nearest, distance = None, math.inf
        for dot in self._dots:
            spot = view.mapViewToScene(QPointF(dot.forget, dot.loss)) - place
            if math.hypot(spot.x(), spot.y()) < distance:
                nearest, distance = dot.round, math.hypot(spot.x(), spot.y())
        if nearest is not None and distance <= REACH:
            self._pick(nearest)
            self.round_chosen.emit(nearest)

    def _fit(self) -> None:
        if not self._dots:
            return
        forget = [dot.forget for dot in self._dots]
        loss = [dot.loss for dot in self._dots]
        wide = max(max(forget), 0.05)
        tall = max(max(loss) - min(loss), 0.02)
        self.plot.setXRange(-0.05 * wide, 1.2 * wide, padding=0)
        # Numbers stand above the dots, “untouched” below its own.
        room = tall * (0.3 if self._low else max(0.45, LABEL_ROOM / (self._room() - 2 * LABEL_ROOM)))
        self.plot.setYRange(min(loss) - room, max(loss) + room, padding=0)

    def _room(self) -> float:
        """Height between the axes, in pixels."""
        return float(self.plot.height() - 2 * AXIS_HEIGHT)

    def _draw(self) -> None:
        tokens = self._theme.tokens
        forget = np.array([dot.forget for dot in self._dots])
        loss = np.array([dot.loss for dot in self._dots])
        self._line.setData(forget, loss)
        brushes = [pg.mkBrush(tokens.plot if dot.round == 0 or dot.rejected else tokens.after) for dot in self._dots]
        pens = [pg.mkPen(_token(tokens, dot), width=1.5) for dot in self._dots]
        symbols = ["x" if dot.rejected else "o" for dot in self._dots]
        self._spots.setData(forget, loss, brush=brushes, pen=pens, symbol=symbols)
        chosen = [dot for dot in self._dots if dot.round == self._ringed]
        self._ring.setVisible(bool(chosen))
        for dot in chosen:
            self._ring.setPos(dot.forget, dot.loss)
        self._write_numbers()
        said = [
            f"round {d.round}: forget {text.number(d.forget)}, token loss {text.number(d.loss)}"
            + (", rejected by a guard" if d.rejected else "")
            for d in chosen
        ]
        self._caption()
        self.setAccessibleDescription("; ".join(said))

    def _caption(self) -> None:
        crossed = any(dot.rejected for dot in self._dots)
        axes = "token loss by forget recall" if self._low else "token loss"
        self.title.caption.setText(f"{axes} · {'× rejected by a guard' if crossed else 'click a round'}")
        self.title.caption.setToolTip(f"Across: {axis_words(self._asked)}. Upwards: token loss.")

    def _name_axis(self) -> None:
        """In as many words as have room; a low plot says it in its title, and keeps the height for its dots."""
        bottom = self.plot.bottom
        # No more than a tick's label may stick out on either side.
        room = self.plot.frame().width() + TICK_ROOM
        style = {"color": self._theme.tokens.muted, "font-size": "11px"}
        for words in (axis_words(self._asked), f"forget recall, {self._asked}".rstrip(", "), "forget recall"):
            bottom.setLabel(words, **style)
            if bottom.label.boundingRect().width() <= room:
                break
        bottom.showLabel(not self._low)
        bottom.setHeight(AXIS_HEIGHT if self._low else 36)
        # pyqtgraph places a label when its axis changes size, not when its words do.
        bottom.resizeEvent()

    def _write_numbers(self) -> None:
        """Each where it hides nothing; a number that finds no such place is left out, but for the chosen one."""
        # Items stay once they are made: the scene may still hold the one under the pointer.
        while len(self._words) < len(self._dots):
            self._words.append(PixelText(self.plot))
        for words in self._words:
            words.hide()
        if not self.plot.frame().isValid():
            return
        places = {dot.round: self.plot.pixels(dot.forget, dot.loss) for dot in self._dots}
        taken = [spot(place, 2 * RING + 2 if number == self._ringed else 10) for number, place in places.items()]
        lines = [area for ends in itertools.pairwise(places.values()) for area in along(QLineF(*ends))]
        first = sorted(self._dots, key=lambda dot: (dot.round != self._ringed, dot.round != 0, dot.round))
        for dot, words in zip(first, self._words, strict=False):
            self._write_number(dot, words, places[dot.round], taken, lines)

    def _write_number(
        self, dot: RoundDot, words: PixelText, middle: QPointF, taken: list[QRectF], lines: list[QRectF]
    ) -> None:
        ringed = dot.round == self._ringed
        needed = ringed or not dot.round
        if len(self._dots) > NUMBERED and not needed:
            return
        words.say(str(dot.round) if dot.round else "untouched", self._theme.font(11, 600 if ringed else 400))
        words.setColor(QColor(self._theme.tokens.text if ringed else self._theme.tokens.muted))
        size, room = words.size(), 2 * RING if ringed else 8.0
        places = around(middle, room, size.width(), size.height(), below=not dot.round)
        place, _ = freest(places, [*taken, *lines], self.plot.frame())
        if needed or not covered(place, taken):
            words.show_at(place.topLeft())
            taken.append(place)

    @Slot()
    def _recolour(self) -> None:
        self._line.setPen(Stroke("edge2").pen(self._theme))
        self._ring.setPen(Stroke("after").pen(self._theme, 1.5))
        self._name_axis()
        self._draw()


def axis_words(asked: str) -> str:
    """What the axis of forget recall says."""
    return f"forget recall, {asked} (lower is better)" if asked else "forget recall (lower is better)"


def _token(tokens: Tokens, dot: RoundDot) -> str:
    if dot.rejected:
        return tokens.warn
    return tokens.before if dot.round == 0 else tokens.after
