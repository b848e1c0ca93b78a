"""What the standard harness (lm-eval) says of a round: its own figures, before and after. Plain values.

Nothing here is computed by this program but the paired difference; prompts, scoring and standard errors are the
harness's, and differ from the benchmark room's where both have a task of the same name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atu_gui.core.paired import Difference, paired_difference


@dataclass(frozen=True, slots=True)
class HarnessRequest:
    """What to ask.

    Attributes:
        tasks: Names of tasks or groups as the harness has them.
        run: A run by id, its beginning or folder.
        round: A round of it; None is its best one.
        folder: Where more tasks are defined (YAML files); None for the harness's own alone.
        limit: Items of each task at most; None takes all.
    """

    tasks: tuple[str, ...]
    run: str
    round: int | None = None
    folder: Path | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class HarnessFigure:
    """One metric of one task for one set of weights.

    Attributes:
        error: The harness's standard error; None where it has none.
        n: Items behind it.
        items: Value of each item by its index, where the metric is a mean of them.
    """

    task: str
    metric: str
    value: float
    error: float | None
    n: int
    items: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class HarnessScore:
    """The same metric before and after; the difference is paired over items where these are known."""

    before: HarnessFigure
    after: HarnessFigure
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class HarnessReport:
    """All figures of a round, and the version of the harness that made them."""

    weights: str
    version: str
    limit: int | None
    scores: tuple[HarnessScore, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON-ready data, without the single items."""
        data = dataclasses.asdict(self)
        for score in data["scores"]:
            for side in ("before", "after"):
                del score[side]["items"]
        return data


def side_by_side(before: Iterable[HarnessFigure], after: Iterable[HarnessFigure]) -> tuple[HarnessScore, ...]:
    """Figures that both sets of weights have, in the order of the first."""
    now = {(one.task, one.metric): one for one in after}
    pairs = [(one, now[one.task, one.metric]) for one in before if (one.task, one.metric) in now]
    return tuple(HarnessScore(*pair, paired_difference(dict(pair[0].items), dict(pair[1].items))) for pair in pairs)
