"""Half characters: surrogates that stand alone. Python's strings can hold them, UTF-8 and every tokenizer cannot.

They come from JSON that spells half of a pair, and from file names and arguments that are no UTF-8.
"""

from __future__ import annotations


def has_halves(words: str) -> bool:
    """Whether the words cannot be written as UTF-8."""
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
