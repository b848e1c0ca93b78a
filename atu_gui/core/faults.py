"""Pydantic's findings in words that a user can act on."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from atu_gui.core.errors import Fault


def faults_of(error: ValidationError) -> list[Fault]:
    """Pydantic's findings as sentences a user can act on."""
    faults = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        faults.append(Fault(where, _problem(item["type"], where, item.get("input"), item.get("ctx", {}), item["msg"])))
    return faults


def _problem(kind: str, where: str, value: Any, context: dict[str, Any], message: str) -> str:
    if where.endswith("tau") and kind in {"greater_than", "less_than"}:
        return f"τ must lie between −1 and 1; you gave {value}"
    if kind == "extra_forbidden":
        return "no such setting"
    if kind == "value_error":
        return str(context.get("error", message))
    words = message[:1].lower() + message[1:]
    return f"{words}; you gave {value!r}"
