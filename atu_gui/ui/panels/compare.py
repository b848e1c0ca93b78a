"""Up to four runs side by side: overlaid curves, scores per round with intervals, settings that differ, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QStackedWidget, QWidget

from atu_gui.core.compared import Compared
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, card, column, label, row, rule
from atu_gui.ui.widgets.compare_list import CompareList
from atu_gui.ui.widgets.empty import Empty

if TYPE_CHECKING:
    from atu_gui.ui.widgets.compare_body import CompareBody

_LEFT = 288


class ComparePanel(QWidget):
    """Signals: `runs_chosen` (ids, the baseline first), `left` (back to the workbench)."""

    runs_chosen = Signal(tuple)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._runs: tuple[Compared, ...] = ()
        self._made: CompareBody | None = None
        self.list = CompareList(theme)
        self.list.chosen.connect(self.runs_chosen)
        self._shows = {
            key: self._make_check(words, on)
            for key, words, on in (
                ("intervals", "95 % intervals", True),
                ("taus", "τ of each run", True),
                ("untouched", "Untouched model", True),
                ("seconds", "Line up by seconds", False),
            )
        }
        self._pages = QStackedWidget()
        self._pages.addWidget(
            Empty(theme, "stack", "Nothing to compare yet", "Tick two runs on the left; the first is the baseline.")
        )
        left = self._lay_out_left()
        layout = row(left, self._pages, spacing=8)
        layout.setStretch(1, 1)
        layout.setContentsMargins(8, 8, 8, 8)
        self.setLayout(layout)
        self.setAccessibleName("Compare runs")

    @property
    def runs(self) -> tuple[Compared, ...]:
        """What is compared, the baseline first."""
        return self._runs

    @property
    def body(self) -> CompareBody:
        """The plots and tables; made when they are first needed, because a start without a comparison needs none."""
        if self._made is None:
            from atu_gui.ui.widgets.compare_body import CompareBody

            self._made = CompareBody(self._theme)
            self._pages.addWidget(self._made)
        return self._made

    def show_compared(self, runs: Sequence[Compared]) -> None:
        """Compare these, the first of them as the baseline."""
        self._runs = tuple(runs)
        if self._made is not None or runs:
            self.body.show_runs(self._runs)
            self._draw()
        self._pages.setCurrentIndex(1 if runs else 0)

    @Slot()
    def _draw(self) -> None:
        if self._made is not None:
            self._made.draw({key: check.isChecked() for key, check in self._shows.items()})

    def _make_check(self, words: str, on: bool) -> QCheckBox:
        made = QCheckBox(words)
        made.setChecked(on)
        made.toggled.connect(self._draw)
        return made

    def _lay_out_left(self) -> QWidget:
        back = button(self._theme, "Back to the run", icon="arrow-left", tip="Show set-up, curves and chat again")
        back.clicked.connect(self.left)
        inner = column(self.list, rule(), label("Show", "heading"), *self._shows.values(), 4, back, spacing=8)
        inner.setStretch(0, 1)
        inner.setContentsMargins(12, 12, 12, 12)
        left = card(inner)
        left.setFixedWidth(_LEFT)
        return left
