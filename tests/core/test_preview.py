from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.preview import GROUPS, Preview, PreviewLine


@given(st.lists(st.floats(-1, 1), min_size=1), st.floats(-1, 1))
def test_a_line_is_pushed_exactly_where_its_closest_window_is(values: list[float], tau: float) -> None:
    line = PreviewLine("concept", "x", tuple(sorted(values, reverse=True)))
    assert (line.above(tau) > 0) == (line.similarity > tau)
    assert line.above(tau) <= len(values)


def test_lines_come_back_by_group_in_their_order() -> None:
    lines = tuple(PreviewLine(group, str(n), (0.1 * n,)) for n in range(3) for group in GROUPS)
    found = Preview("X", "", lines)
    assert [line.text for line in found.of("question")] == ["0", "1", "2"]
    assert sum(len(found.of(group)) for group in GROUPS) == len(lines)
