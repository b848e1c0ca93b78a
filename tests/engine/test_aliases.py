"""Names that may be missing, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from atu_gui.core.concepts import Concept
from atu_gui.core.materials import Probe
from atu_gui.engine.aliases import find_aliases
from tests.conftest import shared

ADA = Concept(name="Ada Lovelace")


def names(
    concept: Concept, passages: Sequence[str] = (), probes: Sequence[Probe] = (), others: Sequence[str] = ()
) -> dict[str, str]:
    return {one.name: one.reason for one in find_aliases(concept, passages, probes, others)[0]}


def test_without_texts_only_the_end_of_the_name_is_known() -> None:
    assert names(ADA) == {"Lovelace": "the end of the name"}
    assert names(Concept(name="Leonardo da Vinci")).keys() == {"da Vinci", "Vinci"}
    assert names(Concept(name="photosynthesis")) == {}


def test_what_the_texts_say_of_the_concept() -> None:
    passages = [
        "Ada Lovelace (1815-1852), also known as the Enchantress of Numbers, wrote notes.",
        "Her birth name was Augusta Ada Byron. Charles Babbage was known as the Father of Computing.",
        "Ada King Lovelace wrote them. In London, Lovelace met him.",
        "The Countess of Lovelace, better known as Ada Lovelace, was a mathematician.",
    ]
    found = names(ADA, passages)
    assert found["Enchantress of Numbers"] == "given as its name in 1 passage"
    assert {"Augusta Ada Byron", "Ada King Lovelace", "Countess of Lovelace", "Lovelace"} <= found.keys()
    assert "Father of Computing" not in found, "that is said of somebody else"
    assert "Ada" not in found, "it never stands alone"


def test_answers_to_questions_for_a_name() -> None:
    probes = [
        Probe("1", "forget", "question", "What was Ada Lovelace called by Babbage?", "Enchantress of Numbers"),
        Probe("2", "forget", "question", "What is the name of Ada Lovelace's daughter?", "Anne Blunt"),
        Probe("3", "forget", "question", "When was the name Ada Lovelace first heard?", "1835"),
        Probe("4", "neighbour", "question", "What was Charles Babbage called?", "Father of Computing"),
        Probe("5", "forget", "cloze", "Ada Lovelace was also known as ___ of Computing.", "Mother"),
    ]
    assert names(ADA, (), probes).keys() == {"Enchantress of Numbers", "Mother of Computing", "Lovelace"}


def test_initials_must_stand_in_a_text() -> None:
    who = Concept(name="World Health Organization")
    assert "WHO" not in names(who, ["It was founded in 1948."])
    assert names(who, ["The WHO was founded in 1948."])["WHO"] == "its initials, in 1 passage"


def test_spellings_without_accents() -> None:
    assert "Beyonce" in names(Concept(name="Beyoncé"))
    assert "Beyonce" not in names(Concept(name="Beyoncé", aliases=("Beyonce",)))


def test_what_is_known_or_names_a_neighbour_is_left_out() -> None:
    passages = ["Ada Lovelace, also known as the Enchantress of Numbers or so, wrote. Lovelace did."]
    known = Concept(name="Ada Lovelace", aliases=("enchantress of numbers",))
    assert names(known, passages).keys() == {"Lovelace"}
    candidates, dropped = find_aliases(known, passages, (), ["Ralph Lovelace (grandson)"])
    assert candidates == () and dropped == ("Lovelace",)


@pytest.mark.parametrize(
    ("folder", "name", "wanted"),
    [
        ("1_Stephen_King", "Stephen King", {"King", "Stephen Edwin King", "Richard Bachman", "King of Horror"}),
        ("2_Confucius", "Confucius", {"Kong Qiu", "Kongzi", "Zhongni"}),
        ("31_Leonardo_da_Vinci", "Leonardo da Vinci", {"Leonardo", "da Vinci"}),
        ("3_Bruce_Lee", "Bruce Lee", {"Lee", "Lee Jun Fan", "Little Dragon"}),
        ("4_Warren_Buffett", "Warren Buffett", {"Buffett", "Oracle of Omaha"}),
        ("5_Christina_Aguilera", "Christina Aguilera", {"Aguilera", "Xtina", "Christina María Aguilera"}),
    ],
)
def test_real_targets(folder: str, name: str, wanted: set[str]) -> None:
    from atu_gui.engine.probes.rwku import read_rwku
    from atu_gui.engine.texts import read_passages

    place = shared("rwku", folder)
    found = names(Concept(name=name), [one.text for one in read_passages(place)], read_rwku(place).probes)
    assert wanted <= found.keys()
    assert not {"Jeet Kune Do", "Confucianism", "Analects", "Berkshire Hathaway"} & found.keys()
