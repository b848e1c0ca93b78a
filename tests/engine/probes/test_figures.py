"""The figures of a report: means over targets, whose intervals are of the very same means."""

from __future__ import annotations

import pytest

from atu_gui.core.evaluation import EvaluatedItem
from atu_gui.engine.probes.figures import figures
from atu_gui.engine.probes.intervals import bootstrap


def _items(target: str, scores: list[float]) -> list[EvaluatedItem]:
    return [EvaluatedItem(target, "fb", at, "", "Who?", "Ada", "", score) for at, score in enumerate(scores)]


def test_every_target_counts_alike_in_a_score_and_in_its_interval() -> None:
    few, many = [1.0, 1.0], [0.0] * 98
    (score,) = (one for one in figures([*_items("1_A", few), *_items("2_B", many)], "rwku") if one.name == "forget FB")
    assert score.items is not None and score.targets is not None
    # All answers of a target are alike, so that drawing among them changes nothing.
    assert (score.value, score.items.mean, score.items.low, score.items.high) == (50.0, 50.0, 50.0, 50.0)
    assert (score.targets.low, score.targets.high) == (0.0, 100.0)
    assert score.n == score.items.n == 100


def test_of_one_target_it_is_the_plain_bootstrap() -> None:
    scores = [0.0, 0.5, 1.0, 0.25]
    (score,) = (one for one in figures(_items("1_A", scores), "rwku") if one.name == "forget FB")
    plain = bootstrap([100 * one for one in scores])
    assert score.items == plain and score.targets is None
    assert score.value == pytest.approx(43.75)
