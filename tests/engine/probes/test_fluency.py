"""Entropy of word n-grams."""

from __future__ import annotations

import math

import pytest

from atu_gui.engine.probes.fluency import entropy, words


def test_words_that_all_differ() -> None:
    # Three 2-grams, two 3-grams, all different: log2 of their numbers, weighted 2/3 and 4/3, halved.
    assert entropy("one two three four") == pytest.approx((2 / 3 * math.log2(3) + 4 / 3 * math.log2(2)) / 2)


@pytest.mark.parametrize("text", ["", "one", "one two", "yes yes yes yes"])
def test_nothing_to_tell_apart(text: str) -> None:
    assert entropy(text) == 0.0


def test_repetition_lowers_it() -> None:
    assert entropy("a b c a b c a b c a b c") < entropy("a b c d e f g h i j k l")


def test_punctuation_is_a_word_of_its_own() -> None:
    assert words("Well, it isn't.") == ["Well", ",", "it", "is", "n't", "."]
