"""Texts to measure on, as many and as long as wished, made of bundled sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

from atu_gui.core.paths import resource


def long_texts(count: int, characters: int, begin: str = "Text") -> Iterator[str]:
    """Texts of at least that many characters; no two begin alike."""
    sentences = resource("texts", "neutral.txt").read_text(encoding="utf-8").replace("\n", " ").split(". ")
    for number in range(count):
        words = f"{begin} {number}: "
        for sentence in islice(cycle(sentences), number % len(sentences), None):
            words += f"{sentence.strip()}. "
            if len(words) > characters:
                break
        yield words.strip()
