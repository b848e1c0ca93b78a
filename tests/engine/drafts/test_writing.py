"""Filters of written texts, and the writers with a model whose answers are known."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from atu_gui.core.concepts import Concept
from atu_gui.core.events import TextWritten
from atu_gui.core.materials import Passage
from atu_gui.engine.drafts import writing
from atu_gui.engine.drafts.passages import write_passages
from atu_gui.engine.drafts.questions import cloze_questions, telling_answer, write_questions
from atu_gui.engine.drafts.retain import write_retain
from atu_gui.engine.drafts.writing import Originals, is_sound, whole_sentences
from atu_gui.engine.models import LanguageModel
from tests.engine.draining import drain

ADA = Concept(name="Ada Lovelace")


def _never() -> bool:
    return False


def _script(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[str]:
    """Replace the model's answers by `answer(number, prompt)`; returns the prompts it got."""
    asked: list[str] = []

    def generate(_lm: object, prompts: Sequence[str], **_: object) -> Generator[Any, None, list[str]]:
        asked.extend(prompts)
        yield from ()
        return [answer(number, prompt) for number, prompt in enumerate(prompts)]

    monkeypatch.setattr(writing, "generate_batch", generate)
    return asked


def _told(number: int, _prompt: str) -> str:
    colours = ("red", "green", "blue", "white", "black", "amber", "violet")
    words = [f"{colours[(number * 3 + n) % 7]}{number}x{n}" for n in range(19)]
    return " ".join(words) + ". And then it br"


def test_broken_off_ends_are_cut_and_poor_passages_refused() -> None:
    assert whole_sentences('He came. "He saw!" And he') == 'He came. "He saw!"'
    assert whole_sentences("no end at all") == "no end at all"
    good = "She wrote the notes on the engine and saw that it could do more than merely count numbers."
    assert is_sound(good)
    assert not is_sound("Too short.")
    assert not is_sound("the same words again " * 10)
    assert not is_sound("I'm sorry, but as an AI I cannot say anything about that person or about any other one.")


def test_near_duplicates_are_known() -> None:
    originals = Originals()
    text = "The river flows slowly from the hills through the old town and on to the sea."
    assert originals.add(text)
    assert not originals.add(text.replace("old", "OLD") + " Really.")
    assert originals.add("Bread is made of flour, water, salt and yeast, and it rises before it is baked.")


def test_passages_come_plain_and_every_other_one_as_an_answer(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(monkeypatch, lambda number, prompt: "Ada Lovelace knew " + _told(number, prompt))
    events, passages = drain(write_passages(lm, [ADA], limit=24, tokens=96, seed=0, cancelled=_never))
    plain = [passage for passage in passages if not passage.prompt]
    chat = [passage for passage in passages if passage.prompt]
    assert len(plain) == 12
    assert 0 < len(chat) <= 6
    assert {passage.text for passage in chat} <= {passage.text for passage in plain}
    assert all(ADA.is_named_in(passage.prompt) for passage in chat)
    assert all(passage.text.endswith(".") and passage.about == "Ada Lovelace" for passage in passages)
    assert len([event for event in events if isinstance(event, TextWritten)]) == 12


def test_a_passage_that_does_not_name_the_concept_keeps_its_prompt(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(monkeypatch, _told)
    passages = drain(write_passages(lm, [ADA], limit=16, tokens=96, seed=0, cancelled=_never))[1]
    assert all(passage.prompt or ADA.is_named_in(passage.text) for passage in passages)
    assert any(passage.prompt for passage in passages)


def test_retain_texts_are_a_mixture_and_never_name_the_concept(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(number: int, prompt: str) -> str:
        return "Lovelace " + _told(number, prompt) if number % 5 == 0 else _told(number, prompt)

    asked = _script(monkeypatch, answer)
    neighbours = ("Charles Babbage", "Alan Turing")
    passages = drain(write_retain(lm, [ADA], neighbours, limit=64, tokens=96, seed=0, cancelled=_never))[1]
    assert 40 <= len(passages) <= 64
    assert not any(ADA.is_named_in(passage.text) for passage in passages)
    assert sum(not passage.prompt for passage in passages) == 16
    assert {passage.about for passage in passages} == {"Charles Babbage", "Alan Turing", ""}
    exam = [passage for passage in passages if passage.prompt.startswith("Please briefly answer")]
    assert exam
    assert all(passage.text.startswith("Answer: ") for passage in exam)
    assert any(prompt.endswith("Answer:") for prompt in asked)


def test_clozes_blank_a_name_or_year_that_is_not_the_concepts() -> None:
    texts = [
        "Ada Lovelace was born in London. She was clever.",
        "In 1843 the notes of Ada Lovelace appeared in print.",
        "Nobody is named in this sentence about London.",
        "Little is known about how Ada Lovelace spent her days.",
    ]
    found = cloze_questions([ADA], [Passage(text) for text in texts])
    assert [(probe.query, probe.answer) for probe in found] == [
        ("Ada Lovelace was born in ___.", "London"),
        ("In ___ the notes of Ada Lovelace appeared in print.", "1843"),
    ]


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("Ada Lovelace was born in London, England.", "London"),
        ("The mathematician Charles Babbage", "Charles Babbage"),
        ("In 1815.", "1815"),
        ("She is known for the analytical notes, and for others.", "analytical notes"),
        ("She was born in it.", ""),
        ("Ada Lovelace", ""),
        ("London", "London"),
        ("An Italian painter from Milan.", "Milan"),
        ("", ""),
    ],
)
def test_the_telling_part_of_an_answer(answer: str, gold: str) -> None:
    assert telling_answer("Where was Ada Lovelace born?", answer) == gold


def test_questions_are_kept_when_the_model_repeats_its_answer(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(number: int, prompt: str) -> str:
        if prompt.endswith("Question:"):
            name = "Ada Lovelace" if "Ada Lovelace" in prompt else "Alan Turing"
            return f" Which town was the birthplace of {name}?"
        if "birthplace" in prompt:
            return " The town was London."
        return f" Nothing like Town{number} comes to mind in Paris{number}."

    _script(monkeypatch, answer)
    probes = drain(write_questions(lm, [ADA], ["Alan Turing"], [], wanted=4, seed=0, cancelled=_never))[1]
    settled = {(probe.group, probe.query, probe.answer) for probe in probes}
    assert ("forget", "Which town was the birthplace of Ada Lovelace?", "London") in settled
    assert ("neighbour", "Which town was the birthplace of Alan Turing?", "London") in settled
    assert len({probe.id for probe in probes}) == len(probes)
    assert all(ADA.is_named_in(probe.query) == (probe.group == "forget") for probe in probes)
