"""The end of a generator whose events nobody wants."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def finish(work: Generator[object, None, T]) -> T:
    """Let it run to its end; returns what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: T = stop.value
            return result
