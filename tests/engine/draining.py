"""Runs a generator of events to its end."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def drain(work: Generator[object, None, T]) -> tuple[list[object], T]:
    """All events of a generator, and its return value."""
    events: list[object] = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as stop:
            return events, stop.value
