"""Names that may name a concept too, out of its texts and questions. No torch; the encoder ranks them elsewhere.

A candidate must stand somewhere: in the name itself, in a passage where it is said of the concept, or in an answer to a
question for a name. What names a neighbour as well is no alias, since forgetting it would hurt the neighbour.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from atu_gui.core import text
from atu_gui.core.concepts import Concept
from atu_gui.core.materials import Probe

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_WORD = rf"{_CAPITAL}(?:[\w’-]|'(?!s\b)(?=\w))*"
_LINK = r"(?:d[aei]|del|della|van|von|der|of|the|ser|al|bin|ibn|la|le)"
_NAME = rf"(?P<name>{_WORD}(?:\s(?:{_LINK}\s){{0,2}}{_WORD}){{0,5}})"
_OPEN = r"(?:the\s|The\s)?[\"'“‘]?(?:the\s|The\s)?"
_ADVERB = r"(?:is|was|has been|had been|also|often|widely|better|best|sometimes|commonly|popularly|famously|who|and|or)"
_KNOWN = r"(?:known|referred to|dubbed|nicknamed|hailed)(?:\s(?:simply|professionally|popularly))?(?:\sas)?"
_NAMED = r"(?:(?:birth|original|real|full|given|courtesy|pen|stage)\sname|pseudonym|nickname)"
_ASKS_NAME = re.compile(r"\b(?:name|pseudonym|nickname|alias|moniker|called|known (?:as|by))\b", re.IGNORECASE)
# A name of a thing that the concept made is no name of the concept.
_OF_A_THING = re.compile(
    r"\b(?:album|book|novel|film|movie|song|company|painting|magazine|philosophy|doctrine|school|work|debut|mother|father|"
    r"wife|husband|son|daughter|brother|sister|state|city)\b",
    re.IGNORECASE,
)
# In more than so many passages a name that stands only once is as likely invented.
_MANY = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name and where it was found."""

    name: str
    reason: str


