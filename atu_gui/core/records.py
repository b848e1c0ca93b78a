"""Turns what JSON made of frozen values back into them."""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import cache
from typing import Any

from pydantic import BaseModel


@cache
def hints_of(kind: type[Any]) -> dict[str, Any]:
    """The types of a class's fields. Python reads them from strings anew each time, which took most of a reading."""
    return typing.get_type_hints(kind)


def restore(hint: Any, value: Any) -> Any:
    """The value that a field of type `hint` had: JSON turns tuples into lists and dataclasses into dicts."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if isinstance(value, dict) and isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint.model_validate(value)
    if isinstance(value, dict) and dataclasses.is_dataclass(hint):
        hints = hints_of(typing.cast(Any, hint))
        return typing.cast(Any, hint)(**{name: restore(hints[name], part) for name, part in value.items()})
    if isinstance(value, list):
        (item, *_) = typing.get_args(hint)
        return tuple(restore(item, part) for part in value)
    return value
