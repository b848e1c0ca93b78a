"""Related entities that must survive: the model is asked for lists, and names that come up often are kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Sequence

from atu_gui.core.concepts import Concept
from atu_gui.core.events import Event, Note, TextWritten
from atu_gui.engine.drafts.writing import names_any, write
from atu_gui.engine.models import LanguageModel

COUNT = 8
FEWEST = 3
# Where the model names nobody, these at least keep its common knowledge of people, places and works.
COMMON = (
    "William Shakespeare",
    "Albert Einstein",
    "The Roman Empire",
    "The Beatles",
    "Marie Curie",
    "Paris",
    "Abraham Lincoln",
    "The Bible",
)
_PHRASINGS = (
    "List ten people who are closely related to {name} or often mentioned together with {name}.",
    "Name ten famous people who did similar things to {name}. Give only their names.",
    "List ten people, works, places or things that are closely connected with {name}.",
    "Which contemporaries, rivals or colleagues of {name} are well known? List their names.",
)
_SAMPLES = 4
_ITEM = re.compile(r"^\s*(?:\(?\d{1,3}\s*[.):\-]|[-*•–—+])\s*")
_TAIL = re.compile(r"\s[-–—]+\s|\s*[:;(\[,]|\s(?:by|who|which|was|is|are|were)\s")
_WORDS_NOT_NAMES = frozenset(
    "here sure the they he she it this these those answer question example name names list there some i you yes no "
    "his her its as in on at for and or also other others certainly people person work works thing things place places "
    "contemporaries rivals colleagues none note unknown several various various many one two three".split()
)


def find_neighbours(
    lm: LanguageModel, concepts: Sequence[Concept], *, seed: int, cancelled: Callable[[], bool]
) -> Generator[Event, None, tuple[str, ...]]:
    """About `COUNT` entities related to the concepts, common knowledge where the model names too few."""
    share = max(FEWEST, -(-COUNT // len(concepts)))
    prompts = [
        lm.format_chat(phrasing.format(name=concept.name))
        for concept in concepts
        for phrasing in _PHRASINGS
        for _ in range(_SAMPLES)
    ]
    answers = yield from write(
        lm, prompts, "neighbours", max_new_tokens=96, temperature=0.7, seed=seed, cancelled=cancelled
    )
    per_concept = len(_PHRASINGS) * _SAMPLES
    found: list[str] = []
    for index in range(len(concepts)):
        lists = [parse_names(text) for text in answers[index * per_concept : (index + 1) * per_concept]]
        found.extend(rank_names(lists, concepts)[:share])
    found = list(dict.fromkeys(found))
    if len(found) < FEWEST:
        yield Note("warning", f"The model named {len(found)} neighbours only; common knowledge takes their place.")
        found.extend(name for name in COMMON if name not in found and not names_any(concepts, name))
    kept = tuple(found[: max(COUNT, share * len(concepts))])
    for name in kept:
        yield TextWritten("neighbour", ", ".join(concept.name for concept in concepts), name)
    return kept


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
    """Names by how many lists have them, early ones first; none that names a concept or is part of its name."""
    counts: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    own_words = [set(name.lower().split()) for concept in concepts for name in concept.names]
    for names in lists:
        for key, name in {_key(name): name for name in names}.items():
            if names_any(concepts, name) or any(set(key.split()) <= words for words in own_words):
                continue
            spelling.setdefault(key, name)
            counts[key] += 1
    return [spelling[key] for key, _ in counts.most_common()]


def _key(name: str) -> str:
    return re.sub(r"^the ", "", name.lower())


def _name(item: str) -> str:
    """The name at the start of a list item, or "" where there is none."""
    item = re.sub(r"[*_`#]+", "", item).strip().strip("\"'“”‘’ ")
    name = _TAIL.split(item, maxsplit=1)[0].strip().strip("\"'“”‘’.!? ")
    words = name.split()
    if not 1 <= len(words) <= 6 or len(name) < 3:
        return ""
    if len(words) == 1 and words[0].lower() in _WORDS_NOT_NAMES:
        return ""
    telling = [word for word in words if len(word) > 3] or words
    capitals = sum(word[0].isupper() for word in telling)
    return name if name[0].isupper() and 2 * capitals > len(telling) else ""
