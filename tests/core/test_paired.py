from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.paired import paired_difference

SCORES = st.dictionaries(st.text(max_size=4), st.floats(0, 1), min_size=1, max_size=30)


def test_only_common_items_count() -> None:
    found = paired_difference({"a": 1.0, "b": 0.5, "gone": 0.0}, {"a": 0.5, "b": 0.5, "new": 1.0})
    assert found is not None and (found.mean, found.n) == (-0.25, 2)


def test_nothing_in_common_is_no_difference() -> None:
    assert paired_difference({"a": 1.0}, {"b": 1.0}) is None


@given(SCORES)
def test_a_run_does_not_differ_from_itself(scores: dict[str, float]) -> None:
    found = paired_difference(scores, scores)
    assert found is not None and found.unclear and (found.low, found.mean, found.high) == (0.0, 0.0, 0.0)


def test_pairs_see_what_two_intervals_hide() -> None:
    generator = np.random.default_rng(1)
    hard = generator.uniform(0, 1, 60)
    baseline = {number: float(value) for number, value in enumerate(hard)}
    other = {number: value - 0.05 + float(generator.normal(0, 0.02)) for number, value in baseline.items()}
    found = paired_difference(baseline, other)
    assert found is not None and not found.unclear and found.high < 0
    assert found.mean == pytest.approx(-0.05, abs=0.01)
    # Two independent means of such scores are about 0.037 apart in standard error: their intervals overlap widely.
    assert hard.std() / np.sqrt(len(hard)) > abs(found.high - found.low)


def test_few_items_that_disagree_are_unclear() -> None:
    found = paired_difference({"a": 0.0, "b": 1.0, "c": 0.0}, {"a": 1.0, "b": 0.0, "c": 0.0})
    assert found is not None and found.unclear


def test_the_same_seed_gives_the_same_interval() -> None:
    one, two = {n: n / 7 % 1 for n in range(20)}, {n: n / 5 % 1 for n in range(20)}
    assert paired_difference(one, two) == paired_difference(one, two)
