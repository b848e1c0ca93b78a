"""A curve that only grows: NumPy buffers that double, so that drawing takes slices and never copies history.

Plain numbers; no Qt.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Series:
    """Values over optimizer steps, each with the run time at which it came.

    Steps rise. A step that is not above the last one means that a run was resumed from an earlier checkpoint; the
    points from there on are replaced.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._count = 0
        self._steps = np.empty(capacity)
        self._seconds = np.empty(capacity)
        self._values = np.empty(capacity)
        self._sums = np.zeros(capacity + 1)
        self._smooth = np.empty(capacity)
        self._smooth_count = 0
        self._smooth_window = 0
        self._low = math.inf
        self._high = -math.inf

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> Floats:
        """A view, valid until the next append."""
        return self._steps[: self._count]

    @property
    def seconds(self) -> Floats:
        """A view, valid until the next append."""
        return self._seconds[: self._count]

    @property
    def values(self) -> Floats:
        """A view, valid until the next append."""
        return self._values[: self._count]

    @property
    def low(self) -> float:
        """Smallest value; infinite when there is none."""
        return self._low

    @property
    def high(self) -> float:
        """Largest value; minus infinite when there is none."""
        return self._high

    def append(self, step: float, seconds: float, value: float | None) -> None:
        """Add a point. A missing or not finite value leaves no point."""
        if value is None or not math.isfinite(value):
            return
        if self._count and step <= self._steps[self._count - 1]:
            self._truncate(int(np.searchsorted(self.steps, step)))
        if self._count == len(self._steps):
            self._grow()
        at = self._count
        self._steps[at] = step
        self._seconds[at] = seconds
        self._values[at] = value
        self._sums[at + 1] = self._sums[at] + value
        self._count = at + 1
        self._low = min(self._low, value)
        self._high = max(self._high, value)

    def smoothed(self, window: int) -> Floats:
        """The mean over the last `window` points, for every point; work is done for new points only."""
        if window <= 1:
            return self.values
        if window != self._smooth_window:
            self._smooth_window = window
            self._smooth_count = 0
        start, stop = self._smooth_count, self._count
        if start < stop:
            ends = np.arange(start + 1, stop + 1)
            begins = np.maximum(ends - window, 0)
            self._smooth[start:stop] = (self._sums[ends] - self._sums[begins]) / (ends - begins)
            self._smooth_count = stop
        return self._smooth[:stop]

    def index_at(self, step: float) -> int | None:
        """The last point at or before `step`; None before the first."""
        at = int(np.searchsorted(self.steps, step, side="right")) - 1
        return at if at >= 0 else None

    def _truncate(self, count: int) -> None:
        self._count = count
        self._smooth_count = min(self._smooth_count, count)
        self._low = float(self.values.min()) if count else math.inf
        self._high = float(self.values.max()) if count else -math.inf

    def _grow(self) -> None:
        size = 2 * len(self._steps)
        for name in ("_steps", "_seconds", "_values", "_smooth", "_sums"):
            old = getattr(self, name)
            new = np.zeros(size + 1 if name == "_sums" else size)
            new[: len(old)] = old
            setattr(self, name, new)
