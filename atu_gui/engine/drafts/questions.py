"""Questions for users who have none: what the untouched model knows about the concept and about neighbours.

No truth is at hand, so the gold answer is the telling part of the model's own answer, and questions whose answer it
repeats when sampled come first. Forgetting then means that it no longer says what it used to say.
Neighbours that were written about in the retain texts are no fair test; the caller names others where it can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from itertools import zip_longest

from atu_gui.core.concepts import Concept
from atu_gui.core.events import Event, Note, TextWritten
from atu_gui.core.materials import WRITTEN, Group, Passage, Probe, ProbeKind
from atu_gui.engine.drafts.writing import names_any, write
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.prompts import probe_prompt
from atu_gui.engine.probes.rouge import rouge_l_recall
from atu_gui.engine.texts import sentences

# Fits people, works, places and topics alike; the retain texts ask other things.
_ASKED = (
    "Which country is most closely connected with {name}?",
    "Which city is most closely connected with {name}?",
    "Which person is most often named together with {name}?",
    "What is the name of a famous work or thing that belongs to {name}?",
    "In which century or year did {name} first become important?",
    "Which field, art or kind of thing does {name} belong to?",
    "Who or what had the greatest influence on {name}?",
    "Which famous event is connected with {name}?",
)
_BLANKS = (
    "The country of {name} is ___.",
    "{name} is best known for ___.",
    "{name} comes from the city of ___.",
    "{name} is often compared with ___.",
    "{name} was strongly influenced by ___.",
    "{name} became famous in the year ___.",
)
_QUIZ = "Write one short quiz question about {name} that has a one-word answer."
# Small models chat ("What's your favourite …?", "How do you …?"); such questions have no answer to forget.
_QUIZ_FORM = re.compile(r"(?:who|what|which|where|when|in|by|whose|on)\b(?!.*\b(?:you|your|I|my|me)\b)", re.IGNORECASE)
_QUIZ_CUE = "Question:"
_TEMPERATURE = 0.7
_SAMPLES = 2
_SAME = 0.5  # recall from which two answers count as the same
_TOKENS = 24
_QUERY_WORDS = range(4, 31)
# Asked for each wanted question: most fall through.
_SPARE = 4
_NAME = re.compile(r"(?:\d{3,4})|(?:[A-ZÀ-Þ][\w’'-]+(?:\s+(?:(?:of|the|de|da|di|von|van)\s+)?[A-ZÀ-Þ][\w’'-]+)*)")


def write_questions(
    lm: LanguageModel,
    concepts: Sequence[Concept],
    neighbours: Sequence[str],
    passages: Sequence[Passage],
    *,
    wanted: int,
    seed: int,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, tuple[Probe, ...]]:
    """Up to `wanted` questions of each group, those first that the untouched model answers with one voice.

    Args:
        lm: The untouched model.
        concepts: What will be forgotten.
        neighbours: What must survive; questions about them name no concept.
        passages: Texts about the concept, for fill-in questions.
        wanted: Questions of each group.
        seed: Of the sampling.
        cancelled: Asked before every token.

    Raises:
        Cancelled: The user ended it.
    """
    quiz = yield from _quiz(lm, concepts, neighbours, wanted, seed, cancelled)
    candidates: list[Probe] = []
    groups: tuple[tuple[Group, list[str]], ...] = (
        ("forget", [concept.name for concept in concepts]),
        ("neighbour", list(neighbours)),
    )
    for group, names in groups:
        asked = [
            _probe(group, "question", question.format(name=name), "", name) for question in _ASKED for name in names
        ]
        own = [probe for probe in quiz if probe.group == group]
        blanks = cloze_questions(concepts, passages) if group == "forget" else []
        # In turn, so that no kind crowds out the others.
        mixed = [probe for three in zip_longest(own, blanks, asked) for probe in three if probe is not None]
        candidates += _fair(mixed, concepts)[: _SPARE * wanted]
    settled = yield from _settled(lm, candidates, seed, cancelled)
    fair = _fair(settled, concepts)
    kept = [*_some(fair, "forget", wanted), *_some(fair, "neighbour", wanted)]
    for probe in kept:
        yield TextWritten("question", probe.about, f"{probe.query} ({probe.answer})")
    return tuple(replace(probe, id=f"written:{index}") for index, probe in enumerate(kept))


def cloze_questions(concepts: Sequence[Concept], passages: Sequence[Passage]) -> list[Probe]:
    """Sentences that name a concept, with a name or year blanked that is not the concept's own."""
    probes = []
    for passage in passages:
        for sentence in sentences(passage.text):
            about = next((concept for concept in concepts if concept.is_named_in(sentence)), None)
            if about is None or len(sentence.split()) not in _QUERY_WORDS:
                continue
            # The first word is capitalised anyway.
            spans = [match for match in _NAME.finditer(sentence) if match.start() > 0]
            spans = [match for match in spans if not _overlaps_name(match.group(), about)]
            if spans:
                last = spans[-1]
                query = f"{sentence[: last.start()]}___{sentence[last.end() :]}"
                probes.append(_probe("forget", "cloze", query, last.group(), about.name))
    return list({probe.query: probe for probe in probes}.values())


