"""Turns what JSON made of frozen values back into them."""

from __future__ import annotations

import contextlib
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


@cache
def hints_of(kind: type[Any]) -> dict[str, Any]:
    """The types of a class's fields. Python reads them from strings anew each time, which took most of a reading."""
    return typing.get_type_hints(kind)


def lines_of(content: str) -> list[str]:
    """The lines of a file of JSON lines; not `splitlines`, because texts hold U+2028 and its like unescaped."""
    return [line for line in content.split("\n") if line.strip()]


def kept_lines(path: Path, read: Callable[[str], T]) -> tuple[T, ...]:
    """What `read` makes of the lines of a file; those that it refuses with a `ValueError` are left out, and where there
    is no file there is nothing."""
    try:
        lines = lines_of(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ()
    found = []
    for line in lines:
        with contextlib.suppress(ValueError):
            found.append(read(line))
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
