"""Names out of free answers, and which of them are kept."""

from __future__ import annotations

import pytest

from atu_gui.core.concepts import Concept
from atu_gui.engine.drafts.neighbours import find_neighbours, parse_names, rank_names
from atu_gui.engine.drafts.relatedness import most_related
from atu_gui.engine.models import LanguageModel
from tests.engine.draining import drain

LEONARDO = Concept(name="Leonardo da Vinci", aliases=("the Florentine master",))


def _never() -> bool:
    return False


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (
            "Sure, here they are:\n1. Raphael\n2) **Titian** – a painter\n(3) “Mona Lisa”, 1503",
            ["Raphael", "Titian", "Mona Lisa"],
        ),
        (
            "- Albrecht Dürer (1471–1528): engraver\n* The Last Supper by somebody\n• Florence.",
            ["Albrecht Dürer", "The Last Supper", "Florence"],
        ),
        ("A) Plato\nB) Seneca", ["Plato", "Seneca"]),
        ("Raphael, Titian and Michelangelo.", ["Raphael", "Titian", "Michelangelo"]),
        (
            "1. Pride and Prejudice\n2. 3. \n3. he was a painter\n4. a long list of other things that he did",
            ["Pride and Prejudice"],
        ),
        ("", []),
    ],
)
def test_lists_are_parsed_however_they_look(answer: str, names: list[str]) -> None:
    assert parse_names(answer) == names


def test_names_that_lists_agree_on_are_ranked_and_the_concepts_own_dropped() -> None:
    own = ["Leonardo da Vinci", "Leonardo", "Vinci", "The Florentine Master", "Da Vinci's brother"]
    lists = [
        [*own, "Raphael", "Titian"],
        [*own, "raphael", "Titian"],
        [*own, "Raphael"],
        [*own, "Titian", "Raphael"],
        ["Bramante"],
    ]
    assert rank_names(lists, [LEONARDO]) == ["Raphael", "Titian"]
    assert rank_names([["Confucianism", "Mencius"]] * 3, [Concept(name="Confucius")]) == ["Mencius"]


def test_the_most_related_are_among_the_candidates_and_always_the_same(lm: LanguageModel) -> None:
    candidates = ["Paris", "Rome", "The Nile", "Bread", "Chess", "Jazz"]
    first = drain(most_related(lm, "Ada Lovelace", candidates, 4, cancelled=_never))[1]
    assert len(set(first)) == 4
    assert set(first) < set(candidates)
    assert first == drain(most_related(lm, "Ada Lovelace", candidates, 4, cancelled=_never))[1]


def test_even_a_model_that_knows_nothing_gets_neighbours_for_every_concept(lm: LanguageModel) -> None:
    concepts = [Concept(name="Isaac Newton"), Concept(name="Marie Curie")]
    names = drain(find_neighbours(lm, concepts, seed=0, cancelled=_never))[1]
    assert len(names) == len(set(names)) >= 4
    assert not any(concept.is_named_in(name) for concept in concepts for name in names)
