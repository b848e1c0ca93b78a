"""How sure a mean over items is, and whether two runs differ on the same items.

Two means with their own intervals hide most of what is known when the items are the same: hard questions are hard for
both. So the difference is taken item by item, and the items are drawn again with their pairs together.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from atu_gui.core.events import Interval

K = TypeVar("K", bound=Hashable)
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of `other − baseline` over common items, with its 95 % interval (percentile bootstrap) and their number."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def unclear(self) -> bool:
        """Whether the interval includes 0, so that nothing can be said about the sign."""
        return self.low <= 0.0 <= self.high


def mean_of(values: Sequence[float], seed: int = 0) -> Interval | None:
    """Mean with its 95 % percentile bootstrap interval over items; None without items.

    One item gives an interval of no width: `n` says how little that means.
    """
    if not len(values):
        return None
    items = np.asarray(values, dtype=np.float64)
    return Interval(float(items.mean()), *_spread(items, seed), len(items))


def paired_difference(baseline: Mapping[K, float], other: Mapping[K, float], seed: int = 0) -> Difference | None:
    """Compare two sets of scores on the items they have in common; None where there are none.

    One common item gives an interval of no width: `n` says how little that means.
    """
    common = [key for key in baseline if key in other]
    if not common:
        return None
    items = np.array([other[key] - baseline[key] for key in common], dtype=np.float64)
    return Difference(float(items.mean()), *_spread(items, seed), len(items))


def _spread(items: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Where the mean lies in 95 of 100 draws of as many items."""
    draws = np.random.default_rng(seed).integers(0, len(items), size=(_RESAMPLES, len(items)))
    low, high = np.percentile(items[draws].mean(1), (2.5, 97.5))
    return float(low), float(high)
