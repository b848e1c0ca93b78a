"""How sure a mean over a few items is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from atu_gui.core.events import Interval

_RESAMPLES = 2000


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval | None:
    """Mean with its 95 % percentile bootstrap interval over items; None without items.

    One item gives an interval of no width: `n` says how little that means.
    """
    if not len(values):
        return None
    items = np.asarray(values, dtype=np.float64)
    draws = np.random.default_rng(seed).integers(0, len(items), size=(_RESAMPLES, len(items)))
    low, high = np.percentile(items[draws].mean(1), (2.5, 97.5))
    return Interval(float(items.mean()), float(low), float(high), len(items))
