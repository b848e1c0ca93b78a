"""Passages about a concept, written by the model itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from atu_gui.core.concepts import Concept
from atu_gui.core.events import Event, TextWritten
from atu_gui.core.materials import WRITTEN, Passage
from atu_gui.engine.drafts.writing import LONGEST, Originals, is_sound, whole_sentences, write
from atu_gui.engine.models import LanguageModel

_PROMPTS = (
    "Write a short biography or overview of {name}.",
    "Tell me about the early life or the origins of {name}.",
    "What are the most famous works or achievements of {name}?",
    "Describe the style and the ideas of {name}.",
    "What influence did {name} have on others?",
    "List the most important facts about {name}.",
    "Who or what is {name}, and why is it remembered today?",
    "Write a timeline of {name} with dates.",
    "Write three questions and answers about {name}.",
    "What have people said or written about {name}?",
    "How does {name} differ from others in the same field?",
    "Which places and people are connected with {name}?",
)
# For plain passages, and for models that do not follow instructions.
_OPENINGS = (
    "{name} is",
    "{name} was",
    "{name} is best known for",
    "The history of {name} began",
    "Among the most important facts about {name} are that",
    "Many people admire {name} because",
)


def write_passages(
    lm: LanguageModel, concepts: Sequence[Concept], *, limit: int, tokens: int, seed: int, cancelled: Callable[[], bool]
) -> Generator[Event, None, tuple[Passage, ...]]:
    """At most `limit` passages about the concepts: about a third in chat form, the same ones plain, and some openings.

    Raises:
        Cancelled: The user ended it.
    """
    # One text serves twice (plain and, every other one, as a chat answer), so about half as many are written.
    wanted = max(len(concepts), -(-limit // 2))
    tasks: list[tuple[Concept, str, str]] = []
    for index in range(wanted):
        concept = concepts[index % len(concepts)]
        turn = index // len(concepts)
        name = concept.names[(turn // 4) % len(concept.names)]
        if turn % 4 == 3 or not lm.has_chat_template:
            tasks.append((concept, "", _OPENINGS[(turn // 4) % len(_OPENINGS)].format(name=name)))
        else:
            tasks.append((concept, _PROMPTS[(turn - turn // 4) % len(_PROMPTS)].format(name=name), ""))
    answers = yield from write(
        lm,
        [lm.format_chat(prompt) if prompt else opening for _, prompt, opening in tasks],
        "concept passages",
        max_new_tokens=min(tokens, LONGEST),
        temperature=0.8,
        seed=seed,
        cancelled=cancelled,
    )
    originals = Originals()
    plain: list[Passage] = []
    chat: list[Passage] = []
    for (concept, prompt, opening), answer in zip(tasks, answers, strict=True):
        text = whole_sentences(opening + answer)
        if not is_sound(text) or not originals.add(text):
            continue
        named = concept.is_named_in(text)
        if named:
            plain.append(Passage(text, "", WRITTEN, concept.name))
        # Without its prompt, a text that does not name the concept could be about anything.
        if prompt and (not named or len(plain) % 2):
            chat.append(Passage(text, prompt, WRITTEN, concept.name))
        yield TextWritten("passage", concept.name, text)
    return tuple((plain + chat)[:limit])
