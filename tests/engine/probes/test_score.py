"""Everything asked after a round, on a tiny real model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event, ItemAnswered, Progress
from atu_gui.core.materials import Materials, Probe
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes import score
from atu_gui.engine.probes.rouge import rouge_l_recall
from atu_gui.engine.probes.score import RoundScores, score_round

MATERIALS = Materials(
    neutral_texts=("The river Thames flows through London.", "x", "Plants make their food from light."),
    probes=(
        Probe("f1", "forget", "cloze", "Ada ___ was a mathematician.", "Lovelace"),
        Probe("f2", "forget", "question", "Who wrote the first program?", "Ada Lovelace"),
        Probe("n1", "neighbour", "question", "Who built the Analytical Engine?", "Charles Babbage"),
    ),
    fluency_prompts=tuple(f"Write a letter, number {number}." for number in range(12)),
)


@pytest.fixture
def lm(tiny_model: Path) -> LanguageModel:
    model = AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_model, padding_side="left")
    return LanguageModel(model, tokenizer, "tiny", "tiny", torch.device("cpu"), torch.float32, "0")


def scored(lm: LanguageModel, materials: Materials) -> tuple[list[Event], RoundScores]:
    work = score_round(lm, materials, run_id="r", round=2, cancelled=lambda: False, max_new_tokens=6)
    events: list[Event] = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return events, end.value


def test_every_probe_is_answered_and_every_score_follows_from_the_answers(lm: LanguageModel) -> None:
    events, scores = scored(lm, MATERIALS)
    items = [event for event in events if isinstance(event, ItemAnswered)]
    assert [(item.probe_id, item.group, item.run_id, item.round) for item in items] == [
        ("f1", "forget", "r", 2),
        ("f2", "forget", "r", 2),
        ("n1", "neighbour", "r", 2),
    ]
    assert all(item.rouge_l_recall == rouge_l_recall(item.answer, item.gold) for item in items)
    assert all(item.answer_logprob < 0 for item in items)
    assert scores.forget is not None and scores.neighbour is not None
    assert scores.forget.recall is not None and scores.forget.recall.n == 2
    assert scores.forget.logprob is not None
    assert scores.forget.logprob.mean == pytest.approx((items[0].answer_logprob + items[1].answer_logprob) / 2)
    assert scores.neighbour.logprob is not None
    assert scores.neighbour.logprob.mean == pytest.approx(items[2].answer_logprob)
    assert {event.job for event in events if isinstance(event, Progress)} == {"probe"}


def test_a_text_without_a_loss_does_not_count_and_fluency_asks_ten(lm: LanguageModel) -> None:
    _, scores = scored(lm, MATERIALS)
    assert scores.token_loss is not None and scores.token_loss.n == 2
    assert scores.token_loss.mean > 0
    assert scores.fluency_entropy is not None and scores.fluency_entropy.n == 10


def test_nothing_to_measure_is_none(lm: LanguageModel) -> None:
    events, scores = scored(lm, Materials())
    assert scores == RoundScores(*(None,) * 10)
    assert events == []


def test_the_same_weights_give_the_same_events(lm: LanguageModel) -> None:
    assert scored(lm, MATERIALS) == scored(lm, MATERIALS)


def test_cancelling(lm: LanguageModel) -> None:
    with pytest.raises(Cancelled):
        list(score_round(lm, MATERIALS, run_id="r", round=0, cancelled=lambda: True))


def test_a_failed_generation_is_an_error_not_an_empty_answer(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **options: object) -> object:
        raise RuntimeError("broken weights")

    monkeypatch.setattr(type(lm.model), "forward", broken)
    with pytest.raises(RuntimeError, match="broken weights"):
        list(score_round(lm, MATERIALS, run_id="r", round=0, cancelled=lambda: False))


def test_limits_are_the_published_ones() -> None:
    assert score.ANSWER_TOKENS == 30
