"""Cosines counted in fixed bins of 0.01 from −1 to 1, and what can be read off such counts.

Bin i holds −1 + i/100 ≤ cosine < −1 + (i + 1)/100. So a share above a τ of two decimals is exact; between two edges a
bin counts as evenly filled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

BINS = 200
WIDTH = 2 / BINS


def edge(index: int) -> float:
    """Where bin `index` begins; `edge(BINS)` is 1."""
    return (index - BINS // 2) / (BINS // 2)


def share_above(counts: Sequence[int], value: float) -> float | None:
    """Share of what was counted that lies above `value`; None where nothing was counted."""
    total = sum(counts)
    if not total:
        return None
    place = min(max(round((value + 1.0) / WIDTH, 6), 0.0), float(BINS))
    whole = math.ceil(place)
    above = float(sum(counts[whole:]))
    if whole > place:
        above += (whole - place) * counts[whole - 1]
    return above / total


def quantile(counts: Sequence[int], share: float) -> float | None:
    """The value below which `share` of what was counted lies; None where nothing was counted."""
    total = sum(counts)
    if not total:
        return None
    wanted, below = share * total, 0
    for index, count in enumerate(counts):
        if count and below + count >= wanted:
            return edge(index) + WIDTH * max(0.0, wanted - below) / count
        below += count
    return 1.0


def extent(*histograms: Sequence[int]) -> tuple[float, float] | None:
    """From the lowest to the highest filled bin of all of them; None where nothing was counted."""
    filled = [index for counts in histograms for index, count in enumerate(counts) if count]
    return (edge(min(filled)), edge(max(filled) + 1)) if filled else None
