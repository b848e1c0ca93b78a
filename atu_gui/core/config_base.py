"""What the parts of a config have in common, and how a field says its label and unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from atu_gui.core.halves import has_halves


class Part(BaseModel):
    """A part of a config: unknown fields are faults, and changes are checked like the file."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, protected_namespaces=())

    @field_validator("*")
    @classmethod
    def _can_be_written(cls, value: Any) -> Any:
        """Strings are checked by pydantic itself."""
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, Path) and has_halves(str(one)):
                raise ValueError("the name of a file or folder is not UTF-8; rename it")
        return value


def ui(label: str, unit: str = "", *, advanced: bool = False) -> dict[str, Any]:
    """The `json_schema_extra` of a field."""
    return {"label": label, "unit": unit, "advanced": advanced}
