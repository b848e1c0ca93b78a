from __future__ import annotations

from atu_gui.core.harness import HarnessFigure, HarnessReport, side_by_side


def test_before_stands_beside_after_with_a_paired_difference() -> None:
    items = tuple((at, float(at % 2)) for at in range(40))
    none = tuple((at, 0.0) for at in range(40))
    before = (HarnessFigure("a", "acc", 0.5, 0.08, 40, items), HarnessFigure("b", "perplexity", 9.0, None, 40))
    after = (HarnessFigure("b", "perplexity", 9.5, None, 40), HarnessFigure("a", "acc", 0.0, 0.0, 40, none))
    first, second = side_by_side(before, after)
    assert first.difference is not None and first.difference.mean == -0.5 and not first.difference.unclear
    assert (second.before.value, second.after.value, second.difference) == (9.0, 9.5, None)
    data = HarnessReport("m, run r, round 1", "0.4", None, (first, second)).as_json()
    assert data["version"] == "0.4" and "items" not in data["scores"][0]["before"]
    assert data["scores"][0]["difference"]["n"] == 40
