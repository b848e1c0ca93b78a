from __future__ import annotations

import pytest

from atu_gui.core.asked import AskedQuestion, AskedWay, Reply, from_line, to_line
from atu_gui.core.rephrasing import Rephrasing

WAY = Rephrasing("role play", "You know.\nWho?", "Ada", ("Ada", "Lovelace"), ("the Countess",), "a historian")
ASKED = AskedQuestion(
    "Who wrote it?",
    1.7e9,
    (
        AskedWay(WAY, (Reply("untouched weights", "Ada\u2028did.", -0.5), Reply("run 1, round 2", "", None))),
        AskedWay(Rephrasing("paraphrase", "By whom?"), (Reply("untouched weights", "?", None),)),
    ),
)


def test_a_question_with_all_its_ways_is_one_line_and_comes_back() -> None:
    line = to_line(ASKED)
    assert "\n" not in line
    assert from_line(line) == ASKED


@pytest.mark.parametrize("line", ["", "{", "[]", "3", "{}", '{"query": "x", "asked": 1, "ways": [{"odd": 1}]}'])
def test_a_damaged_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        from_line(line)