def telling_answer(query: str, answer: str) -> str:
    """The name, year or closing words of an answer that its question does not hold, or "" where there are none.

    A capitalised word before a small one is mostly an adjective ("an Italian painter"), so others are preferred.
    """
    asked = set(re.findall(r"\w+", query.lower()))
    first = next(iter(sentences(answer)), "")
    found: list[tuple[bool, str]] = []
    for match in _NAME.finditer(first):
        words = re.findall(r"\w+", match.group().lower())
        # A capital at the start of a sentence makes no name ("The painter …").
        opening = match.start() == 0 and len(first) > match.end() and " " not in match.group()
        if words and not asked.intersection(words) and not opening:
            found.append((re.match(r"\s[a-zß-ÿ]{4,}", first[match.end() :]) is not None, match.group()))
    return min(found, key=lambda item: item[0])[1] if found else _closing(first, asked)


def _closing(sentence: str, asked: set[str]) -> str:
    """The last words of a sentence's first clause, up to three, from the first telling one on ("horror novels")."""
    words = re.split(r"[,;:(]", sentence, maxsplit=1)[0].rstrip(".!? ").split()[-3:]
    new = [word for word in words if len(word) > 3 and word.lower() not in asked]
    return " ".join(words[words.index(new[0]) :]) if new and words[-1] == new[-1] else ""


def _quiz(
    lm: LanguageModel,
    concepts: Sequence[Concept],
    neighbours: Sequence[str],
    wanted: int,
    seed: int,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, list[Probe]]:
    """Questions that the model thinks of, without answers."""
    tasks: list[tuple[Group, str]] = [
        ("forget", concepts[index % len(concepts)].name) for index in range(_SPARE * wanted // 3)
    ]
    if neighbours:
        tasks += [("neighbour", neighbours[index % len(neighbours)]) for index in range(wanted)]
    answers = yield from write(
        lm,
        [lm.format_chat(_QUIZ.format(name=name)) + _QUIZ_CUE for _, name in tasks],
        "questions",
        max_new_tokens=_TOKENS,
        temperature=_TEMPERATURE,
        seed=seed,
        stop_at_newline=True,
        cancelled=cancelled,
    )
    probes: dict[str, Probe] = {}
    for (group, name), answer in zip(tasks, answers, strict=True):
        question, mark, _ = answer.strip(" \"'“”*").partition("?")
        named = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question, re.IGNORECASE)
        if mark and named and _QUIZ_FORM.match(question) and len(question.split()) in _QUERY_WORDS:
            query = f"{question.strip()}?"
            probes.setdefault(" ".join(re.findall(r"\w+", query.lower())), _probe(group, "question", query, "", name))
    return list(probes.values())


def _settled(
    lm: LanguageModel, candidates: Sequence[Probe], seed: int, cancelled: Callable[[], bool]
) -> Generator[Event, None, list[Probe]]:
    """The candidates with the model's own answers; those that it repeats most often come first."""
    prompts = [probe_prompt(lm, probe) for probe in candidates]
    greedy = yield from _answers(lm, prompts, "answers", 0.0, seed, cancelled)
    answered = []
    for probe, prompt, answer in zip(candidates, prompts, greedy, strict=True):
        # What stood in the passage is the better gold answer, where the model knows it.
        knows = probe.answer and rouge_l_recall(answer, probe.answer) >= _SAME
        gold = probe.answer if knows else telling_answer(probe.query, answer)
        if rouge_l_recall(answer, gold) >= _SAME:
            answered.append((replace(probe, answer=gold.strip(' ,."“”')), prompt))
    repeated = [prompt for _, prompt in answered for _ in range(_SAMPLES)]
    sampled = yield from _answers(lm, repeated, "repeated answers", _TEMPERATURE, seed, cancelled)
    agreeing = [
        sum(rouge_l_recall(text, probe.answer) >= _SAME for text in sampled[n * _SAMPLES : (n + 1) * _SAMPLES])
        for n, (probe, _) in enumerate(answered)
    ]
    ordered = sorted(range(len(answered)), key=lambda n: -agreeing[n])
    firm = sum(count > 0 for count in agreeing)
    yield Note("info", f"{firm} of {len(answered)} self-made questions get the same answer again when sampled.")
    return [answered[n][0] for n in ordered]


def _answers(
    lm: LanguageModel,
    prompts: Sequence[str],
    what: str,
    temperature: float,
    seed: int,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, list[str]]:
    return (
        yield from write(
            lm,
            prompts,
            what,
            max_new_tokens=_TOKENS,
            temperature=temperature,
            seed=seed,
            stop_at_newline=True,
            cancelled=cancelled,
        )
    )


def _fair(probes: Sequence[Probe], concepts: Sequence[Concept]) -> list[Probe]:
    """Forget questions name the concept, neighbour questions and answers do not, none holds its own answer."""
    return [
        probe
        for probe in probes
        if names_any(concepts, probe.query) == (probe.group == "forget")
        and not names_any(concepts, probe.answer)
        and not (probe.answer and probe.answer.lower() in probe.query.lower())
    ]


def _some(probes: Sequence[Probe], group: Group, wanted: int) -> list[Probe]:
    return [probe for probe in probes if probe.group == group][:wanted]


def _probe(group: Group, kind: ProbeKind, query: str, answer: str, about: str) -> Probe:
    return Probe("", group, kind, query, answer, about, WRITTEN)


def _overlaps_name(span: str, concept: Concept) -> bool:
    own = {word for name in concept.names for word in re.findall(r"\w+", name.lower())}
    return not own.isdisjoint(re.findall(r"\w+", span.lower()))
