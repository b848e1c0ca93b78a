from __future__ import annotations

import pytest

from atu_gui.core.events import Interval
from atu_gui.core.outcome import Score
from atu_gui.core.paired import Difference
from atu_gui.core.score_words import change, intervals, sure


def test_what_was_not_measured_is_said() -> None:
    assert change(Score()) == "not measured"
    assert intervals(Score()) == "There were no such questions."
    assert sure(None) == "no paired difference"


def test_a_change_has_its_intervals_and_its_items() -> None:
    score = Score(Interval(0.5, 0.4, 0.6, 40), Interval(0.1, 0.0, 0.2, 40))
    assert change(score) == "0.50 → 0.10"
    assert intervals(score) == "Before 0.50 (0.40–0.60), now 0.10 (0.00–0.20), 40 questions"
    few = Score(Interval(0.5, 0.4, 0.6, 4), Interval(0.1, 0.0, 0.2, 4))
    assert intervals(few).endswith("4 questions. Only 4 items: under 30, take the figure for a hint.")


@pytest.mark.parametrize(
    ("low", "high", "lower_is_better", "word"),
    [(-0.3, -0.1, True, "better"), (-0.3, -0.1, False, "worse"), (-0.3, 0.0, True, "unclear")],
)
def test_a_difference_is_sure_only_where_its_interval_leaves_out_zero(
    low: float, high: float, lower_is_better: bool, word: str
) -> None:
    assert sure(Difference(-0.2, low, high, 9), lower_is_better=lower_is_better).endswith(f", {word}")
