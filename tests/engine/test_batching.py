from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atu_gui.engine.batching import cheapest_batches, common_length, families

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


ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=30), max_size=30)


@given(ROWS, st.floats(0, 20))
def test_every_row_is_in_one_family_that_begins_alike(rows: list[list[int]], fixed: float) -> None:
    found = families(rows, fixed)
    assert sorted(place for family in found for place in family) == list(range(len(rows)))
    for family in found:
        members = [rows[place] for place in family]
        length = common_length(members)
        assert all(row[:length] == members[0][:length] and len(row) > length for row in members)


def test_a_family_is_made_where_its_beginning_is_worth_it() -> None:
    asked = [[1] * 5 + [2] * 40 + [number] for number in range(10)]
    others = [[1] * 5 + [number, 9] for number in range(10, 14)]
    assert families(asked + others, 20) == [list(range(10)), list(range(10, 14))]
    assert families(asked + others, 500) == [list(range(14))]
    assert families([], 1) == []
