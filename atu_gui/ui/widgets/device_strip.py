"""How busy the machine is, at the end of the toolbar: a name, a figure and a bar each, once a second."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from atu_gui.core.machine import Reading
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, label, row, rule

# In a narrow window: the GPU where there is one, else the processor.
_COMPACT = 2
_WIDTH, _WIDE = 78, 104


class _Bar(QWidget):
    """A share as a line of four pixels."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(40, 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(self._theme.color("edge"))
        painter.drawRoundedRect(box, 2, 2)
        width = max(box.height(), box.width() * min(max(self.share, 0.0), 1.0))
        painter.setBrush(self._theme.color("muted"))
        painter.drawRoundedRect(QRectF(0, 0, width, box.height()), 2, 2)


class _Gauge(QWidget):
    """One reading."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._name = label("", "caption")
        self._words = label("", "caption")
        self._words.setFont(theme.font(11, 500))
        self._words.setProperty("role", "")
        self._bar = _Bar(theme)
        layout = column(spacing=5)
        layout.addStretch(1)
        layout.addLayout(row(self._name, None, self._words, spacing=4))
        layout.addWidget(self._bar)
        layout.addStretch(1)
        self._layout = layout
        self.setLayout(layout)

    def show_reading(self, reading: Reading) -> None:
        """Say a figure."""
        self._name.setText(reading.name)
        self._words.setText(reading.words)
        self._bar.share = reading.share
        self._bar.update()
        self.setFixedWidth(_WIDE if "°C" in reading.words else _WIDTH)
        # A figure more has its room before it is painted.
        self._layout.activate()
        self.setToolTip(reading.sentence)
        self.setAccessibleName(reading.sentence)


class DeviceStrip(QWidget):
    """Shows the readings it is given; hidden until there are some."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._compact = False
        self._readings: tuple[Reading, ...] = ()
        self._gauges: list[_Gauge] = []
        self._layout = row(rule(vertical=True), spacing=12)
        self.setLayout(self._layout)
        self.setAccessibleName("How busy this machine is")
        self.hide()

    @property
    def shown(self) -> tuple[Reading, ...]:
        """What is on the screen."""
        return self._readings[:_COMPACT] if self._compact else self._readings

    def set_compact(self, compact: bool) -> None:
        """A narrow window has room for two."""
        self._compact = compact
        self.show_readings(self._readings)

    def show_readings(self, readings: Sequence[Reading]) -> None:
        """Show these."""
        self._readings = tuple(readings)
        while len(self._gauges) < len(self._readings):
            self._gauges.append(_Gauge(self._theme))
            self._layout.addWidget(self._gauges[-1])
        for gauge in self._gauges[len(self.shown) :]:
            gauge.hide()
        for gauge, reading in zip(self._gauges, self.shown, strict=False):
            gauge.show_reading(reading)
            gauge.show()
        self.setVisible(bool(self.shown))
