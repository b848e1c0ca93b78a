from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.histogram import BINS, edge, extent, quantile, share_above


def _counts(**bins: int) -> tuple[int, ...]:
    made = [0] * BINS
    for name, count in bins.items():
        made[int(name[1:])] = count
    return tuple(made)


def test_edges_run_from_minus_one_to_one() -> None:
    assert (edge(0), edge(BINS // 2), edge(BINS)) == (-1.0, 0.0, 1.0)
    assert edge(123) == 0.23


def test_a_share_at_two_decimals_is_exact_and_interpolated_between() -> None:
    counts = _counts(b120=10, b123=30)
    assert share_above(counts, 0.23) == 0.75
    assert share_above(counts, 0.24) == 0.0
    assert share_above(counts, 0.20) == 1.0
    assert share_above(counts, 0.205) == pytest.approx(0.875)


def test_nothing_counted_says_nothing() -> None:
    empty = (0,) * BINS
    assert share_above(empty, 0.2) is None and quantile(empty, 0.5) is None and extent(empty, ()) is None


def test_quantiles_lie_within_their_bin() -> None:
    counts = _counts(b110=50, b130=50)
    assert quantile(counts, 0.5) == pytest.approx(0.11)
    assert quantile(counts, 0.75) == pytest.approx(0.305)
    assert quantile(counts, 1.0) == pytest.approx(0.31)
    assert extent(counts) == (0.10, 0.31)


@given(st.lists(st.integers(0, 50), min_size=BINS, max_size=BINS), st.floats(0.0, 1.0))
def test_above_a_quantile_lies_the_rest(counts: list[int], share: float) -> None:
    value = quantile(counts, share)
    if value is not None:
        assert share_above(counts, value) == pytest.approx(1.0 - share, abs=1e-4)
