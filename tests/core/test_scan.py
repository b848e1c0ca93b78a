from __future__ import annotations

from atu_gui.core.events import LayerScored
from atu_gui.core.scan import default_layer, summarise


def _scores(*areas: float | None) -> list[LayerScored]:
    return [LayerScored(n, len(areas), 0.3 + 0.01 * n, area) for n, area in enumerate(areas, start=1)]


def test_the_lowest_layer_as_good_as_the_best_of_the_lower_half() -> None:
    found = summarise(_scores(0.6, 0.795, 0.8, 0.7, 0.9, 0.7))
    assert found.suggested == 2
    assert found.reason == (
        "AUC 0.80, the best up to layer 3, with cosine 0.32. Layer 5 has 0.90, but deeper layers change and cost more."
    )


def test_a_better_deeper_layer_is_named_only_where_there_is_one() -> None:
    assert summarise(_scores(0.6, 0.9, 0.7, 0.8)).reason == "AUC 0.90, the best up to layer 2, with cosine 0.32."


def test_without_other_texts_the_cosine_decides() -> None:
    found = summarise(_scores(None, None, None, None, None, None))
    assert found.suggested == 2
    assert found.reason.startswith("cosine 0.32, the best up to layer 3. Layer 6 has 0.36")


def test_order_of_arrival_does_not_matter() -> None:
    scores = _scores(0.6, 0.7, 0.8, 0.9)
    assert summarise(scores[::-1]) == summarise(scores)


def test_a_model_of_one_layer() -> None:
    assert summarise(_scores(0.5)).suggested == 1
    assert [default_layer(depth) for depth in (1, 4, 30)] == [1, 1, 10]
