"""What is to be forgotten: a name, its aliases and descriptions."""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Concept(BaseModel):
    """One concept to forget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What is to be forgotten: a person, a book, a topic.", max_length=200)
    aliases: tuple[str, ...] = Field(
        default=(), description="Other names. A name that is left out leaks.", max_length=64
    )
    descriptions: tuple[str, ...] = Field(
        default=(), description="Short phrases that describe the concept.", max_length=64
    )

    @field_validator("name")
    @classmethod
    def _name_says_something(cls, value: str) -> str:
        value = " ".join(value.split())
        if not re.search(r"\w", value):
            raise ValueError("the concept is empty; name a person, a book or a topic")
        return value

    @field_validator("aliases", "descriptions")
    @classmethod
    def _no_blanks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        cleaned = (" ".join(value.split()) for value in values)
        return tuple(dict.fromkeys(value for value in cleaned if value))

    @property
    def names(self) -> tuple[str, ...]:
        """The name and every alias, without repetition."""
        return tuple(dict.fromkeys((self.name, *self.aliases)))

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Every text whose embedding stands for the concept."""
        return tuple(dict.fromkeys((*self.names, *self.descriptions)))

    def is_named_in(self, text: str) -> bool:
        """Whether `text` contains the name, an alias or a telling part of the name, as whole words."""
        return _pattern(self.names).search(text) is not None


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    parts: set[str] = set(names)
    for name in names:
        words = name.split()
        # The last word of a personal name ("Buffett") names the person too; short or lower-case words do not.
        if len(words) > 1 and len(words[-1]) > 3 and words[-1][0].isupper():
            parts.add(words[-1])
    ordered = sorted(parts, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, ordered)) + r")(?!\w)", re.IGNORECASE)
