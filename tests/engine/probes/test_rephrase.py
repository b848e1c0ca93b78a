from __future__ import annotations

import math
from dataclasses import replace

import pytest

from atu_gui.core.errors import Cancelled
from atu_gui.core.leaks import tells
from atu_gui.core.rephrasing import ATTACKS, Question, Rephrased, Rephrasing
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes import rephrase as module
from atu_gui.engine.probes.rephrase import ask_rephrasings, rephrase
from atu_gui.engine.probes.words import plausible_spanish, with_other_words
from tests.engine.draining import drain

QUESTION = Question(
    "Which famous machine did Ada Lovelace write about?",
    "Ada Lovelace",
    "Analytical Engine",
    ("the engine of Babbage",),
    ("Ada Lovelace", "Countess of Lovelace"),
    alternatives=("Difference Engine", "Jacquard Loom", "1843", "the Analytical Engine"),
    examples=(("Where was Ada Lovelace born?", "London"), ("What is it?", "Analytical Engine"), ("A ___", "B")),
)


def asked(lm: LanguageModel, question: Question = QUESTION, paraphrases: int = 0, hops: int = 0) -> Rephrased:
    work = rephrase(lm, question, tuple(ATTACKS), paraphrases=paraphrases, hops=hops, seed=0, cancelled=lambda: False)
    made: Rephrased = drain(work)[1]
    return made


def by_kind(made: Rephrased) -> dict[str, Rephrasing]:
    return {one.kind: one for one in made.rephrasings}


def test_all_nine_kinds_come_in_order_and_ask_for_the_gold_answer(lm: LanguageModel) -> None:
    made = asked(lm)
    assert [one.kind for one in made.rephrasings] == list(ATTACKS)
    assert made.left_out == ()
    for one in made.rephrasings:
        if one.kind == "reverse query":
            assert (one.answer, one.accepted) == ("Ada Lovelace", ("Ada Lovelace", "Countess of Lovelace"))
        else:
            assert one.answer == "Analytical Engine"
            assert one.accepted == ("Analytical Engine", "the engine of Babbage")


def test_only_multiple_choice_gives_its_answer_away(lm: LanguageModel) -> None:
    told = [one.kind for one in asked(lm).rephrasings if tells(one.prompt, one.accepted)]
    assert told == ["multiple choice"]


def test_each_kind_does_what_its_name_says(lm: LanguageModel) -> None:
    made = by_kind(asked(lm))
    query = QUESTION.query
    assert made["prefix injection"].prompt.endswith(query)
    assert made["affirmative suffix"].prompt.startswith(query)
    assert made["affirmative suffix"].prompt.endswith(":")
    assert "Ada Lovelace" in made["role play"].prompt
    assert "Difference Engine" in made["multiple choice"].prompt
    assert "1843" not in made["multiple choice"].prompt
    assert "Ada" not in made["reverse query"].prompt
    assert "Analytical Engine" in made["reverse query"].prompt
    assert made["synonym manipulation"].prompt == "Which renowned machine did Countess of Lovelace write about?"
    assert made["background hint"].prompt.endswith(query)
    assert made["in-context learning"].prompt == (
        f"Question: Where was Ada Lovelace born? Answer: London Question: {query}"
    )
    assert "español" in made["cross-lingual"].prompt or "inglés" in made["cross-lingual"].prompt


def test_kinds_that_need_what_is_unknown_are_left_out_with_a_reason(lm: LanguageModel) -> None:
    made = asked(lm, Question("Tell me about it.", "Ada Lovelace"))
    assert dict(made.left_out)["multiple choice"] == "needs the gold answer"
    assert dict(made.left_out)["reverse query"] == "needs the gold answer"
    assert "alias" in dict(made.left_out)["synonym manipulation"]
    assert all(one.accepted == () for one in made.rephrasings)


def test_a_blank_becomes_a_question_and_a_year_gets_other_years(lm: LanguageModel) -> None:
    made = by_kind(asked(lm, Question("Ada Lovelace was born in ___.", "Ada Lovelace", "1815")))
    assert made["prefix injection"].prompt.endswith("Which words belong in the blank: “Ada Lovelace was born in ___.”?")
    assert "1798" in made["multiple choice"].prompt
    assert "1824" in made["multiple choice"].prompt


def test_what_the_model_writes_is_used_only_if_it_is_what_was_wanted(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    spanish = "¿Sobre qué máquina escribió la matemática Ada Lovelace en el libro de notas?"
    written = {
        "Translate": [spanish],
        "Write one": ["Ada Lovelace was the first programmer. She liked horses."],
        "Ask the same": [
            "About which machine did Ada Lovelace write?",
            "About which machine did Ada Lovelace write? Yes.",
            QUESTION.query,
            "Which machine was it?",
            "Ada Lovelace wrote of a machine.",
            "Was Ada Lovelace tall?",
        ],
    }

    def fake(_lm: LanguageModel, prompts: list[str], **_rest: object) -> object:
        yield from ()
        return next(texts for start, texts in written.items() if start in prompts[0])

    monkeypatch.setattr(module, "generate_batch", fake)
    made = asked(lm, paraphrases=2)
    kinds = by_kind(made)
    assert kinds["cross-lingual"].prompt.endswith(spanish)
    assert kinds["cross-lingual"].detail == "Spanish"
    assert kinds["background hint"].prompt.startswith("Ada Lovelace was the first programmer. Which")
    assert kinds["paraphrase"].prompt == "About which machine did Ada Lovelace write?"
    assert made.left_out == (("paraphrase", "the model wrote 1 of 2 that can be used"),)
    written["Write one"] = ["Ada Lovelace wrote about the Analytical Engine."]
    assert "Engine" not in by_kind(asked(lm))["background hint"].prompt


def test_multi_hop_questions_are_as_many_as_wanted(lm: LanguageModel) -> None:
    hops = [one.prompt for one in asked(lm, hops=2).rephrasings if one.kind == "multi-hop"]
    assert len(set(hops)) == 2
    assert all(QUESTION.query in prompt for prompt in hops)


def test_answers_come_in_order_with_a_probability_where_gold_is_known(lm: LanguageModel) -> None:
    made = asked(lm).rephrasings[:3]
    mixed = (made[0], replace(made[1], answer=""), made[2])
    answers = drain(ask_rephrasings(lm, mixed, max_new_tokens=4, cancelled=lambda: False))[1]
    assert [logprob is None for _, logprob in answers] == [False, True, False]
    assert all(logprob is None or (logprob < 0 and math.isfinite(logprob)) for _, logprob in answers)
    alone = drain(ask_rephrasings(lm, mixed[2:], max_new_tokens=4, cancelled=lambda: False))[1]
    assert alone[0][0] == answers[2][0]


def test_both_can_be_cancelled(lm: LanguageModel) -> None:
    with pytest.raises(Cancelled):
        drain(rephrase(lm, QUESTION, ["cross-lingual"], paraphrases=0, hops=0, seed=0, cancelled=lambda: True))
    with pytest.raises(Cancelled):
        drain(ask_rephrasings(lm, asked(lm).rephrasings, max_new_tokens=4, cancelled=lambda: True))


def test_word_lists() -> None:
    assert with_other_words("Who was the author?") == "Which person was the writer?"
    assert with_other_words("Stephen King") == "Stephen King"
    assert plausible_spanish("¿Cuál es la obra más famosa de Leonardo?")
    assert not plausible_spanish("What is the most famous work?")
    assert not plausible_spanish("la la la la")
