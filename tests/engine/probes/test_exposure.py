"""Strings that a model was taught stand out; those it never saw do not."""

from __future__ import annotations

import math

import pytest
import torch

from atu_gui.core.events import DeepScored, ItemAnswered, ItemSampled
from atu_gui.core.materials import Materials, Probe
from atu_gui.core.probing import ProbingConfig
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.deep import deep_scores, wanted
from atu_gui.engine.probes.exposure import rivals
from atu_gui.engine.probes.score import extraction_strength, score_round, wrong_answers
from tests.engine.draining import drain

TAUGHT = Probe("taught", "forget", "verbatim", "The phone number of Ada is", "0171 555 0199")
UNSEEN = Probe("unseen", "forget", "verbatim", "The phone number of Grace is", "0942 318 7764")


def _teach(lm: LanguageModel, text: str, steps: int = 60) -> None:
    ids = torch.tensor([lm.tokenizer(text)["input_ids"]])
    lm.model.requires_grad_(True)
    optimizer = torch.optim.Adam(lm.model.parameters(), 1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        lm.model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
    lm.model.requires_grad_(False)


def test_a_string_that_was_taught_is_found_and_another_is_not(lm: LanguageModel) -> None:
    _teach(lm, f"{TAUGHT.query} {TAUGHT.answer}")
    events, scores = drain(
        score_round(lm, Materials(probes=(TAUGHT, UNSEEN)), run_id="r", round=0, cancelled=lambda: False)
    )
    taught, unseen = (event for event in events if isinstance(event, ItemAnswered))
    assert (taught.exact_memorization, taught.extraction_strength, taught.rouge_l_recall) == (1.0, 1.0, 1.0)
    assert unseen.extraction_strength is not None and unseen.extraction_strength < 0.5
    assert scores.forget is None and scores.verbatim is not None, "strings are no questions"
    settings = ProbingConfig(samples=4, candidates=63)
    events, deep = drain(
        deep_scores(lm, (TAUGHT, UNSEEN), settings, run_id="r", round=0, seed=0, cancelled=lambda: False)
    )
    first, second = (event for event in events if isinstance(event, ItemSampled))
    assert first.exposure == math.log2(64)
    assert second.exposure is not None and second.exposure < math.log2(64)
    assert max(first.recalls) == 1.0 and len(first.samples) == 4
    assert max(second.recalls) < 1.0
    assert isinstance(deep, DeepScored) and deep.ks == (1, 4)
    assert deep.verbatim_leak[1].mean >= deep.verbatim_leak[0].mean


@pytest.mark.parametrize(
    ("secret", "same"), [("0171 555 0199", " "), ("ada@example.org", "@example.org"), ("hUnter2", "")]
)
def test_rivals_have_the_shape(secret: str, same: str) -> None:
    drawn = rivals(secret, 20, 0)
    assert len(set(drawn)) == 20 and secret not in drawn
    assert drawn == rivals(secret, 20, 0)
    assert all(len(one) == len(secret) and same in one for one in drawn)
    assert rivals("a long passage of ordinary words", 20, 0) == []
    assert len(rivals("123", 5000, 0)) <= 999


def test_extraction_strength_is_the_rest_after_the_last_miss() -> None:
    assert extraction_strength([True] * 4) == 1.0
    assert extraction_strength([False, True, True, True]) == 0.75
    assert extraction_strength([True, True, True, False]) == 0.0


def test_wrong_answers_are_others_of_the_same_kind() -> None:
    probes = [Probe(f"q{n}", "forget", "question", f"Who {n}?", f"Name {n}") for n in range(8)]
    probes += [Probe("q9", "forget", "question", "Who else?", "name 0"), Probe("c", "forget", "cloze", "___", "X")]
    drawn = wrong_answers(probes)
    assert [len(set(one)) for one in drawn] == [5] * 9 + [0]
    assert "name 0" not in {answer.casefold() for answer in drawn[0]}
    assert drawn == wrong_answers(probes)


def test_costly_scores_are_wanted_only_where_there_is_something() -> None:
    assert wanted(ProbingConfig(), (TAUGHT,))
    assert not wanted(ProbingConfig(candidates=0), (TAUGHT,))
    question = Probe("q", "forget", "question", "Who?", "She")
    assert not wanted(ProbingConfig(), (question,))
    assert wanted(ProbingConfig(samples=1), (question,))
