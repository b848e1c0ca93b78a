"""The parity table: of each file of golden values what was compared, the worst deviation, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Compared:
    """One line: `worst` is the largest absolute deviation, or how many things differ where `allowed` is 0."""

    file: str
    what: str
    worst: float
    allowed: float


_lines: dict[tuple[str, str], Compared] = {}


def hold(file: str, what: str, worst: float, allowed: float) -> None:
    """Put a comparison into the table, where the worst of its parts stays, and fail where it deviates by too much."""
    known = _lines.get((file, what))
    worst_yet = worst if known is None else max(worst, known.worst)
    _lines[file, what] = Compared(file, what, worst_yet, allowed)
    assert worst <= allowed, f"{file}, {what}: {worst:.3g} is more than {allowed:.3g}"


def furthest(ours: object, golden: object) -> float:
    """The largest absolute difference of two numbers, or of two lists of equal shape; infinite where shapes differ."""
    if isinstance(ours, list | tuple) and isinstance(golden, list | tuple):
        if len(ours) != len(golden):
            return float("inf")
        return max((furthest(one, other) for one, other in zip(ours, golden, strict=True)), default=0.0)
    return abs(float(ours) - float(golden))  # type: ignore[arg-type]


def as_records() -> list[dict[str, Any]]:
    """What was compared in this process."""
    return [asdict(one) for one in _lines.values()]


def take_in(records: Iterable[dict[str, Any]]) -> None:
    """What was compared in another one."""
    for record in records:
        one = Compared(**record)
        known = _lines.get((one.file, one.what))
        if known is None or known.worst < one.worst:
            _lines[one.file, one.what] = one


def table() -> list[str]:
    """The table as lines of Markdown; nothing where nothing was compared."""
    if not _lines:
        return []
    lines = ["| file | what is compared | worst deviation | allowed |", "| --- | --- | --- | --- |"]
    for one in sorted(_lines.values(), key=lambda one: one.file):
        worst = f"{one.worst:.1e}" if one.worst else "0"
        lines.append(f"| {one.file} | {one.what} | {worst} | {one.allowed:g} |")
    return lines
