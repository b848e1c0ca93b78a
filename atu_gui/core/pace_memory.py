"""The paces of this machine: what runs and measured steps took, kept on the disk by model and settings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Literal

from atu_gui.core import text
from atu_gui.core.files import write_whole
from atu_gui.core.paces import PARTS, Part
from atu_gui.core.rates import Work, usual_rates
from atu_gui.core.records import parse
from atu_gui.core.workload import Workload

Source = Literal["run", "steps"]
_MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a workload's paces before it runs.

    Attributes:
        paces: Seconds of the parts; those that nobody has seen are missing.
        exact: Whether they were seen with these very settings; else they are scaled by the work of a step.
        words: Where they come from: “from 20 measured steps”; "" where nothing is known.
    """

    paces: Mapping[Part, float] = field(default_factory=dict)
    exact: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What was seen of a workload; of two with the same model and settings the newer one is kept."""

    work: Workload
    paces: dict[Part, float]
    source: Source
    steps: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.work.model, self.work.device, self.work.settings

    def words(self) -> str:
        return "from your last run" if self.source == "run" else f"from {text.count(self.steps, 'measured step')}"

    def distance(self, work: Workload) -> float:
        """How far it is from other work, as a sum of logarithms."""
        return sum(abs(math.log(self._times(work, part))) for part in self.paces)

    def scaled(self, work: Workload) -> dict[Part, float]:
        """Its paces in proportion to other work, as a machine with the usual rates would take it."""
        return {part: pace * self._times(work, part) for part, pace in self.paces.items()}

    def _times(self, work: Workload, part: Part) -> float:
        rates = usual_rates(work.device)
        return rates.seconds(work.costs[part]) / rates.seconds(self.work.costs[part])


class PaceMemory:
    """Reads the file anew with every call, so that two windows share it; a damaged one counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, work: Workload) -> Remembered:
        """What is known of a workload: its own paces, else those of the nearest other settings of its model, else of
        the nearest model on the same device. What the nearest lacks comes from the next."""
        entries = [entry for entry in self._entries() if entry.work.device == work.device]
        own = [entry for entry in entries if entry.work.model == work.model]
        # Of two that are equally near the newer one is first.
        near = (own or entries)[::-1]
        near.sort(key=lambda entry: (entry.work.settings != work.settings, entry.distance(work)))
        if not near:
            return Remembered()
        paces: dict[Part, float] = {}
        for entry in reversed(near):
            paces |= entry.scaled(work)
        exact = bool(own) and near[0].work.settings == work.settings and "unlearn" in near[0].paces
        if exact:
            words = near[0].words()
        elif own:
            words = f"scaled {near[0].words()} with other settings"
        else:
            words = f"scaled {near[0].words()} with another model"
        return Remembered(paces, exact, words)

    def keep(self, work: Workload, paces: Mapping[Part, float], source: Source, steps: int = 0) -> None:
        """Keep what was seen; parts that were not seen this time stay as they were. A folder that cannot be written is
        no reason to complain."""
        new = _Entry(work, {part: paces[part] for part in PARTS if _is_pace(paces.get(part))}, source, steps)
        if not new.paces:
            return
        entries = {entry.key: entry for entry in self._entries()}
        old = entries.pop(new.key, None)
        if old is not None:
            new.paces.update({part: pace for part, pace in old.paces.items() if part not in new.paces})
        kept = [*entries.values(), new][-_MOST_KEPT:]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps([_to_json(entry) for entry in kept], indent=1))
        except OSError:
            return

    def _entries(self) -> list[_Entry]:
        """Oldest first."""
        try:
            data = parse(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        found = [_from_json(one) for one in data] if isinstance(data, list) else []
        return [entry for entry in found if entry is not None]


def _is_pace(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _to_json(entry: _Entry) -> dict[str, Any]:
    work = entry.work
    return {
        "model": work.model,
        "device": work.device,
        "settings": work.settings,
        "source": entry.source,
        "steps": entry.steps,
        "paces": entry.paces,
        "costs": {part: astuple(cost) for part, cost in work.costs.items()},
    }


def _from_json(data: Any) -> _Entry | None:
    try:
        paces = {part: float(data["paces"][part]) for part in PARTS if _is_pace(data["paces"].get(part))}
        costs = {part: Work(*map(float, data["costs"][part])) for part in PARTS}
        work = Workload(str(data["model"]), str(data["device"]), str(data["settings"]), costs)
        if (
            not paces
            or not all(cost.operations > 0 for cost in costs.values())
            or data["source"] not in ("run", "steps")
        ):
            return None
        return _Entry(work, paces, data["source"], int(data["steps"]))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
