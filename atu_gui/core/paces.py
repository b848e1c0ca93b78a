"""How long the parts of a run take: measured while it goes on, and guessed where a part has not been seen yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal

from atu_gui.core.events import StagePlan

# A first align stage reads cached states, later ones run the model anew; “between” is measuring the head and saving.
# “asides” is what a probe takes beside its questions, however many they are; a run cannot tell it from them.
Part = Literal["first align", "align", "unlearn", "probe", "asides", "between"]
PARTS: tuple[Part, ...] = ("first align", "align", "unlearn", "probe", "asides", "between")
# Costs of a step in those of a first align step, for runs on a machine that has none to remember: the default settings
# on two processor cores (SmolLM2-135M, medians over eight runs).
_TYPICAL: dict[Part, float] = {"first align": 1.0, "align": 3.5, "unlearn": 15.0}
_BETWEEN = 0.09
# So many earlier stages of a part count beside the one under way: a lasting slow-down shows after three.
_STAGES = 4


@dataclass(frozen=True, slots=True)
class MeasuredPaces:
    """What `steps` steps and some questions took, done for this alone.

    Attributes:
        paces: Seconds per step, per question (“probe”, “asides” beside it), and per round (“between”).
        steps: How many steps were counted.
    """

    paces: Mapping[Part, float]
    steps: int


def part_of(stage: StagePlan) -> Part:
    """What a stage's steps cost like."""
    if stage.stage == "align":
        return "first align" if stage.round == 1 else "align"
    return stage.stage


class Paces:
    """Seconds per step of each part, per question of a probe, and per round for what lies between the stages.

    Args:
        remembered: Those known before the run begins.
        typical: Costs of a step of each part in those of another, where neither is known otherwise; without it those of
            the default settings.

    Attributes:
        questions: How many questions a probe asks.
    """

    def __init__(
        self, remembered: Mapping[Part, float] | None = None, typical: Mapping[Part, float] | None = None
    ) -> None:
        self.questions = 1
        self._typical = dict(typical or _TYPICAL)
        self._remembered = dict(remembered or {})
        self._stages: dict[Part, list[float]] = {}
        self._under_way: dict[Part, float] = {}

    @property
    def measured(self) -> dict[Part, float]:
        """What this run has shown so far: the median over the last stages of each part.

        A chat, or another program, can make one stage twice as long; the next one is as quick as those before.
        """
        parts = [part for part in PARTS if part in self._stages or part in self._under_way]
        return {part: median(self._samples(part)) for part in parts}

    def measure(self, part: Part, seconds: float) -> None:
        """Take in what the stage under way takes as far as it has been seen; what was said of it before is dropped."""
        if seconds >= 0 and math.isfinite(seconds):
            self._under_way[part] = seconds

    def next_stage(self) -> None:
        """A stage begins: what was measured of the one before stays."""
        for part, seconds in self._under_way.items():
            self._stages.setdefault(part, []).append(seconds)
        self._under_way.clear()

    def of(self, part: Part) -> float | None:
        """Seconds of a part: as measured in this run, else as remembered, else as typical; None where unknown."""
        known = self._known(part)
        if known is not None:
            return known
        if part == "between":
            probe = self.of("probe")
            return None if probe is None else _BETWEEN * probe * self.questions
        if part not in self._typical:
            return None
        others: tuple[Part, ...] = ("unlearn", "align", "first align")
        paces = ((other, self._known(other)) for other in others)
        typical = self._typical
        return next((pace * typical[part] / typical[other] for other, pace in paces if pace is not None), None)

    def cost(self, stage: StagePlan) -> float | None:
        """Seconds of a whole stage."""
        pace = self.of(part_of(stage))
        return None if pace is None else pace * (self.questions if stage.stage == "probe" else stage.steps)

    def split(self) -> dict[Part, float]:
        """What this run has shown, a probe parted into questions and asides in the proportion known before."""
        measured = self.measured
        asides, whole = self._remembered.get("asides", 0.0), self._recalled("probe")
        if "probe" in measured:
            factor = measured["probe"] / whole if whole else 0.0
            # Where nothing is known of asides, questions stand for all of a probe.
            measured["asides"] = asides * factor
            measured["probe"] -= measured["asides"] / self.questions
        return measured

    def _known(self, part: Part) -> float | None:
        """As measured in this run, else as remembered."""
        measured = self.measured
        if part in measured:
            return measured[part]
        recalled = self._recalled(part)
        return None if recalled is None else recalled * self._slower()

    def _recalled(self, part: Part) -> float | None:
        """As known before the run; of a probe what a question takes with its share of the asides."""
        if part not in self._remembered or part != "probe":
            return self._remembered.get(part)
        return self._remembered[part] + self._remembered.get("asides", 0.0) / self.questions

    def _samples(self, part: Part) -> list[float]:
        seen = self._stages.get(part, [])[-_STAGES:]
        return [*seen, self._under_way[part]] if part in self._under_way else seen

    def _slower(self) -> float:
        """How much slower than remembered the machine is in what both have seen, as a geometric mean."""
        both = [
            seconds / recalled
            for part, seconds in self.measured.items()
            if seconds > 0 and (recalled := self._recalled(part) or 0.0) > 0
        ]
        return math.exp(sum(math.log(ratio) for ratio in both) / len(both)) if both else 1.0
