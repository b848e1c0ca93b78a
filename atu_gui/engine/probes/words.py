"""Small word lists for rephrasing: English words with another that means the same, and what makes a text Spanish."""

from __future__ import annotations

import re

_OTHERS = {
    "most famous": "best-known",
    "best known for": "most celebrated for",
    "known for": "celebrated for",
    "famous for": "renowned for",
    "famous": "renowned",
    "wrote": "penned",
    "author": "writer",
    "painting": "picture",
    "painter": "artist",
    "born": "brought into the world",
    "died": "passed away",
    "city": "town",
    "country": "nation",
    "novel": "work of fiction",
    "film": "motion picture",
    "movie": "motion picture",
    "song": "piece of music",
    "company": "business",
    "founded": "set up",
    "invented": "devised",
    "discovered": "found out",
    "teacher": "tutor",
    "student": "pupil",
    "job": "occupation",
    "profession": "occupation",
    "wife": "spouse",
    "husband": "spouse",
    "war": "armed conflict",
    "king": "monarch",
    "What is the name of": "How does one call",
    "Who is": "Which person is",
    "Who was": "Which person was",
    "When was": "In which year was",
    "When did": "In which year did",
    "Where was": "In which place was",
    "Where did": "In which place did",
}
_PATTERN = re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, _OTHERS), key=len, reverse=True)) + r")\b")
_SPANISH = re.compile(
    r"\b(?:qué|quién|quiénes|cuál|cuáles|cuándo|dónde|cómo|el|la|los|las|de|del|en|un|una|por|para|es|fue|se|su|con|que)\b",
    re.IGNORECASE,
)


def with_other_words(text: str) -> str:
    """The text with common words replaced by others that mean the same; unchanged where it has none of them."""
    return _PATTERN.sub(lambda match: _OTHERS[match.group()], text)


def plausible_spanish(text: str) -> bool:
    """Whether a text looks like a question in Spanish: it ends as one and at least a third of it are common words."""
    words = re.findall(r"\w+", text)
    return text.endswith("?") and len(words) >= 4 and len(_SPANISH.findall(text)) >= len(words) / 3
