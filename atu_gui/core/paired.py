"""Whether two runs differ: the same questions under both, and how sure the mean difference is.

Two means with their own intervals hide most of what is known when the items are the same: hard questions are hard for
both. So the difference is taken item by item, and the items are drawn again with their pairs together.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

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


def paired_difference(baseline: Mapping[K, float], other: Mapping[K, float], seed: int = 0) -> Difference | None:
    """Compare two sets of scores on the items they have in common; None where there are none.

    One common item gives an interval of no width: `n` says how little that means.
    """
    common = [key for key in baseline if key in other]
    if not common:
        return None
    items = np.array([other[key] - baseline[key] for key in common], dtype=np.float64)
    draws = np.random.default_rng(seed).integers(0, len(items), size=(_RESAMPLES, len(items)))
    low, high = np.percentile(items[draws].mean(1), (2.5, 97.5))
    return Difference(float(items.mean()), float(low), float(high), len(items))
