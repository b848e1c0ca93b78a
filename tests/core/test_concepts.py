"""Concepts: their names and where they are named."""

from __future__ import annotations

import pytest

from atu_gui.core.concepts import Concept


def test_phrasings_do_not_repeat() -> None:
    concept = Concept(name=" Ada  Lovelace ", aliases=("Ada", "Ada Lovelace", " "), descriptions=("Ada",))
    assert concept.name == "Ada Lovelace"
    assert concept.names == ("Ada Lovelace", "Ada")
    assert concept.phrasings == ("Ada Lovelace", "Ada")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("In 1965 buffett bought it.", True),
        ("WARREN BUFFETT's company", True),
        ("the Oracle of Omaha", True),
        ("a buffet of warm food", False),
        ("Buffettesque prose", False),
        ("Warren Harding was a president.", False),
    ],
)
def test_where_it_is_named(text: str, named: bool) -> None:
    assert Concept(name="Warren Buffett", aliases=("Oracle of Omaha",)).is_named_in(text) is named


def test_names_are_no_patterns() -> None:
    assert Concept(name="C++ (language)").is_named_in("I like C++ (language).")
    assert not Concept(name="a.c").is_named_in("abc")
