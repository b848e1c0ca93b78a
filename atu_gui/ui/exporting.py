"""Curves as files: a picture, a drawing, and every number behind them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from atu_gui.core.errors import OutputError
from atu_gui.core.events import Interval, RoundScored
from atu_gui.core.files import write_whole
from atu_gui.core.materials import Group
from atu_gui.core.run_curves import RunCurves, XAxis
from atu_gui.core.series import Series

_SCALE = 2
_STEP_COLUMNS = (
    "step",
    "stage",
    "round",
    "seconds",
    "tau",
    "similarity_mean",
    "similarity_p95",
    "align_cosine_batch",
    "align_cosine_held_out",
)
_SCORES = ("forget_recall", "forget_logprob", "neighbour_recall", "neighbour_logprob", "token_loss", "fluency_entropy")
# As in `summary.json`: without a side all questions, then those that steered and those that judge.
_GROUPS: tuple[Group, ...] = ("forget", "neighbour")
_SIDES: tuple[Literal["dev", "test"], ...] = ("dev", "test")
_SIDED = tuple(f"{group}_{side}_{what}" for group in _GROUPS for side in _SIDES for what in ("recall", "logprob"))
_FIGURES = ("align_cosine", "similarity_mean", "similarity_p95", "active_fraction", "seconds")


def save_png(widget: QWidget, background: QColor, path: Path) -> None:
    """The widget as it is seen, at twice its size.

    Raises:
        OutputError: The file cannot be written.
    """
    image = QImage(widget.size() * _SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(background)
    widget.render(image)
    if not image.save(str(path), "PNG"):  # type: ignore[call-overload]
        raise _refused(path)


def save_svg(widget: QWidget, background: QColor, path: Path) -> None:
    """The widget as a drawing that scales.

    Raises:
        OutputError: The file cannot be written.
    """
    # Only here: a window that exports nothing need not load it.
    from PySide6.QtSvg import QSvgGenerator

    size: QSize = widget.size()
    drawing = QSvgGenerator()
    drawing.setFileName(str(path))
    drawing.setSize(size)
    drawing.setViewBox(widget.rect())
    drawing.setTitle(widget.accessibleName())
    painter = QPainter()
    if not painter.begin(drawing):
        raise _refused(path)
    try:
        painter.fillRect(widget.rect(), background)
        with _drawn_markers(widget):
            widget.render(painter, QPoint())
    finally:
        # A painter that outlives its device ends the program.
        painter.end()


@contextmanager
def _drawn_markers(widget: QWidget) -> Iterator[None]:
    """Markers as paths: on screen they are cut out of one picture of all, which a drawing would hold whole."""
    items = [item for view in widget.findChildren(pg.GraphicsView) for item in view.scene().items()]
    markers = [item for item in items if isinstance(item, pg.ScatterPlotItem)]
    for one in markers:
        one.setExportMode(True, {})
    try:
        yield
    finally:
        for one in markers:
            one.setExportMode(False)


def save_csv(run: RunCurves, path: Path) -> Path:
    """Every step of the run in `path`, every round's scores in a second file beside it, which is returned.

    Raises:
        OutputError: A file cannot be written.
    """
    rounds = path.with_name(f"{path.stem}-rounds{path.suffix}")
    _write(path, lambda: step_rows(run))
    _write(rounds, lambda: round_rows(run))
    return rounds


def step_rows(run: RunCurves) -> Iterator[tuple[object, ...]]:
    """A head, then a line per step; what a step did not measure is empty."""
    yield _STEP_COLUMNS
    bands = run.bands()
    ends = np.array([band.end for band in bands])
    curves = [_by_step(series) for series in (run.mean, run.p95, run.batch_cosine, run.held_out)]
    taus = np.array([line.end for line in run.tau_lines])
    for step, seconds in zip(run.clock.steps.tolist(), run.xs(run.clock, XAxis.SECONDS).tolist(), strict=True):
        at = int(np.searchsorted(ends, step))
        band = bands[at] if at < len(bands) else None
        line = int(np.searchsorted(taus, step))
        tau = run.tau_lines[line] if line < len(taus) and run.tau_lines[line].start < step else None
        yield (
            int(step),
            band.stage if band else "",
            band.round if band else "",
            round(seconds, 3),
            tau.tau if tau else "",
            *(values.get(step, "") for values in curves),
        )


def round_rows(run: RunCurves) -> Iterator[tuple[object, ...]]:
    """A head, then a line per round: scores with their 95 % intervals and the number of items."""
    head = [f"{name}{part}" for name in (*_SCORES, *_SIDED) for part in ("", "_low", "_high", "_n")]
    yield ("round", "step", "tau", "rejected", *head, *_FIGURES)
    for scored in run.rounds:
        rejected = "yes" if scored.round in run.rejected else "no"
        yield (scored.round, scored.step, _plain(scored.tau), rejected, *_round_values(scored))


def _round_values(scored: RoundScored) -> Iterator[object]:
    sided = (scored.scores(group, side) for group in _GROUPS for side in _SIDES)
    values: list[Interval | None] = [getattr(scored, name) for name in _SCORES]
    values += [value for one in sided for value in ((one.recall, one.logprob) if one else (None, None))]
    for value in values:
        yield from ("",) * 4 if value is None else (value.mean, value.low, value.high, value.n)
    for name in _FIGURES:
        yield _plain(getattr(scored, name))


def _by_step(series: Series) -> dict[float, float]:
    return dict(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def _plain(value: object) -> object:
    return "" if value is None else value


def _write(path: Path, rows: Callable[[], Iterator[tuple[object, ...]]]) -> None:
    content = io.StringIO()
    csv.writer(content).writerows(rows())
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", "Choose another folder.") from None


def _refused(path: Path) -> OutputError:
    return OutputError(f"{path} cannot be written.", "Choose another folder, or free some space.")
