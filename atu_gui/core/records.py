"""Turns what JSON made of frozen values back into them."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

T = TypeVar("T")
_MOST_DAMAGED = 1000


@cache
def hints_of(kind: type[Any]) -> dict[str, Any]:
    """The types of a class's fields. Python reads them from strings anew each time, which took most of a reading."""
    return typing.get_type_hints(kind)


def lines_of(content: str) -> list[str]:
    """The lines of a file of JSON lines; not `splitlines`, because texts hold U+2028 and its like unescaped."""
    return [line for line in content.split("\n") if line.strip()]


def kept_lines(path: Path, read: Callable[[str], T]) -> tuple[T, ...]:
    """What `read` makes of the lines of a file; where there is no file there is nothing.

    Lines that it refuses with a `ValueError` are left out, and after very many of them the rest of the file.
    """
    try:
        lines = lines_of(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ()
    found, damaged = [], 0
    for line in lines:
        try:
            found.append(read(line))
        except ValueError:
            damaged += 1
            if damaged > _MOST_DAMAGED:
                break
    return tuple(found)


def parse(content: str) -> Any:
    """The value of some JSON.

    Raises:
        ValueError: It is damaged or nested too deeply.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def fits(hint: Any, value: Any) -> bool:
    """Whether a restored value is of the type of its field, however deep: JSON may hold anything."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin is typing.Literal:
        return value in parts
    # Literals joined by | are a `typing.Union`.
    if origin in (types.UnionType, typing.Union):
        return any(fits(part, value) for part in parts)
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(parts[0], one) for one in value)
    if origin is dict:
        items = value.items() if isinstance(value, dict) else [(None, None)]
        return all(fits(parts[0], key) and fits(parts[1], one) for key, one in items)
    if dataclasses.is_dataclass(hint):
        kind = typing.cast(Any, hint)
        return isinstance(value, kind) and all(
            fits(part, getattr(value, name)) for name, part in hints_of(kind).items()
        )
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return isinstance(value, hint)


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