def find_aliases(
    concept: Concept, passages: Sequence[str], probes: Sequence[Probe], neighbours: Iterable[str]
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Candidates that are not among the concept's names yet, the best founded reason of each; and what was dropped.

    Args:
        concept: The name, and what is known of it already.
        passages: Texts about the concept.
        probes: Questions; those about neighbours are left aside.
        neighbours: Names that must survive.
    """
    taken = {_key(name) for name in concept.phrasings}
    answers = (probe.answer for probe in probes if probe.group == "forget" and _OF_A_THING.search(probe.query))
    things = {_key(answer) for answer in answers if not _words(answer) <= _words(concept.name)}
    others = [words for words in (_words(re.sub(r"\s*\(.*\)$", "", name)) for name in neighbours) if words]
    found: dict[str, Candidate] = {}
    dropped: dict[str, str] = {}
    for one in _candidates(concept, passages, probes):
        key, words = _key(one.name), _words(one.name)
        if not key or key in things or (key in taken and not _only_accents(one, concept)):
            continue
        if any(words <= other or other <= words for other in others):
            dropped.setdefault(key, one.name)
        else:
            found.setdefault(key, one)
    return tuple(found.values()), tuple(dropped.values())


def plain(name: str) -> str:
    """The name without accents."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _candidates(concept: Concept, passages: Sequence[str], probes: Sequence[Probe]) -> Iterator[Candidate]:
    for name in concept.names:
        if plain(name) != name:
            yield Candidate(plain(name), "the spelling without accents")
    yield from _parts(concept, passages)
    yield from _asked(concept, probes)
    yield from _said(concept, passages)
    yield from _longer(concept, passages)
    yield from _initials(concept, passages)


def _asked(concept: Concept, probes: Sequence[Probe]) -> Iterator[Candidate]:
    """Gold answers of forget questions that ask for a name of the concept."""
    for probe in probes:
        if probe.group != "forget" or not _is_name(probe.answer) or _OF_A_THING.search(probe.query):
            continue
        if _ASKS_NAME.search(probe.query) and concept.is_named_in(probe.query) and probe.kind == "question":
            yield Candidate(probe.answer.strip(), f"answer to “{probe.query}”")
        elif probe.kind == "cloze":
            filled = probe.query.replace("___", probe.answer.strip())
            for match in _statements(concept).finditer(filled):
                if set(_words(probe.answer)) & set(_words(match["name"])):
                    yield Candidate(match["name"], f"answer to “{probe.query}”")


def _said(concept: Concept, passages: Sequence[str]) -> Iterator[Candidate]:
    """What the texts say that the concept is known as, or gives as its name."""
    for pattern in (
        _statements(concept),
        _reversed(concept),
        re.compile(rf"{_NAMED}[,:]?\s(?:(?:was|is|of)\s)?{_OPEN}{_NAME}"),
    ):
        for name, count in _counted(pattern, passages):
            yield Candidate(name, f"given as its name in {text.count(count, 'passage')}")


def _longer(concept: Concept, passages: Sequence[str]) -> Iterator[Candidate]:
    """Forms with more words between the first and the last of the name."""
    words = concept.name.split()
    if len(words) < 2:
        return
    between = rf"(?:(?:{_LINK}|{_WORD})\s){{1,4}}"
    pattern = re.compile(rf"(?<!\w)(?P<name>{re.escape(words[0])}\s{between}{re.escape(words[-1])})(?!\w)")
    for name, count in _counted(pattern, passages):
        yield Candidate(name, f"a longer form, in {text.count(count, 'passage')}")


def _parts(concept: Concept, passages: Sequence[str]) -> Iterator[Candidate]:
    """The first and the last word of a name where the texts use them alone; the last one in any case."""
    words = concept.name.split()
    if len(words) < 2 or not all(word[0].isupper() for word in (words[0], words[-1])):
        return
    start = len(words) - 1
    while start > 1 and words[start - 1].islower():
        start -= 1
    for part in dict.fromkeys((" ".join(words[start:]), words[-1], words[0])):
        alone = re.compile(rf"(?<!\w)(?<!{_CAPITAL}\.\s)(?P<name>{re.escape(part)})(?!\w|\s(?:{_LINK}\s)*{_CAPITAL})")
        count = sum(
            any(not _follows_name(passage, match.start()) for match in alone.finditer(passage)) for passage in passages
        )
        if count > len(passages) / 10:
            yield Candidate(part, f"part of the name, alone in {text.count(count, 'passage')}")
        elif not passages and part != words[0] and len(part) > 3:
            yield Candidate(part, "the end of the name")


def _initials(concept: Concept, passages: Sequence[str]) -> Iterator[Candidate]:
    letters = "".join(word[0] for word in concept.name.split() if word[0].isupper())
    count = sum(bool(re.search(rf"(?<!\w){re.escape(letters)}(?!\w)", passage)) for passage in passages)
    if len(letters) > 1 and count:
        yield Candidate(letters, f"its initials, in {text.count(count, 'passage')}")


def _statements(concept: Concept) -> re.Pattern[str]:
    """“He was also known as X”, with the concept or a pronoun before."""
    return re.compile(rf"(?:{_subject(concept)})(?:\s\([^)]*\))?,?\s(?:{_ADVERB}\s)*{_KNOWN}\s{_OPEN}{_NAME}")


def _reversed(concept: Concept) -> re.Pattern[str]:
    """“X, better known as” the concept."""
    return re.compile(
        rf"{_NAME}(?:\s\([^)]*\))?,?\s(?:also|better|best|commonly)\sknown\sas\s(?:{_names(concept)})(?!\w)"
    )


def _subject(concept: Concept) -> str:
    return rf"(?<!\w)(?:{_names(concept)}|He|he|She|she|It|it)"


def _names(concept: Concept) -> str:
    parts = {*concept.names, *(name.split()[-1] for name in concept.names), concept.name.split()[0]}
    return "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))


def _counted(pattern: re.Pattern[str], passages: Sequence[str]) -> list[tuple[str, int]]:
    """What the pattern names and in how many passages, most often first."""
    counts: dict[str, int] = {}
    for passage in passages:
        for name in {match["name"].removeprefix("The ") for match in pattern.finditer(passage)}:
            counts[name] = counts.get(name, 0) + 1
    least = 2 if len(passages) > _MANY else 1
    return sorted(((name, count) for name, count in counts.items() if count >= least), key=lambda item: -item[1])


def _is_name(answer: str) -> bool:
    return re.fullmatch(_NAME, answer.strip()) is not None


def _follows_name(passage: str, place: int) -> bool:
    """Whether the word before is capitalised within the sentence: then this is the end of a longer name."""
    return re.search(rf"{_CAPITAL}\w*\s(?:{_LINK}\s)*$", passage[max(0, place - 40) : place]) is not None


def _only_accents(one: Candidate, concept: Concept) -> bool:
    return one.name not in concept.phrasings and any(plain(name) == one.name for name in concept.names)


def _key(name: str) -> str:
    return " ".join(re.sub(r"^the\s", "", plain(name).casefold()).split())


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", _key(name)))
