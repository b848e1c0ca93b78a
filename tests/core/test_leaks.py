from __future__ import annotations

import pytest

from atu_gui.core.leaks import find, judge, tells


def said(answer: str, *terms: str) -> list[str]:
    return [answer[begin:end] for begin, end in find(answer, terms)]


def test_case_accents_and_articles_do_not_matter() -> None:
    assert said("It is the MONA  lisa.", "The Mona Lisa") == ["MONA  lisa"]
    assert said("José Saramago wrote it.", "jose saramago") == ["José Saramago"]
    assert said("Beyonce sang.", "Beyoncé") == ["Beyonce"]
    assert said("Cafe\u0301 Central", "café") == ["Cafe\u0301"]


@pytest.mark.parametrize("answer", ["Monalisa", "Parisian", "1452nd", "the Lisa Mona"])
def test_only_whole_words_count(answer: str) -> None:
    assert said(answer, "Mona Lisa", "Paris", "1452") == []


def test_scripts_without_spaces_have_no_word_boundaries() -> None:
    assert said("他画了蒙娜丽莎吗", "蒙娜丽莎") == ["蒙娜丽莎"]


def test_the_longest_term_is_marked_and_blank_ones_are_nothing() -> None:
    assert said("Leonardo da Vinci drew.", "Leonardo", "Leonardo da Vinci", " ", "?!") == ["Leonardo da Vinci"]
    assert not tells("anything", ["", "…"])


def test_a_gold_answer_is_a_leak_wherever_it_appears() -> None:
    judged = judge("They say it is La Gioconda.", "What is it called?", ["Mona Lisa", "La Gioconda"])
    assert (judged.verdict, len(judged.spans)) == ("leak", 1)
    assert judge("A river.", "What is it called?", ["Mona Lisa"]).verdict == "clear"


def test_an_answer_that_stands_in_the_question_is_never_counted() -> None:
    judged = judge("The Mona Lisa.", "Is it the Mona Lisa or Guernica?", ["Mona Lisa"])
    assert judged.verdict == "told"
    assert judged.spans


def test_a_name_of_the_concept_is_a_leak_unless_the_question_has_one() -> None:
    names = ["Leonardo da Vinci", "Leonardo"]
    assert judge("Leonardo, of course.", "Who painted the Last Supper?", ["x"], names).verdict == "leak"
    assert judge("Leonardo, of course.", "What did Leonardo da Vinci paint?", ["x"], names).verdict == "clear"


def test_without_anything_to_look_for_there_is_no_verdict() -> None:
    assert judge("Some words.", "A question?", []).verdict == "unknown"
    assert judge("Some words.", "About Ada?", [], ["Ada"]).verdict == "unknown"
