"""A whole run's sum, and a short run really made both ways, on the tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.bench.step import Sources, load_models
from atu_gui.bench.whole import measure_whole
from atu_gui.core.paces import PARTS


def test_a_sum_is_parts_times_counts_and_both_runs_are_made(tiny_model: Path, tiny_encoder: Path) -> None:
    lm, encoder = load_models(Sources(str(tiny_model), str(tiny_encoder)))
    found = measure_whole(lm, encoder, repeats=1)
    assert set(found.ours) == set(found.published) == set(PARTS)
    ours, published = found.ours, found.published
    assert published["probe"] == ours["probe"] and published["asides"] == ours["asides"]
    # The default schedule: eight rounds, 250 + 7 × 12 align and 8 × 6 unlearn steps; nine times 40 questions.
    asked = 9 * (40 * ours["probe"] + ours["asides"])
    assert found.whole.published_s == pytest.approx(334 * published["align"] + 48 * published["unlearn"] + asked)
    steps = 250 * ours["first align"] + 84 * ours["align"] + 48 * ours["unlearn"] + 8 * ours["between"]
    assert found.whole.ours_s == pytest.approx(steps + asked + 320 * found.prepare_s)
    assert found.ratio == found.whole.published_s / found.whole.ours_s
    assert found.short is not None and found.short.ours_run_s and found.short.published_run_s
    floors = found.floors
    assert set(floors) == set(PARTS) and floors["probe"] == ours["probe"]
    assert all(0 < floors[part] < ours[part] for part in ("first align", "align", "unlearn", "between"))
    at_least = 250 * floors["first align"] + 84 * floors["align"] + 48 * floors["unlearn"] + 8 * floors["between"]
    assert at_least + asked < found.floor_s < found.whole.ours_s
