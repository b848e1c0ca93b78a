from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.series import Series

VALUES = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=60)


def filled(values: list[float], capacity: int = 4) -> Series:
    series = Series(capacity)
    for at, value in enumerate(values, start=1):
        series.append(at, at / 2, value)
    return series


@given(VALUES, st.integers(1, 20))
def test_smoothing_is_the_mean_of_the_newest_points(values: list[float], window: int) -> None:
    smoothed = filled(values).smoothed(window)
    wanted = [np.mean(values[max(0, at - window + 1) : at + 1]) for at in range(len(values))]
    assert smoothed == pytest.approx(wanted, abs=1e-9)


@given(VALUES, VALUES, st.integers(2, 20))
def test_smoothing_goes_on_where_it_stopped(first: list[float], second: list[float], window: int) -> None:
    series = filled(first)
    series.smoothed(window)
    for at, value in enumerate(second, start=len(first) + 1):
        series.append(at, at / 2, value)
    assert series.smoothed(window) == pytest.approx(filled(first + second).smoothed(window), abs=1e-9)


def test_it_grows_past_its_capacity_and_keeps_everything() -> None:
    series = filled([float(number) for number in range(100)])
    assert series.values.tolist() == [float(number) for number in range(100)]
    assert series.steps[-1] == 100
    assert (series.low, series.high) == (0.0, 99.0)


def test_what_is_no_number_leaves_no_point() -> None:
    series = filled([1.0])
    for value in (None, math.nan, math.inf):
        series.append(2, 1.0, value)
    assert len(series) == 1


def test_a_resumed_run_replaces_the_points_it_does_again() -> None:
    series = filled([0.1, 0.9, 0.3, 0.4])
    series.smoothed(2)
    series.append(2, 1.0, 0.2)
    assert series.values.tolist() == [0.1, 0.2]
    assert series.smoothed(2) == pytest.approx([0.1, 0.15])
    assert series.high == 0.2


def test_the_point_at_a_step_is_the_last_one_before_it() -> None:
    series = filled([5.0, 6.0, 7.0])
    assert series.index_at(2.5) == 1
    assert series.index_at(0.5) is None
    assert series.index_at(99) == 2
