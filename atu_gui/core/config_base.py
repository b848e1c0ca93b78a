"""What the parts of a config have in common, and how a field says its label and unit."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of a config: unknown fields are faults, and changes are checked like the file."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, protected_namespaces=())


def ui(label: str, unit: str = "", *, advanced: bool = False) -> dict[str, Any]:
    """The `json_schema_extra` of a field."""
    return {"label": label, "unit": unit, "advanced": advanced}
