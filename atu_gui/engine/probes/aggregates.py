"""The combined scores of RWKU."""

from __future__ import annotations

from collections.abc import Mapping

from atu_gui.core.evaluation import Reading

# Questions of each part in the whole benchmark of 200 targets: the published weights, whatever is evaluated (A1).
PUBLISHED_WEIGHTS = {
    "forget": {"fb": 3268, "qa": 2879, "aa": 6984},
    "neighbour": {"neighbour-fb": 5846, "neighbour-qa": 5533},
}


def combined(group: str, means: Mapping[str, float], counts: Mapping[str, int], reading: Reading) -> float | None:
    """Weighted mean of a group's parts, in the unit of the means; None unless every part was evaluated."""
    weights = PUBLISHED_WEIGHTS[group]
    if any(part not in means for part in weights):
        return None
    if reading == "corrected":
        weights = {part: counts[part] for part in weights}
    return sum(weight * means[part] for part, weight in weights.items()) / sum(weights.values())
