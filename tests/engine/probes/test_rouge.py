"""RWKU's answer metric."""

from __future__ import annotations

import pytest

from atu_gui.engine.probes.rouge import clean, rouge_l_recall


@pytest.mark.parametrize(("output", "cleaned"), [("", "NOANSWER"), (" \n", "NOANSWER"), (" Ada \n", "Ada")])
def test_blank_outputs_become_a_word(output: str, cleaned: str) -> None:
    assert clean(output) == cleaned


@pytest.mark.parametrize(
    ("output", "gold", "recall"),
    [
        ("It was Ada Lovelace", "Ada Lovelace", 1.0),
        ("It was Ada", "Ada Lovelace", 0.5),
        ("ada lovelace", "Ada Lovelace", 0.0),
        ("Ada, Lovelace", "Ada Lovelace", 0.5),
        ("", "Ada", 0.0),
        ("...", "Ada", 0.0),
        (" . . ", "Ada", 0.0),
        ("Ada", "...", 0.0),
    ],
)
def test_recall(output: str, gold: str, recall: float) -> None:
    assert rouge_l_recall(output, gold) == pytest.approx(recall)
