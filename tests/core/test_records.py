"""Restored values are what their fields say, and damaged lines cost themselves alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from atu_gui.core.records import fits, kept_lines, restore


@dataclass(frozen=True, slots=True)
class Inner:
    number: int
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    kind: Literal["align", "unlearn"]
    inner: Inner
    many: tuple[Inner, ...]
    held: dict[str, float]
    on: bool = False


WHOLE: dict[str, Any] = {
    "name": "Ada", "kind": "align", "inner": {"number": 1, "share": None}, "many": [{"number": 2, "share": 1}],
    "held": {"tau": 0.5, "rate": 1}, "on": True,
}  # fmt: skip


def test_what_was_written_fits() -> None:
    assert fits(Outer, restore(Outer, WHOLE))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 3), ("name", None), ("kind", "probe"), ("inner", None), ("inner", {"number": True}),
        ("inner", {"number": 1.5}), ("inner", {"number": 1, "share": "x"}), ("inner", 7), ("many", {"number": 2}),
        ("many", [3]), ("many", "x"), ("held", []), ("held", {"tau": "x"}), ("held", {"tau": False}), ("on", 1),
        ("on", "yes"),
    ],
)  # fmt: skip
def test_what_is_of_another_type_does_not(field: str, value: object) -> None:
    assert not fits(Outer, restore(Outer, {**WHOLE, field: value}))


def test_damaged_lines_are_left_out_and_very_many_of_them_end_it(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text("1\n\nx\n2\n" + "x\n" * 500 + "3\n" + "x\n" * 1_000_000 + "4\n", encoding="utf-8")
    begun = time.process_time()
    assert kept_lines(file, int) == (1, 2, 3)
    assert time.process_time() - begun < 2.0
    assert kept_lines(tmp_path / "none", int) == ()
