"""Related entities that must survive: names that the model lists again and again, then names that it holds related."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from itertools import chain, zip_longest

from atu_gui.core.concepts import Concept
from atu_gui.core.events import Event, TextWritten
from atu_gui.engine.drafts.relatedness import most_related
from atu_gui.engine.drafts.writing import names_any, write
from atu_gui.engine.inputs import bundled_lines
from atu_gui.engine.models import LanguageModel

COUNT = 8
_PER_CONCEPT = 3  # at least, where there are several
_PHRASINGS = (
    "List ten people who are closely related to {name} or often mentioned together with {name}.",
    "Name ten famous people who did similar things to {name}. Give only their names.",
    "List ten people, works, places or things that are closely connected with {name}.",
    "Which contemporaries, rivals or colleagues of {name} are well known? List their names.",
)
_SAMPLES = 2
# A name in fewer of the lists is as likely invented.
_AGREEING = 3
_ITEM = re.compile(r"^\s*(?:\(?(?:\d{1,3}|[A-Z])\s*[.):]\s+|[-*•–—+]\s*)")
_TAIL = re.compile(r"\s[-–—]+(?:\s|$)|\s*[:;(\[,]|['’]s(?:\s|$)|\s(?:by|who|which|was|is|are|were)\s")
_NO_NAME = re.compile(
    r"here|sure|the|they|he|she|it|this|these|those|answer|question|example|names?|list|there|some|you|yes|no|his|her|"
    r"its|as|in|on|at|for|and|or|also|others?|certainly|people|person|works?|things?|places?|contemporaries|rivals|"
    r"colleagues|none|note|unknown|several|various|many|one|two|three",
    re.IGNORECASE,
)


def find_neighbours(
    lm: LanguageModel,
    concepts: Sequence[Concept],
    *,
    seed: int,
    cancelled: Callable[[], bool],
    count: int = COUNT,
) -> Generator[Event, None, tuple[str, ...]]:
    """About `count` entities related to the concepts, those of several concepts in turn.

    A large model lists the same names again and again; they come first. A small one lists what it invents, so
    well-known entities that it holds related fill up the rest.

    Raises:
        Cancelled: The user ended it.
    """
    known = [line for line in bundled_lines("entities.txt") if not line.startswith("#")]
    share = max(_PER_CONCEPT, -(-count // len(concepts)))
    lists = yield from _lists(lm, concepts, seed, cancelled)
    found: list[list[str]] = []
    for concept, named in zip(concepts, lists, strict=True):
        own = rank_names(named, concepts)[:share]
        if len(own) < share:
            taken = {_key(name) for name in chain(own, *found)}
            candidates = [name for name in known if _key(name) not in taken and not _is_own(name, concepts)]
            own += yield from most_related(lm, concept.name, candidates, share - len(own), cancelled=cancelled)
        for name in own:
            yield TextWritten("neighbour", concept.name, name)
        found.append(own)
    return tuple(dict.fromkeys(name for turn in zip_longest(*found) for name in turn if name))


def _lists(
    lm: LanguageModel, concepts: Sequence[Concept], seed: int, cancelled: Callable[[], bool]
) -> Generator[Event, None, list[list[list[str]]]]:
    """For each concept the lists that the model gave, as names."""
    prompts = [
        lm.format_chat(phrasing.format(name=concept.name))
        for concept in concepts
        for phrasing in _PHRASINGS
        for _ in range(_SAMPLES)
    ]
    answers = yield from write(
        lm, prompts, "neighbours", max_new_tokens=72, temperature=0.7, seed=seed, cancelled=cancelled
    )
    size = len(_PHRASINGS) * _SAMPLES
    return [[parse_names(text) for text in answers[start : start + size]] for start in range(0, len(answers), size)]


def parse_names(text: str) -> list[str]:
    """The names in a free answer: numbered, bulleted, one per line or separated by commas, descriptions cut off."""
    lines = [line for line in text.splitlines() if line.strip()]
    items = [_ITEM.sub("", line) for line in lines if _ITEM.match(line)]
    if not items:
        # No list: a line such as “Raphael, Titian and Michelangelo.”
        items = [part for line in lines for part in re.split(r",|;|\band\b", line)]
    names = (_name(item) for item in items)
    return list(dict.fromkeys(name for name in names if name))


def rank_names(lists: Sequence[Sequence[str]], concepts: Sequence[Concept]) -> list[str]:
    """Names that several lists agree on, the most frequent first; none that names a concept or is part of its name."""
    counts: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    for names in lists:
        for key, name in {_key(name): name for name in names}.items():
            if not _is_own(name, concepts):
                spelling.setdefault(key, name)
                counts[key] += 1
    return [spelling[key] for key, count in counts.most_common() if count >= _AGREEING]


def _is_own(name: str, concepts: Sequence[Concept]) -> bool:
    """Whether the name names a concept, or is part of its name, or derived from it ("Confucianism")."""
    words = _key(name).split()
    own = {word for concept in concepts for each in concept.names for word in each.lower().split()}
    stems = [last[: max(5, len(last) - 3)] for last in (each.lower().split()[-1] for c in concepts for each in c.names)]
    derived = any(word.startswith(stem) for word in words for stem in stems if len(stem) > 4)
    return derived or own.issuperset(words) or names_any(concepts, name)


def _key(name: str) -> str:
    return re.sub(r"^the ", "", name.lower())


def _name(item: str) -> str:
    """The name at the start of a list item, or "" where there is none."""
    item = re.sub(r"[*_`#]+", "", item).strip().strip("\"'“”‘’ ")
    name = _TAIL.split(item, maxsplit=1)[0].strip().strip("\"'“”‘’.!? ")
    words = name.split()
    if not 1 <= len(words) <= 6 or len(name) < 3:
        return ""
    if len(words) == 1 and _NO_NAME.fullmatch(words[0]):
        return ""
    telling = [word for word in words if len(word) > 3] or words
    capitals = sum(word[0].isupper() for word in telling)
    return name if name[0].isupper() and 2 * capitals > len(telling) else ""
