"""The layer strip with its words: what to press, what was found, which layer is suggested and why."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.events import Event, LayerScored, Progress
from atu_gui.core.scan import LayerScan
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row
from atu_gui.ui.widgets.layer_strip import LayerStrip

_EMPTY = "A scan measures at which layers the concept can be read."


class _Key(QWidget):
    """A small bar or dot, as in the strip."""

    def __init__(self, theme: Theme, token: str, *, dot: bool) -> None:
        super().__init__()
        self._theme, self._token, self._dot = theme, token, dot
        self.setFixedSize(QSize(8, 10))
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(self._token))
        if self._dot:
            painter.drawEllipse(2, 3, 5, 5)
        else:
            painter.drawRect(0, 1, 8, 8)


class LayerView(QWidget):
    """Signals: `picked` (layers), `scan_requested`, `cancel_requested`."""

    picked = Signal(tuple)
    scan_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._result: LayerScan | None = None
        self._scanning = False
        self.strip = LayerStrip(theme)
        self.strip.picked.connect(self.picked)
        self.strip.hide()
        self._words = label(_EMPTY, "small", wrap=True)
        self._scan = button(theme, "Scan layers", icon="chart-bar", size="compact")
        self._scan.setToolTip("Measure at which layers the concept can be read (Ctrl+Shift+L)")
        self._scan.clicked.connect(self.scan_requested)
        self._cancel = button(theme, "Cancel", size="compact", tip="End the scan")
        self._cancel.clicked.connect(self.cancel_requested)
        self._cancel.hide()
        self._use = button(theme, "Use", size="compact")
        self._use.clicked.connect(self._use_suggestion)
        self._use.hide()
        self._legend = QWidget()
        bars, dots = label("cosine", "small"), label("AUC", "small")
        bars.setToolTip("Held-out cosine of a small probe's predictions to the words to come")
        dots.setToolTip("How well the probe's similarity tells texts about the concept from other texts; 0.5 is chance")
        keys = (_Key(theme, "edge2", dot=False), _Key(theme, "similarity", dot=True))
        self._legend.setLayout(row(None, keys[0], bars, 4, keys[1], dots, spacing=6))
        self._legend.hide()
        layout = column(self._legend, self.strip, self._words, spacing=6)
        layout.addLayout(row(self._scan, self._cancel, self._use, None))
        self.setLayout(layout)

    @property
    def words(self) -> str:
        """What is said below the strip."""
        return self._words.text()

    def handle(self, event: Event) -> None:
        """Follow a scan."""
        match event:
            case LayerScored():
                self.strip.show()
                self._legend.show()
                self.strip.add(event)
            case Progress(job="scan"):
                self._words.setText(f"{event.what}, {text.progress(event)}")

    def begin(self, depth: int) -> None:
        """A scan begins."""
        self._result = None
        self.strip.clear(depth)
        self._words.setText("Getting the texts ready")
        self._show_scanning(True)

    def show_result(self, result: LayerScan) -> None:
        """The scan is through."""
        self._result = result
        for score in result.scores:
            self.strip.add(score)
        for widget in (self.strip, self._legend):
            widget.show()
        self.strip.suggest(result.suggested)
        self._words.setText(f"Suggested: layer {result.suggested}. {text.capital(result.reason)}")
        self._scan.setText("Scan again")
        self._show_scanning(False)

    def end(self) -> None:
        """The scan ended without a result, or another model is loaded: nothing half measured stays."""
        self._result = None
        self.strip.clear(1)
        for widget in (self.strip, self._legend):
            widget.hide()
        self._words.setText(_EMPTY)
        self._scan.setText("Scan layers")
        self._show_scanning(False)

    @property
    def scanning(self) -> bool:
        """Whether a scan goes on."""
        return self._scanning

    def show_picks(self, layers: list[int]) -> None:
        """Fill the bars of these layers."""
        self.strip.show_picks(layers)
        self._show_use()

    def set_ready(self, ready: bool) -> None:
        """Whether a scan may begin."""
        self._scan.setEnabled(ready)

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the layers."""
        self.strip.set_locked(locked)
        self._scan.setVisible(not locked and not self._scanning)
        self._words.setVisible(not locked or self._result is not None)
        self._use.setVisible(not locked and self._can_use())

    def _show_scanning(self, scanning: bool) -> None:
        self._scanning = scanning
        self._scan.setVisible(not scanning)
        self._cancel.setVisible(scanning)
        self._show_use()

    def _can_use(self) -> bool:
        return self._result is not None and self.strip.picks != (self._result.suggested,)

    def _show_use(self) -> None:
        self._use.setVisible(self._can_use())
        if self._result is not None:
            words = f"Use layer {self._result.suggested}"
            self._use.setText(words)
            self._use.setAccessibleName(words)
            self._use.setToolTip("Aim at the suggested layer")

    def _use_suggestion(self) -> None:
        if self._result is not None:
            self.picked.emit((self._result.suggested,))
