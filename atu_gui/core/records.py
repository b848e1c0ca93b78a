"""Turns what JSON made of frozen values back into them."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from pydantic import BaseModel


def restore(hint: Any, value: Any) -> Any:
    """The value that a field of type `hint` had: JSON turns tuples into lists and dataclasses into dicts."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if isinstance(value, dict) and isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint.model_validate(value)
    if isinstance(value, dict) and dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return typing.cast(Any, hint)(**{name: restore(hints[name], part) for name, part in value.items()})
    if isinstance(value, list):
        (item, *_) = typing.get_args(hint)
        return tuple(restore(item, part) for part in value)
    return value
