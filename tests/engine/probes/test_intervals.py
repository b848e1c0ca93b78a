"""The bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from atu_gui.engine.probes.intervals import bootstrap


def test_nothing_measured() -> None:
    assert bootstrap([]) is None


def test_one_item_has_no_width() -> None:
    interval = bootstrap([0.25])
    assert interval is not None
    assert (interval.mean, interval.low, interval.high, interval.n) == (0.25, 0.25, 0.25, 1)


def test_it_is_repeatable_and_encloses_the_mean() -> None:
    values = [0.0, 0.0, 1.0, 1.0, 0.5, 0.2]
    interval = bootstrap(values)
    assert interval == bootstrap(values)
    assert interval is not None
    assert interval.low < interval.mean < interval.high
    assert interval.mean == pytest.approx(0.45)


def test_its_width_is_that_of_a_normal_mean() -> None:
    values = np.random.default_rng(1).normal(size=400)
    interval = bootstrap(list(values))
    assert interval is not None
    expected = 2 * 1.96 * values.std() / 20
    assert interval.high - interval.low == pytest.approx(expected, rel=0.1)
