"""The run as a row of segments: what is done, where it stands, what is to come."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from atu_gui.core import text
from atu_gui.core.progress import RunProgress
from atu_gui.ui.theme import Theme

_GAP = 2.0
# Unlearn steps change the model and cost more: their segments are taller and a little wider per step.
_WEIGHT = {"align": 1.0, "unlearn": 3.0}
_HEIGHT = {"align": 4.0, "unlearn": 8.0}
_SMALLEST = 10.0


class StageBar(QWidget):
    """Paints a `RunProgress`; align stages are thin, unlearn stages thick, a line marks now."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._progress = RunProgress()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Stages of the run")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 14)

    def show_progress(self, progress: RunProgress) -> None:
        """Paint this from now on."""
        self._progress = progress
        begin, rest = progress.words()
        self.setAccessibleDescription(f"{begin}, {rest}")
        self.setToolTip(self._tip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        segments = self._segments()
        if not segments:
            painter.setBrush(self._theme.color("line"))
            painter.drawRoundedRect(QRectF(0, middle - 2, self.width(), 4), 2, 2)
            return
        now = None
        for index, left, width, height in segments:
            share = self._share(index)
            box = QRectF(left, middle - height / 2, width, height)
            painter.setBrush(self._theme.color("edge" if height > 4 else "line"))
            painter.drawRoundedRect(box, 2, 2)
            if share > 0:
                painter.setBrush(self._theme.color("accent"))
                painter.drawRoundedRect(QRectF(left, box.top(), width * share, height), 2, 2)
            if index <= self._progress.at:
                now = left + width * share
        if now is not None and not self._progress.ended:
            painter.setBrush(self._theme.color("text"))
            painter.drawRect(QRectF(min(now, self.width() - 2.0), middle - 7, 2, 14))

    def _share(self, index: int) -> float:
        progress = self._progress
        if progress.ended and not progress.failed and progress.at >= len(progress.stages) - 1:
            return 1.0
        if index < progress.at:
            return 1.0
        return progress.stage_share if index == progress.at else 0.0

    def _segments(self) -> list[tuple[int, float, float, float]]:
        stages = [(n, s) for n, s in enumerate(self._progress.stages) if s.stage in _WEIGHT and s.steps > 0]
        if not stages:
            return []
        weights = [_WEIGHT[stage.stage] * stage.steps for _, stage in stages]
        room = max(0.0, self.width() - _GAP * (len(stages) - 1))
        least = min(_SMALLEST, room / len(stages))
        spare = room - least * len(stages)
        made, left = [], 0.0
        for (index, stage), weight in zip(stages, weights, strict=True):
            width = least + spare * weight / sum(weights)
            made.append((index, left, width, _HEIGHT[stage.stage]))
            left += width + _GAP
        return made

    def _tip(self) -> str:
        if not self._progress.stages:
            return ""
        steps = sum(stage.steps for stage in self._progress.stages if stage.stage in _WEIGHT)
        rounds = text.count(self._progress.rounds, "round")
        return f"{rounds}, {text.count(steps, 'step')}. Thin: align. Thick: unlearn."
