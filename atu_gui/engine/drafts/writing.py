"""Asking the model for texts and sorting out what is of no use: shared by all drafts."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator, Iterable, Sequence

from atu_gui.core.concepts import Concept
from atu_gui.core.events import Event
from atu_gui.engine.generate import generate_batch
from atu_gui.engine.models import LanguageModel

SHORTEST = 16  # words; shorter passages carry hardly a full window
LONGEST = 160  # tokens; small models say little of use beyond
_CHAT_MARKUP = 40  # tokens of a prompt and its markup, which count towards a passage's length
_OVERLAP = 0.6  # share of 5-grams that makes two passages near duplicates
_GRAM = 5
_REFUSALS = re.compile(
    r"\b(?:I'm sorry|I am sorry|I apologi[sz]e|as an AI|language model|I can(?:no|')t (?:provide|assist|help))", re.I
)
_LAST_SENTENCE = re.compile(r"^.*[.!?…。！？][\"'”’)\]]*", re.DOTALL)


def write(
    lm: LanguageModel,
    prompts: Sequence[str],
    what: str,
    *,
    max_new_tokens: int,
    temperature: float,
    seed: int,
    cancelled: Callable[[], bool],
    stop_at_newline: bool = False,
) -> Generator[Event, None, list[str]]:
    """Answers to final prompts, with progress of the job "write" under the name `what`.

    Raises:
        Cancelled: The user ended it.
    """
    return (
        yield from generate_batch(
            lm,
            prompts,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            # Each kind of text has its own random numbers, so that one more question moves no other text.
            seed=zlib.crc32(f"{seed}:{what}".encode()),
            stop_at_newline=stop_at_newline,
            cancelled=cancelled,
            job="write",
            what=what,
        )
    )


def answer_tokens(tokens: int) -> int:
    """How long an answer may be so that prompt and answer together have about `tokens` tokens."""
    return min(LONGEST, max(2 * SHORTEST, tokens - _CHAT_MARKUP))


def names_any(concepts: Iterable[Concept], *texts: str) -> bool:
    """Whether one of the texts names one of the concepts."""
    return any(concept.is_named_in(text) for concept in concepts for text in texts)


def whole_sentences(text: str) -> str:
    """The text up to its last sentence end, or unchanged where it has none: answers break off at the token limit."""
    match = _LAST_SENTENCE.match(text.strip())
    return match.group(0) if match else text.strip()


def is_sound(text: str) -> bool:
    """Whether a passage is long enough, does not refuse and does not run in circles."""
    words = text.lower().split()
    if len(words) < SHORTEST or _REFUSALS.search(text):
        return False
    return len(set(_grams(words, 3))) >= 0.7 * (len(words) - 2)


class Originals:
    """Remembers passages and tells whether another one says nearly the same, word for word."""

    def __init__(self) -> None:
        self._seen: list[frozenset[tuple[str, ...]]] = []

    def add(self, text: str) -> bool:
        """Whether `text` is new; it is remembered if so."""
        grams = frozenset(_grams(re.findall(r"\w+", text.lower()), _GRAM))
        for other in self._seen:
            if len(grams & other) >= _OVERLAP * max(1, min(len(grams), len(other))):
                return False
        self._seen.append(grams)
        return True


def _grams(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(words[index : index + length]) for index in range(max(1, len(words) - length + 1))]
