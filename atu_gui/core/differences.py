"""In which settings runs differ, in the words of the forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from atu_gui.core import text
from atu_gui.core.config import RoundPlan, RunConfig

# Where the results lie and what the run is called is no setting.
_LEFT_OUT = ("out", "name")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting and its value in every run, in the order of the runs."""

    label: str
    values: tuple[str, ...]


def differing(runs: Sequence[Sequence[tuple[str, str]]]) -> tuple[list[Setting], int]:
    """The settings, given by name and value, whose values are not all alike, and how many settings there are."""
    flats = [dict(settings) for settings in runs]
    labels = list(dict.fromkeys(label for flat in flats for label in flat))
    rows = [Setting(label, tuple(flat.get(label, text.NOTHING) for flat in flats)) for label in labels]
    return [row for row in rows if len(set(row.values)) > 1], len(rows)


def settings_of(config: RunConfig) -> list[tuple[str, str]]:
    """Every setting of a run and its value."""
    return list(_flat(config))


def _flat(part: BaseModel) -> Iterator[tuple[str, str]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if name in _LEFT_OUT:
            continue
        if isinstance(value, BaseModel):
            yield from _flat(value)
        elif isinstance(value, list) and value and isinstance(value[0], RoundPlan):
            for number, plan in enumerate(value, start=1):
                yield from _round(number, plan)
        else:
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            yield str(extra.get("label") or text.capital(name)), _words(value)


def _round(number: int, plan: RoundPlan) -> Iterator[tuple[str, str]]:
    tau = text.number(plan.tau) if plan.quantile is None else f"{100 * plan.quantile:g} % of retain"
    yield f"τ of round {number}", tau
    yield f"Steps of round {number}", f"{text.count(plan.align_steps)} + {text.count(plan.unlearn_steps)}"


def _words(value: Any) -> str:
    match value:
        case None:
            return "off"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}".replace("-", text.MINUS)
        case int():
            return text.count(value)
        case list() | tuple():
            return ", ".join(_words(item) for item in value) or text.NOTHING
        case BaseModel():
            return str(getattr(value, "name", value))
    return str(value) or text.NOTHING
