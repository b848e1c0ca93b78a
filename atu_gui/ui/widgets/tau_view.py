"""The τ histogram with its words: what share of either text τ pushes, and which τ is suggested."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.events import Event, RunStarted, SimilaritySeen
from atu_gui.core.histogram import quantile, share_above
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row
from atu_gui.ui.widgets.tau_histogram import TauHistogram

# Of other text, so much lies below the suggested τ.
SUGGESTED_QUANTILE = 0.95
_NOTHING_YET = "No similarities yet. The first align stage of a run measures them."


class _Swatch(QWidget):
    """A square in the pattern of its histogram."""

    def __init__(self, theme: Theme, token: str, *, hatched: bool) -> None:
        super().__init__()
        self._theme, self._token, self._hatched = theme, token, hatched
        self.setFixedSize(QSize(11, 11))
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        color = self._theme.color(self._token)
        faint = QBrush(self._theme.color(self._token, 0.28))
        painter.setBrush(QBrush(color, Qt.BrushStyle.BDiagPattern) if self._hatched else faint)
        painter.setPen(QPen(color, 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class TauView(QWidget):
    """Signal: `tau_requested` (a wish, from the line or the suggestion)."""

    tau_requested = Signal(float)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.histogram = TauHistogram(theme)
        self._concept = label("", "small")
        self._retain = label("", "small")
        self._where = label("pushed", "small")
        self._empty = label(_NOTHING_YET, "small", wrap=True)
        self._suggestion = label("", "small", wrap=True)
        self._use = button(theme, "Use", size="compact")
        self._use.clicked.connect(self._use_suggestion)
        self.histogram.tau_requested.connect(self.tau_requested)
        self.histogram.previewed.connect(self._say)
        shares = row(
            _Swatch(theme, "similarity", hatched=False),
            self._concept,
            4,
            _Swatch(theme, "neighbour", hatched=True),
            self._retain,
            None,
            self._where,
            spacing=5,
        )
        advice = row(self._suggestion, self._use)
        advice.setStretch(0, 1)
        layout = column(self.histogram, spacing=6)
        layout.addLayout(shares)
        layout.addLayout(advice)
        self._seen = QWidget()
        self._seen.setLayout(layout)
        self.setLayout(column(self._empty, self._seen, spacing=0))
        self._seen.hide()

    @property
    def suggested(self) -> float | None:
        """The τ above which a twentieth of other text lies at most; None where there is no other text."""
        value = quantile(self.histogram.counts[1], SUGGESTED_QUANTILE)
        return None if value is None else min(math.ceil(round(value * 100, 6)) / 100, 0.99)

    @property
    def words(self) -> str:
        """What is said about the τ that is shown."""
        return f"{self._concept.text()}, {self._retain.text()} {self._where.text()}"

    def handle(self, event: Event) -> None:
        """Follow the similarities of a run; one that begins has none yet."""
        match event:
            case RunStarted():
                self.clear()
            case SimilaritySeen():
                self.histogram.show_counts(event.concept, event.retain)
                self._empty.hide()
                self._seen.show()
                self._where.setToolTip(f"Held-out texts, as the head of round {event.round} saw them after aligning")
                self._say(self.histogram.shown)

    def clear(self) -> None:
        """Forget the run."""
        self.histogram.show_counts((), ())
        self._seen.hide()
        self._empty.show()

    def show_tau(self, tau: float, *, pending: bool) -> None:
        """Put the line at τ; dashed while no step has applied it."""
        self.histogram.show_tau(tau, pending=pending)
        self._say(self.histogram.shown)

    def _say(self, tau: float) -> None:
        concept, retain = (share_above(counts, tau) for counts in self.histogram.counts)
        self._concept.setText(f"concept {text.percent(concept)}")
        self._retain.setText(f"other {text.percent(retain)}")
        suggested = self.suggested
        self._use.setVisible(suggested is not None and suggested != round(tau, 2))
        if suggested is None:
            self._suggestion.setText("Without other texts there is nothing to suggest τ from.")
            return
        self._suggestion.setText(
            f"Suggested: {text.number(suggested)}. {text.percent(SUGGESTED_QUANTILE)} of other text lies below it."
        )
        words = f"Use τ {text.number(suggested)}"
        self._use.setAccessibleName(words)
        self._use.setToolTip(f"{words}, the {100 * SUGGESTED_QUANTILE:.0f}th percentile of other text")

    def _use_suggestion(self) -> None:
        if self.suggested is not None:
            self.tau_requested.emit(self.suggested)
