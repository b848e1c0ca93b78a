"""How long the parts of a run take: measured while it goes on, and guessed where a part has not been seen yet."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Literal

from atu_gui.core.events import StagePlan

# A first align stage reads cached states, later ones run the model anew; “between” is measuring the head and saving.
Part = Literal["first align", "align", "unlearn", "probe", "between"]
PARTS: tuple[Part, ...] = ("first align", "align", "unlearn", "probe", "between")
# Costs of a step in those of a first align step, for runs on a machine that has none to remember: the default settings
# on two processor cores (SmolLM2-135M, medians over eight runs).
_TYPICAL: dict[Part, float] = {"first align": 1.0, "align": 3.5, "unlearn": 15.0}
_BETWEEN = 0.09
_MOST_REMEMBERED = 50
# So many earlier stages of a part count beside the one under way: a lasting slow-down shows after three.
_STAGES = 4


def part_of(stage: StagePlan) -> Part:
    """What a stage's steps cost like."""
    if stage.stage == "align":
        return "first align" if stage.round == 1 else "align"
    return stage.stage


class Paces:
    """Seconds per step of each part, per question of a probe, and per round for what lies between the stages.

    Args:
        remembered: Those of an earlier run with the same model on this machine.

    Attributes:
        questions: How many questions a probe asks.
    """

    def __init__(self, remembered: Mapping[Part, float] | None = None) -> None:
        self.questions = 1
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
        measured = self.measured
        if part in measured:
            return measured[part]
        if part in self._remembered:
            return self._remembered[part] * self._slower()
        if part == "between":
            probe = self.of("probe")
            return None if probe is None else _BETWEEN * probe * self.questions
        known = next((one for one in ("unlearn", "align", "first align") if one in measured), None)
        if part not in _TYPICAL or known is None:
            return None
        return measured[known] * _TYPICAL[part] / _TYPICAL[known]

    def cost(self, stage: StagePlan) -> float | None:
        """Seconds of a whole stage."""
        pace = self.of(part_of(stage))
        return None if pace is None else pace * (self.questions if stage.stage == "probe" else stage.steps)

    def _samples(self, part: Part) -> list[float]:
        seen = self._stages.get(part, [])[-_STAGES:]
        return [*seen, self._under_way[part]] if part in self._under_way else seen

    def _slower(self) -> float:
        """How much slower than remembered the machine is in what both have seen, as a geometric mean."""
        both = [
            seconds / self._remembered[part]
            for part, seconds in self.measured.items()
            if seconds > 0 and self._remembered.get(part, 0.0) > 0
        ]
        return math.exp(sum(math.log(ratio) for ratio in both) / len(both)) if both else 1.0


def load_paces(path: Path, key: str) -> dict[Part, float]:
    """What runs with this key took; nothing where the file is missing or damaged."""
    found = _read(path).get(key, {})
    if not isinstance(found, dict):
        return {}
    return {part: float(found[part]) for part in PARTS if isinstance(found.get(part), int | float) and found[part] > 0}


def save_paces(path: Path, key: str, paces: Mapping[Part, float]) -> None:
    """Remember what a run took; a folder that cannot be written is no reason to complain."""
    known = _read(path)
    known[key] = {**known.pop(key, {}), **{str(part): seconds for part, seconds in paces.items()}}
    newest = dict(list(known.items())[-_MOST_REMEMBERED:])
    partial = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(newest, indent=1), encoding="utf-8")
        os.replace(partial, path)
    except OSError:
        return


def _read(path: Path) -> dict[str, dict[str, float]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in data.items() if isinstance(value, dict)} if isinstance(data, dict) else {}
