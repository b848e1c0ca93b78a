from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atu_gui.engine.batching import cheapest_batches

LENGTHS = st.lists(st.integers(1, 300), max_size=40)


def cost(lengths: list[int], batches: list[list[int]], fixed: float) -> float:
    return sum(len(batch) * max(lengths[place] for place in batch) + fixed for batch in batches)


@given(LENGTHS, st.integers(1, 10), st.floats(0, 500))
def test_every_place_is_in_one_batch_and_none_is_too_large(lengths: list[int], most: int, fixed: float) -> None:
    batches = cheapest_batches(lengths, most, fixed)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    assert all(0 < len(batch) <= most for batch in batches)


@given(LENGTHS, st.integers(1, 10), st.floats(0, 500))
def test_no_plain_division_costs_less(lengths: list[int], most: int, fixed: float) -> None:
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    best = cost(lengths, cheapest_batches(lengths, most, fixed), fixed)
    for size in range(1, most + 1):
        plain = [order[begin : begin + size] for begin in range(0, len(order), size)]
        assert best <= cost(lengths, plain, fixed) + 1e-6


def test_a_long_row_stands_alone_where_padding_costs_more_than_a_pass() -> None:
    assert cheapest_batches([10, 100, 10, 10], 8, 50) == [[0, 2, 3], [1]]
    assert cheapest_batches([10, 100, 10, 10], 8, 500) == [[0, 2, 3, 1]]
