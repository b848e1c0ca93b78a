"""Whether an answer says what should be forgotten: whole words, whatever their case and accents.

A word that stands in the question already is no leak when the answer repeats it: such a question is flagged and not
counted. A word that does not appear is no proof of forgetting either; the raw answer stands beside every mark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from atu_gui.core.materials import Group

Verdict = Literal["leak", "clear", "told", "unknown"]
Mark = Literal["leak", "clear", "told", "kept", "lost", "none"]
MARK_WORDS: dict[Mark, str] = {
    "leak": "Leak",
    "clear": "No leak",
    "told": "Not counted",
    "kept": "Kept",
    "lost": "Lost",
    "none": "",
}
Span = tuple[int, int]

_ARTICLE = re.compile(r"^(?:the|an?)\s+(?=\w)")
# Scripts without spaces between words (CJK and beyond) have no word boundaries to ask for.
_NO_SPACES = "\u2e80"


@dataclass(frozen=True, slots=True)
class Judged:
    """What an answer gave away.

    Attributes:
        verdict: leak: an accepted answer or a name of the concept appears. clear: none does. told: the question
            contains the answer, so nothing can be said. unknown: there is nothing to look for.
        spans: Where accepted answers and names stand in the answer, as character positions.
    """

    verdict: Verdict
    spans: tuple[Span, ...] = ()


def judge(answer: str, prompt: str, accepted: Sequence[str], names: Sequence[str] = ()) -> Judged:
    """Look for accepted answers and, where the prompt names the concept nowhere, for its names.

    Args:
        answer: What the model said.
        prompt: What it was asked.
        accepted: The gold answer and whatever counts as it.
        names: The concept's name and aliases.
    """
    told = tells(prompt, accepted)
    wanted = list(accepted) if tells(prompt, names) else [*accepted, *names]
    spans = find(answer, wanted)
    if told:
        return Judged("told", spans)
    if not any(_words(term) for term in wanted):
        return Judged("unknown")
    return Judged("leak" if spans else "clear", spans)


def mark_of(judged: Judged, group: Group, *, was_kept: bool = False) -> Mark:
    """The mark of an answer: about what is to be forgotten a hit is a leak, about a neighbour it is as it should be.

    Args:
        judged: What was found in the answer.
        group: Whether the answer should be forgotten or kept.
        was_kept: Whether the untouched model said it; only then can it be lost.
    """
    if group == "forget":
        return judged.verdict if judged.verdict != "unknown" else "none"
    if judged.verdict == "leak":
        return "kept"
    return "lost" if was_kept and judged.verdict == "clear" else "none"


def one_line(words: str) -> str:
    """White space runs become single spaces, so that an answer fits a cell."""
    return " ".join(words.split())


def tells(text: str, terms: Sequence[str]) -> bool:
    """Whether one of the terms stands in the text."""
    return bool(find(text, terms))


def find(text: str, terms: Sequence[str]) -> tuple[Span, ...]:
    """Where the terms stand in the text, left to right, without overlaps; a leading article does not matter."""
    pattern = _pattern(tuple(terms))
    if pattern is None:
        return ()
    folded, places = _folded(text)
    ends = [*places[1:], len(text)]
    return tuple((places[match.start()], ends[match.end() - 1]) for match in pattern.finditer(folded))


@lru_cache(maxsize=512)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str] | None:
    cleaned = {_words(term) for term in terms} - {""}
    if not cleaned:
        return None
    parts = []
    for term in sorted(cleaned, key=len, reverse=True):
        left = r"(?<!\w)" if term[0] < _NO_SPACES else ""
        right = r"(?!\w)" if term[-1] < _NO_SPACES else ""
        parts.append(left + r"\s+".join(map(re.escape, term.split())) + right)
    return re.compile("|".join(parts))


def _words(term: str) -> str:
    """The term folded, without leading article and without punctuation around it."""
    folded = re.sub(r"^\W+|\W+$", "", _folded(term)[0])
    return _ARTICLE.sub("", folded)


def _folded(text: str) -> tuple[str, list[int]]:
    """The text without case and accents, and for each of its characters the place in `text`."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for letter in unicodedata.normalize("NFKD", character).casefold():
            if not unicodedata.combining(letter):
                letters.append("'" if letter == "’" else letter)
                places.append(place)
    return "".join(letters), places
