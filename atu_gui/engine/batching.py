"""Which prompts go through a model together: groups of similar length that cost least. No tensors."""

from __future__ import annotations

from collections.abc import Sequence


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
