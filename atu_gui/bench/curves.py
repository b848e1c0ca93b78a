"""How smoothly the curves of a long run move: time per picture while they are moved, zoomed and grow.

The window's own panel is filled from events, noise and all, and shown; then its x axis is moved and zoomed as the mouse
does it. A picture is everything from there until both live plots are painted.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from atu_gui.bench.display import platform, with_display
from atu_gui.core.errors import ResourceError
from atu_gui.core.events import Event, RunStarted, StagePlan, StageStarted, StepDone
from atu_gui.ui.panels.plots import PlotsPanel
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.curve_plot import CurvePlot

_RUN = "bench"
# Of the panel in a window of 1600 × 1000.
_SIZE = (815, 610)
_ALIGN_SHARE = 0.5
_NEW_STEPS = 20


@dataclass(frozen=True, slots=True)
class Frames:
    """Milliseconds per picture: on the clock, and of the processor (which other work does not lengthen)."""

    count: int
    median_ms: float
    p99_ms: float
    processor_median_ms: float
    processor_p99_ms: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Times of pictures with `points` steps in each curve, by what was done; `worst_p99_ms` is the largest p99."""

    points: int
    pan: Frames
    zoom: Frames
    grow: Frames
    worst_p99_ms: float
    platform: str

    def as_json(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def measure_curves(points: int = 200_000, frames: int = 200) -> Curves:
    """Fill the panel with `points` steps, then time `frames` pictures of each kind.

    Raises:
        ResourceError: Nothing was painted.
    """
    os.environ.update(with_display(os.environ))
    # Kept alive until the end: without the application there is no screen to paint on.
    app = QApplication.instance() or QApplication(["atu-bench"])
    theme = Theme()
    panel = PlotsPanel(theme)
    try:
        panel.resize(*_SIZE)
        for event in long_run(points):
            panel.handle(event)
        panel.show()
        panel.flush()
        clock = _Clock(panel, app.processEvents)
        pan, zoom, grow = (
            clock.time(moves) for moves in (_pans(panel, frames), _zooms(panel, frames), _grows(panel, frames))
        )
    finally:
        panel.close()
        panel.deleteLater()
        theme.deleteLater()
    return Curves(points, pan, zoom, grow, max(one.p99_ms for one in (pan, zoom, grow)), platform(os.environ))


def long_run(points: int) -> Iterator[Event]:
    """A run of `points` steps, half of them align steps, with the scatter of a real one."""
    align = round(points * _ALIGN_SHARE)
    # Later steps than are measured, so that the run is still under way.
    plan = (StagePlan("align", 1, align), StagePlan("unlearn", 1, points, 0.3))
    yield RunStarted(_RUN, "", "", "", ("",), (1,), "default", 0, plan, "", 0.0, 0, 0, 0, 0)
    chance = random.Random(0)
    for number in range(1, points + 1):
        if number == 1:
            yield StageStarted(_RUN, "align", 1, align, 0)
        elif number == align + 1:
            yield StageStarted(_RUN, "unlearn", 1, points, align)
        yield _step(number, align, chance)


def _step(number: int, align: int, chance: random.Random) -> StepDone:
    mean = 0.3 + chance.gauss(0.0, 0.05)
    aligning = number <= align
    return StepDone(
        _RUN,
        "align" if aligning else "unlearn",
        1,
        number,
        number if aligning else number - align,
        align,
        loss=mean,
        learning_rate=1e-3,
        generation=0,
        seconds=0.5 * number,
        tau=None if aligning else 0.3,
        similarity_mean=mean,
        similarity_p95=mean + abs(chance.gauss(0.1, 0.03)),
        align_cosine=0.6 + chance.gauss(0.0, 0.05) if aligning else None,
    )


def _pans(panel: PlotsPanel, frames: int) -> Iterator[Callable[[], None]]:
    """From one end to the other and back, at three widths of the view."""
    plot = panel.plots.similarity.frame
    end = panel.curves.now
    for share in (0.5, 0.1, 0.01):
        width, count = share * end, frames // 3
        panel.plots.set_x_range(0.0, width)
        distance = 2 * (end - width) / count
        for number in range(count):
            yield partial(_move, plot, distance if number < count // 2 else -distance)


def _zooms(panel: PlotsPanel, frames: int) -> Iterator[Callable[[], None]]:
    """From all of the run down to some hundred steps, and out again."""
    plot = panel.plots.similarity.frame
    end = panel.curves.now
    panel.plots.set_x_range(0.0, end)
    half = frames // 2
    factor = (200.0 / end) ** (1 / half)
    for number in range(frames):
        yield partial(_scale, plot, factor if number < half else 1 / factor)


def _grows(panel: PlotsPanel, frames: int) -> Iterator[Callable[[], None]]:
    """The whole run, a few steps longer with every picture."""
    chance = random.Random(1)
    panel.fit()
    align = round(panel.curves.now * _ALIGN_SHARE)

    def go_on() -> None:
        first = int(panel.curves.now) + 1
        for number in range(first, first + _NEW_STEPS):
            panel.handle(_step(number, align, chance))
        panel.flush()

    for _ in range(frames):
        yield go_on


def _move(plot: CurvePlot, by: float) -> None:
    plot.plot.getViewBox().translateBy(x=by)
    _say_by_hand(plot)


def _scale(plot: CurvePlot, by: float) -> None:
    plot.plot.getViewBox().scaleBy(x=by)
    _say_by_hand(plot)


def _say_by_hand(plot: CurvePlot) -> None:
    view = plot.plot.getViewBox()
    view.sigRangeChangedManually.emit(view.state["mouseEnabled"])


class _Painted(QObject):
    """Counts the pictures of the widgets that it watches."""

    count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        self.count += event.type() == QEvent.Type.Paint
        return False


class _Clock:
    """Times pictures, and sees that each was painted in both live plots."""

    def __init__(self, panel: PlotsPanel, turn: Callable[[], None]) -> None:
        self._turn = turn
        self._painted = []
        for frame in (panel.plots.similarity.frame, panel.plots.align.frame):
            self._painted.append(_Painted(panel))
            frame.plot.viewport().installEventFilter(self._painted[-1])

    def time(self, moves: Iterable[Callable[[], None]]) -> Frames:
        """Time every move with the picture that follows from it."""
        walls, processor = [], []
        for move in moves:
            self._turn()
            for one in self._painted:
                one.count = 0
            began, used = time.perf_counter(), time.process_time()
            move()
            self._turn()
            walls.append(1000 * (time.perf_counter() - began))
            processor.append(1000 * (time.process_time() - used))
            if not all(one.count for one in self._painted):
                raise ResourceError("A picture was not painted.", "Measure with the window in front, or offscreen.")
        return Frames(len(walls), statistics.median(walls), _p99(walls), statistics.median(processor), _p99(processor))


def _p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[round(0.99 * (len(ordered) - 1))]
