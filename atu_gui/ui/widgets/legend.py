"""The row above a plot: its title, and for every series the stroke it is drawn with, its name and its value."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QBrush, QColor, QGuiApplication, QIcon, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from atu_gui.core import text
from atu_gui.core.glossary import explain
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, label, row

# Dash patterns in pen widths, as the look guide names them.
SOLID: tuple[float, ...] = ()
DOTTED = (1.0, 3.0)
DASHED = (4.0, 4.0)
LONG_DASHED = (6.0, 2.0)
DASH_DOT = (6.0, 3.0, 1.0, 3.0)
# A stroke beside words, in pixels.
SWATCH = QSize(20, 14)


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a series looks: colour token, dash pattern, and a marker ("o", "s", "t1") where it has points."""

    token: str
    dash: tuple[float, ...] = SOLID
    marker: str = ""

    def pen(self, theme: Theme, width: float = 1.0, alpha: float = 1.0, *, hairline: bool = False) -> QPen:
        """A cosmetic pen in the theme's present colour.

        Cosmetic widths are pixels of the screen, so that a scaled screen would thin them: they grow with its scale. A
        `hairline` does not, for curves of very many points, which only pens of one pixel draw fast.
        """
        colour = QColor(getattr(theme.tokens, self.token))
        colour.setAlphaF(alpha)
        scale = 1.0 if hairline else QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]
        pen = QPen(colour, width * scale)
        pen.setCosmetic(True)
        if self.dash:
            pen.setDashPattern(list(self.dash))
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen


class Swatch(QWidget):
    """A short stroke as it is drawn in the plot."""

    def __init__(self, theme: Theme, stroke: Stroke, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._stroke = stroke
        self._faint = False
        self.setFixedSize(SWATCH)
        theme.changed.connect(self._repaint)

    def set_faint(self, faint: bool) -> None:
        """Whether its series is hidden."""
        self._faint = faint
        self.update()

    @Slot()
    def _repaint(self) -> None:
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(0.35 if self._faint else 1.0)
        _draw_stroke(painter, self._theme, self._stroke)


def stroke_icon(theme: Theme, stroke: Stroke, scale: float) -> QIcon:
    """The same stroke for a cell or a heading, in the theme's present colour; `scale` is that of the screen."""
    drawn = QPixmap(QSize(round(SWATCH.width() * scale), round(SWATCH.height() * scale)))
    drawn.setDevicePixelRatio(scale)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    _draw_stroke(painter, theme, stroke)
    painter.end()
    return QIcon(drawn)


class LegendEntry(QAbstractButton):
    """Stroke, name and value of one series; pressing it hides the series and shows it again.

    Signal: `toggled` (whether the series is shown).
    """

    def __init__(self, theme: Theme, name: str, stroke: Stroke, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._value = label()
        self._value.setFont(theme.font(12, 500))
        self._words = label(name, "small")
        self._swatch = Swatch(theme, stroke)
        self.setLayout(row(self._swatch, self._words, self._value, spacing=5))
        for child in (self._swatch, self._words, self._value):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._value.hide()
        self.setAccessibleName(name)
        self.setCheckable(True)
        self.setChecked(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip("\n".join(part for part in (explain(name), f"{text.capital(name)}: hide or show") if part))
        self.toggled.connect(self._show_state)

    @property
    def value(self) -> str:
        """What is shown."""
        return self._value.text()

    def set_value(self, words: str) -> None:
        """Show a value; nothing for an empty text."""
        if words == self._value.text():
            return
        self._value.setText(words)
        self._value.setVisible(bool(words))
        self.setAccessibleName(f"{self._name} {words}".strip())

    def sizeHint(self) -> QSize:
        layout = self.layout()
        assert layout is not None
        return layout.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Its labels paint themselves."""

    @Slot(bool)
    def _show_state(self, shown: bool) -> None:
        font = self._words.font()
        font.setStrikeOut(not shown)
        self._words.setFont(font)
        self._swatch.set_faint(not shown)


class PlotTitle(QWidget):
    """The title row. `caption` says where the values were read."""

    def __init__(self, theme: Theme, title: str, entries: dict[str, Stroke], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(30)
        # Beside plots of some width each, a title that insists on its own would take it from its neighbour.
        head = Elided(title, Qt.TextElideMode.ElideRight)
        head.setFont(theme.font(13, 500))
        head.setToolTip(explain(title) or title)
        self.caption = Elided("", Qt.TextElideMode.ElideRight)
        self.caption.setProperty("role", "caption")
        # It takes the room there is: words that come and go must not push the window wider.
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.entries = {name: LegendEntry(theme, name, stroke) for name, stroke in entries.items()}
        layout = row(head, self.caption, *self.entries.values(), spacing=12)
        layout.setStretch(1, 1)
        layout.setContentsMargins(12, 0, 12, 0)
        self.setLayout(layout)


def _draw_stroke(painter: QPainter, theme: Theme, stroke: Stroke) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = SWATCH.height() / 2
    painter.setPen(stroke.pen(theme, 1.5))
    painter.drawLine(QPointF(0, middle), QPointF(SWATCH.width(), middle))
    if stroke.marker:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(QColor(getattr(theme.tokens, stroke.token))))
        _draw_marker(painter, stroke.marker, QPointF(SWATCH.width() / 2, middle))


def _draw_marker(painter: QPainter, marker: str, at: QPointF) -> None:
    if marker == "s":
        painter.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6))
    elif marker == "d":
        ends = [QPointF(at.x(), at.y() - 4), QPointF(at.x() + 4, at.y()), QPointF(at.x(), at.y() + 4)]
        painter.drawPolygon(QPolygonF([*ends, QPointF(at.x() - 4, at.y())]))
    elif marker == "t1":
        corners = [QPointF(at.x(), at.y() - 4), QPointF(at.x() - 3.5, at.y() + 3), QPointF(at.x() + 3.5, at.y() + 3)]
        painter.drawPolygon(QPolygonF(corners))
    else:
        painter.drawEllipse(at, 3.5, 3.5)
