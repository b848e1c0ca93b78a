"""Retain texts written by the model itself: what it says about neighbours and general topics before anything changes.

Half is about neighbours, a quarter general answers in chat form, a quarter plain general passages (bundled). Part of
the chat passages are short exam answers, because it is those that passages alone do not protect. Whatever names a
concept is dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence

from atu_gui.core.concepts import Concept
from atu_gui.core.events import Event, TextWritten
from atu_gui.core.materials import WRITTEN, Passage
from atu_gui.engine.drafts.writing import Originals, answer_tokens, is_sound, names_any, whole_sentences, write
from atu_gui.engine.inputs import bundled, bundled_lines
from atu_gui.engine.models import LanguageModel

_PROMPTS = (
    "Tell me about {name}.",
    "What is {name} known for?",
    "Write a short overview of {name} with the most important facts.",
)
_EXAM = "Please briefly answer the following question.\nQuestion: {question}\n"
_EXAM_QUESTIONS = (
    "What is {name} best known for?",
    "Who or what is {name}?",
    "Where does {name} come from?",
    "When did {name} become known?",
    "What is the most famous work or part of {name}?",
    "In which field is {name} important?",
)
_EXAM_TOKENS = 24


def write_retain(
    lm: LanguageModel,
    concepts: Sequence[Concept],
    neighbours: Sequence[str],
    *,
    limit: int,
    tokens: int,
    seed: int,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, tuple[Passage, ...]]:
    """At most `limit` retain passages, none of which names a concept, of about `tokens` tokens, prompt included."""
    plain = [Passage(text, source="general.txt") for text in bundled("general.txt")]
    plain = _drawn([passage for passage in plain if not names_any(concepts, passage.text)], limit // 4, seed)
    tasks = _long_tasks(neighbours, limit, seed)
    answers = yield from write(
        lm,
        [lm.format_chat(prompt) for prompt, _ in tasks],
        "retain texts",
        max_new_tokens=answer_tokens(tokens),
        temperature=0.8,
        seed=seed,
        cancelled=cancelled,
    )
    originals = Originals()
    chat = [
        Passage(text, prompt, WRITTEN, about)
        for (prompt, about), text in zip(tasks, map(whole_sentences, answers), strict=True)
        if is_sound(text) and not names_any(concepts, text, prompt) and originals.add(text)
    ]
    exam = yield from _exam_answers(lm, concepts, neighbours, limit, seed, cancelled)
    kept = (*chat, *exam, *plain)[:limit]
    for passage in kept:
        if passage.source == WRITTEN:
            yield TextWritten("retain", passage.about or "general", passage.text)
    return kept


def _long_tasks(neighbours: Sequence[str], limit: int, seed: int) -> list[tuple[str, str]]:
    """Prompts and what they are about: a quarter of `limit` on neighbours, an eighth on general topics."""
    pairs = [(prompt.format(name=name), name) for name in neighbours for prompt in _PROMPTS]
    questions = [(question, "") for question in _shuffled(bundled_lines("general_questions.txt"), seed, "free")]
    return _cycled(pairs, limit // 4) + _cycled(questions, limit // 8)


def _exam_answers(
    lm: LanguageModel,
    concepts: Sequence[Concept],
    neighbours: Sequence[str],
    limit: int,
    seed: int,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, list[Passage]]:
    pairs = [(question.format(name=name), name) for question in _EXAM_QUESTIONS for name in neighbours]
    general = [question for question in bundled_lines("general_questions.txt") if question.endswith("?")]
    tasks = pairs[: limit // 4] + [(question, "") for question in _shuffled(general, seed, "exam")[: limit // 8]]
    prompts = [_EXAM.format(question=question) for question, _ in tasks]
    answers = yield from write(
        lm,
        [lm.format_chat(prompt) + "Answer:" for prompt in prompts],
        "short answers",
        max_new_tokens=_EXAM_TOKENS,
        temperature=0.0,
        seed=seed,
        stop_at_newline=True,
        cancelled=cancelled,
    )
    return [
        Passage(f"Answer: {answer.strip()}", prompt, WRITTEN, about)
        for prompt, (_, about), answer in zip(prompts, tasks, answers, strict=True)
        if answer.strip() and not names_any(concepts, answer, prompt)
    ]


def _cycled(tasks: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """`count` tasks in turn; repeated ones give different texts, because answers are sampled."""
    return [tasks[index % len(tasks)] for index in range(count)] if tasks else []


def _shuffled(items: Sequence[str], seed: int, label: str) -> list[str]:
    shuffled = list(items)
    random.Random(f"{seed}:{label}").shuffle(shuffled)
    return shuffled


def _drawn(passages: list[Passage], count: int, seed: int) -> list[Passage]:
    return passages if len(passages) <= count else random.Random(f"{seed}:plain").sample(passages, count)
