"""Which prompts go through a model together: those that begin alike, in batches of similar length. No tensors."""

from __future__ import annotations

from collections.abc import Sequence

# Below this a shared beginning costs more to copy into the batch than to compute again.
_SHORTEST_PREFIX = 4


def common_length(rows: Sequence[Sequence[int]]) -> int:
    """Length of the beginning that all rows share; each row keeps at least one token of its own."""
    if len(rows) < 2:
        return 0
    limit = min(len(row) for row in rows) - 1
    # What the first and the last in dictionary order share, all between them share too.
    first, last = min(map(list, rows)), max(map(list, rows))
    length = next((place for place in range(limit) if first[place] != last[place]), max(limit, 0))
    return length if length >= _SHORTEST_PREFIX else 0


def families(rows: Sequence[Sequence[int]], fixed: float) -> list[list[int]]:
    """Places of the rows in groups that begin alike, where computing a group's longer beginning once is worth the two
    passes, of `fixed` tokens each, that a group of its own needs: for its beginning and for its rows."""

    def divided(places: list[int]) -> list[list[int]]:
        length = common_length([rows[place] for place in places])
        by_next: dict[int, list[int]] = {}
        for place in places:
            by_next.setdefault(rows[place][length], []).append(place)
        if len(by_next) == 1:
            return [places]
        apart: list[list[int]] = []
        rest: list[int] = []
        for group in by_next.values():
            longer = common_length([rows[place] for place in group])
            if (longer - length) * len(group) > longer + 2 * fixed:
                apart += divided(group)
            else:
                rest += group
        return [*apart, rest] if rest else apart

    return divided(list(range(len(rows)))) if rows else []


def cheapest_batches(lengths: Sequence[int], most: int, fixed: float) -> list[list[int]]:
    """Places of the lengths, shortest first, in batches of at most `most`.

    A batch costs its rows times its longest row, because padding is computed too, and `fixed` however few its rows are:
    every pass reads all weights. All costs are in tokens. The division into batches is the best there is.
    """
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    # Of the first so many rows: the least cost, and where the last batch begins.
    costs, begins = [0.0], [0]
    for end in range(1, len(order) + 1):
        width = lengths[order[end - 1]]
        cost, begin = min(
            (costs[begin] + (end - begin) * width + fixed, begin) for begin in range(max(0, end - most), end)
        )
        costs.append(cost)
        begins.append(begin)
    found: list[list[int]] = []
    end = len(order)
    while end:
        found.append(order[begins[end] : end])
        end = begins[end]
    return found[::-1]
