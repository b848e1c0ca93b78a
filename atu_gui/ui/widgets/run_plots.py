"""All plots of one run: live curves above, scores per round below. It draws what it is given; when, is the panel's."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.histogram import share_above
from atu_gui.core.run_curves import RunCurves, XAxis
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, rule
from atu_gui.ui.widgets.live_curve import AlignPlot, SimilarityPlot
from atu_gui.ui.widgets.round_scores import RoundScores

# Heights of similarity, align cosine and scores in a small window, and how they share what is more.
SMALL = (183, 105, 140)
EXTRA = (0.25, 0.10, 0.65)


class RunPlots(QWidget):
    """Similarity, align cosine, recall, utility and frontier. `frames` are the live plots, which say what is done."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.similarity = SimilarityPlot(theme)
        self.align = AlignPlot(theme)
        self.scores = RoundScores(theme)
        self.recall, self.utility, self.frontier = self.scores.recall, self.scores.utility, self.scores.frontier
        self.frames = (self.similarity.frame, self.align.frame)
        self._rows = column(self.similarity, rule(), self.align, rule(), self.scores, spacing=0)
        self.setLayout(self._rows)
        self._connect()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The lower the panel, the larger the share of the live plots: their titles and axes keep their height.
        extra = max(event.size().height() - sum(SMALL), 0)
        for at, (small, share) in enumerate(zip(SMALL, EXTRA, strict=True)):
            self._rows.setStretch(2 * at, round(small + share * extra))

    @property
    def x_range(self) -> tuple[float, float]:
        """What the shared x axis shows."""
        low, high = self.similarity.frame.plot.getViewBox().viewRange()[0]
        return low, high

    def set_x_range(self, low: float, high: float) -> None:
        """Show this part of the x axis."""
        if self.x_range != (low, high):
            self.similarity.frame.plot.getViewBox().setXRange(low, high, padding=0)

    def set_log(self, log: bool) -> None:
        """Whether the y axes of the live plots are logarithmic; drawn with the next `draw_steps`."""
        for frame in self.frames:
            frame.set_log(log)

    def show_crosshair(self, x: float | None) -> None:
        """Draw the line under the pointer in both live plots."""
        for frame in self.frames:
            frame.show_crosshair(x)

    def draw_steps(self, run: RunCurves, axis: XAxis, smooth: int) -> None:
        """Draw what moves with every step, live curves as the mean over `smooth` points."""
        self.similarity.draw(run, axis, smooth)
        self.align.draw(run, axis, smooth)

    def draw_rounds(self, run: RunCurves, guards: GuardConfig) -> None:
        """Draw the scores, with what the guards hold them against."""
        self.scores.draw(run, guards)

    def read_values(self, run: RunCurves, step: float, smooth: int, where: str) -> None:
        """Fill the legends with the values at a step; `where` says which, or nothing."""
        for plot in (self.similarity, self.align):
            values = plot.read(run, step, smooth)
            for name, entry in plot.frame.title.entries.items():
                entry.set_value(values.get(name, ""))
        self.similarity.frame.title.caption.setText(where or self._wish_words(run))

    def _wish_words(self, run: RunCurves) -> str:
        handle = self.similarity.handle
        if handle.wished is not None and run.seen is not None:
            # While the handle is dragged it says what it would do; it shows the value itself, and room is scarce here.
            concept, retain = (share_above(one, handle.wished) for one in (run.seen.concept, run.seen.retain))
            return f"pushes {text.percent(concept)} concept, {text.percent(retain)} other"
        if handle.pending is None:
            return ""
        old = f"{text.number(handle.applied)} → " if handle.applied is not None else ""
        return f"τ {old}{text.number(handle.pending)} pending"

    def _connect(self) -> None:
        self.similarity.frame.plot.getViewBox().sigXRangeChanged.connect(self._link_align)
        self.align.frame.plot.getViewBox().sigXRangeChanged.connect(self._link_similarity)

    # pyqtgraph's own link goes by screen geometry, which is off by some steps while the window is laid out.
    @Slot(object, object)
    def _link_align(self, _view: object, ends: tuple[float, float]) -> None:
        self.align.frame.plot.setXRange(*ends, padding=0)

    @Slot(object, object)
    def _link_similarity(self, _view: object, ends: tuple[float, float]) -> None:
        self.similarity.frame.plot.setXRange(*ends, padding=0)
