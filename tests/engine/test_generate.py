"""Answers, streams and likelihoods on a tiny real model, against transformers' `generate` and plain forward passes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from atu_gui.core.errors import Cancelled, InputError, ResourceError
from atu_gui.core.events import Progress
from atu_gui.engine import generate, token_ids
from atu_gui.engine.decoding import Decoding, SharedPrefix
from atu_gui.engine.generate import answer_logprobs, answer_probes, generate_batch, stream
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.text_losses import token_losses

T = TypeVar("T")
QUESTIONS = (
    "Who wrote the first program?",
    "Who?",
    "What is made of flour, water, salt and yeast?",
    "In 1843 the notes",
)
ANSWERS = ("Ada Lovelace", "Ada", "Bread and nothing but bread", "appeared in print")


def drain(work: Generator[Progress, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.fixture
def lm(tiny_model: Path) -> LanguageModel:
    model = AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    # With small random blocks the tied head repeats the last token for ever; larger ones make texts that differ.
    with torch.no_grad():
        for weight in model.model.layers.parameters():
            if weight.dim() == 2:
                weight.mul_(15)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model, padding_side="left")
    return LanguageModel(model, tokenizer, "tiny", "tiny", torch.device("cpu"), torch.float32, "0")


@pytest.fixture
def prompts(lm: LanguageModel) -> list[str]:
    return [lm.format_chat(question) for question in QUESTIONS]


def by_transformers(lm: LanguageModel, prompt: str, tokens: int) -> str:
    ids = lm.tokenizer(prompt, return_tensors="pt")
    model: Any = lm.model
    whole = model.generate(**ids, max_new_tokens=tokens, do_sample=False)
    written = whole[0, ids["input_ids"].shape[1] :].tolist()
    known = model.generation_config.eos_token_id
    # transformers leaves the token that ended the text in it.
    if written[-1] in (known if isinstance(known, list) else [known]):
        written.pop()
    return str(lm.tokenizer.decode(written, skip_special_tokens=True))


def logprob_by_hand(lm: LanguageModel, prompt: str, answer: str) -> float:
    before = lm.tokenizer(prompt)["input_ids"]
    gold = lm.tokenizer(answer, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logprobs = lm.model(torch.tensor([before + gold])).logits[0].double().log_softmax(-1)
    return sum(float(logprobs[len(before) - 1 + i, token]) for i, token in enumerate(gold)) / len(gold)


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_greedy_texts_are_those_of_transformers(lm: LanguageModel, prompts: list[str], batch: int) -> None:
    expected = [by_transformers(lm, prompt, 12) for prompt in prompts]
    assert len(set(expected)) > 1
    assert drain(generate_batch(lm, prompts, max_new_tokens=12, batch=batch)) == expected


def test_rows_of_several_beginnings_and_lengths_go_on_as_one_batch(
    lm: LanguageModel, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "_PASS_TOKENS", {"cpu": 0})
    leads = ("", "Please answer the following question in one word only. ")
    asked = [lm.format_chat(f"{lead}{question}") for lead in leads for question in QUESTIONS]
    widths: list[int] = []
    plain = Decoding.advance
    monkeypatch.setattr(Decoding, "advance", lambda self, tokens: widths.append(len(self)) or plain(self, tokens))
    assert drain(generate_batch(lm, asked, max_new_tokens=12)) == [by_transformers(lm, one, 12) for one in asked]
    assert widths[0] == len(asked)
    scored = drain(answer_logprobs(lm, asked, ANSWERS * 2))
    assert scored == pytest.approx(
        [logprob_by_hand(lm, *pair) for pair in zip(asked, ANSWERS * 2, strict=True)], abs=1e-4
    )


def test_a_prompt_that_stands_there_twice_is_asked_once(
    lm: LanguageModel, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    plain = token_ids.prompt_ids
    monkeypatch.setattr(generate, "prompt_ids", lambda lm, prompt: asked.append(prompt) or plain(lm, prompt))
    texts = drain(generate_batch(lm, [*prompts, *prompts], max_new_tokens=4))
    assert texts == drain(generate_batch(lm, prompts, max_new_tokens=4)) * 2
    assert asked == prompts * 2
    sampled = drain(generate_batch(lm, prompts[:1] * 8, max_new_tokens=12, temperature=1.0))
    assert len(set(sampled)) > 1


def test_rows_that_end_early_leave_the_others_alone(lm: LanguageModel, prompts: list[str]) -> None:
    texts = drain(generate_batch(lm, prompts, max_new_tokens=12))
    first = lm.tokenizer(texts[0], add_special_tokens=False)["input_ids"][0]
    lm.model.generation_config.eos_token_id = [1, first]
    ended = drain(generate_batch(lm, prompts, max_new_tokens=12))
    assert ended == [by_transformers(lm, prompt, 12) for prompt in prompts]
    assert ended[0] == ""
    assert any(ended)


def test_prompts_share_their_beginning_only_where_each_keeps_a_token(lm: LanguageModel) -> None:
    assert SharedPrefix(lm, [[5, 6, 7, 8, 9], [5, 6, 7, 8, 10, 11]], 0).length == 4
    assert SharedPrefix(lm, [[5, 6, 7, 8, 9], [5, 6, 7, 8, 9]], 0).length == 4
    assert SharedPrefix(lm, [[5, 6, 7], [5, 6, 8]], 0).length == 0
    assert SharedPrefix(lm, [[5, 6, 7, 8, 9]], 0).length == 0


def test_the_same_seed_gives_the_same_texts_whatever_else_draws(lm: LanguageModel, prompts: list[str]) -> None:
    def sampled(**options: int) -> list[str]:
        return drain(generate_batch(lm, prompts, max_new_tokens=10, temperature=1.0, **options))

    first = sampled(seed=3)
    torch.rand(7)
    assert sampled(seed=3, batch=2) == first
    assert sampled(seed=4) != first


def test_sampling_leaves_the_global_random_numbers_alone(lm: LanguageModel, prompts: list[str]) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    drain(generate_batch(lm, prompts, max_new_tokens=4, temperature=1.0))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_stream_joins_to_the_text_of_the_batch(lm: LanguageModel, prompts: list[str], temperature: float) -> None:
    (text,) = drain(generate_batch(lm, prompts[:1], max_new_tokens=40, temperature=temperature, seed=1))
    pieces = list(stream(lm, prompts[0], max_new_tokens=40, temperature=temperature, seed=1))
    assert "".join(pieces) == text
    assert len(pieces) > 1


def write_these(monkeypatch: pytest.MonkeyPatch, lm: LanguageModel, text: str) -> None:
    """Let every row write `text` byte by byte and end."""
    ids = [token for byte in text.encode() for token in byte_ids(lm, byte)]
    monkeypatch.setattr(
        generate._Job, "_choose", lambda self, rows, logits, step: [ids[step] if step < len(ids) else 1] * len(rows)
    )


def byte_ids(lm: LanguageModel, byte: int) -> list[int]:
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return [lm.tokenizer.convert_tokens_to_ids(bytes_to_unicode()[byte])]


def test_a_stream_never_splits_a_character(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    write_these(monkeypatch, lm, "τ is 語 and 🙂!")
    pieces = list(stream(lm, "Say", max_new_tokens=64))
    assert "".join(pieces) == "τ is 語 and 🙂!"
    assert "語" in pieces and "🙂" in pieces


def test_a_stream_that_breaks_off_within_a_character_tells_all_it_has(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_these(monkeypatch, lm, "a🙂")
    assert list(stream(lm, "Say", max_new_tokens=3)) == ["a", "\ufffd"]


@pytest.mark.parametrize(("written", "kept"), [("one\ntwo", "one"), ("\none", ""), ("one two", "one two")])
def test_stopping_at_the_first_newline(
    lm: LanguageModel, monkeypatch: pytest.MonkeyPatch, written: str, kept: str
) -> None:
    write_these(monkeypatch, lm, written)
    texts = drain(generate_batch(lm, ["Say", "Say it"], max_new_tokens=30, stop_at_newline=True))
    assert texts == [kept, kept]
    assert drain(generate_batch(lm, ["Say"], max_new_tokens=30)) == [written]


def test_a_stream_ends_quietly_when_cancelled(lm: LanguageModel) -> None:
    asked = iter([False, False, False, True])
    pieces = list(stream(lm, "Say", max_new_tokens=50, cancelled=lambda: next(asked)))
    (whole,) = drain(generate_batch(lm, ["Say"], max_new_tokens=3))
    assert "".join(pieces) == whole


def test_gold_answers_are_scored_as_by_hand(lm: LanguageModel, prompts: list[str]) -> None:
    cued = [f"{prompt}Answer:" for prompt in prompts]
    expected = [logprob_by_hand(lm, prompt, f" {gold}") for prompt, gold in zip(cued, ANSWERS, strict=True)]
    assert drain(answer_logprobs(lm, cued, ANSWERS, batch=3)) == pytest.approx(expected, abs=1e-4)


def test_no_space_follows_a_prompt_that_ends_in_white_space(lm: LanguageModel, prompts: list[str]) -> None:
    assert prompts[0].endswith("\n")
    (value,) = drain(answer_logprobs(lm, prompts[:1], ANSWERS[:1]))
    assert value == pytest.approx(logprob_by_hand(lm, prompts[0], ANSWERS[0]), abs=1e-4)


def test_one_pass_gives_both_the_completion_and_the_score(lm: LanguageModel, prompts: list[str]) -> None:
    answered = drain(answer_probes(lm, prompts, ANSWERS, max_new_tokens=9))
    assert [item.text for item in answered] == drain(generate_batch(lm, prompts, max_new_tokens=9))
    logprobs = drain(answer_logprobs(lm, prompts, ANSWERS))
    assert [item.answer_logprob for item in answered] == pytest.approx(logprobs, abs=1e-6)


def test_a_blank_gold_answer_is_refused(lm: LanguageModel) -> None:
    with pytest.raises(InputError, match="blank gold answer"):
        drain(answer_probes(lm, ["Who?"], [" "], max_new_tokens=3))


def test_token_losses_are_those_of_the_model(lm: LanguageModel) -> None:
    texts = ["The river Thames flows through London.", "Bread", "Plants make their food from light, water and air."]
    expected = []
    for text in texts:
        ids = torch.tensor([lm.tokenizer(text)["input_ids"][:10]])
        with torch.no_grad():
            expected.append(float(lm.model(ids, labels=ids).loss))
    assert drain(token_losses(lm, texts, 10)) == pytest.approx(expected, abs=1e-4)


def test_a_text_of_one_token_has_no_loss(lm: LanguageModel) -> None:
    first, second = drain(token_losses(lm, ["x", "Bread is made of flour"]))
    assert first is None
    assert second is not None and second > 0


def test_damaged_weights_are_not_hidden(lm: LanguageModel) -> None:
    with torch.no_grad():
        lm.model.model.norm.weight.fill_(float("nan"))
    (loss,) = drain(token_losses(lm, ["Bread is made of flour"]))
    assert loss is not None and loss != loss


CALLS: tuple[Callable[..., Generator[Progress, None, object]], ...] = (
    lambda lm, cancelled: generate_batch(lm, QUESTIONS, max_new_tokens=20, cancelled=cancelled),
    lambda lm, cancelled: answer_logprobs(lm, QUESTIONS, ANSWERS, cancelled=cancelled),
    lambda lm, cancelled: token_losses(lm, QUESTIONS, cancelled=cancelled),
)


@pytest.mark.parametrize("call", CALLS)
def test_cancelling_unwinds(lm: LanguageModel, call: Callable[..., Generator[Progress, None, object]]) -> None:
    lm.model.train()
    with pytest.raises(Cancelled):
        drain(call(lm, lambda: True))
    assert lm.model.training


@pytest.mark.parametrize("call", CALLS)
def test_progress_rises_to_its_total(lm: LanguageModel, call: Callable[..., Generator[Progress, None, object]]) -> None:
    events = list(call(lm, lambda: False))
    done = [event.done for event in events]
    assert done == sorted(done)
    assert done[-1] == events[-1].total == len(QUESTIONS)


def test_control_comes_back_between_tokens_outside_inference_mode(lm: LanguageModel) -> None:
    work = generate_batch(lm, QUESTIONS, max_new_tokens=20)
    lm.model.train()
    next(work)
    assert not torch.is_inference_mode_enabled()
    assert not lm.model.training
    work.close()
    assert lm.model.training


def test_nothing_asked_nothing_answered(lm: LanguageModel) -> None:
    assert drain(generate_batch(lm, [], max_new_tokens=5)) == []
    assert drain(answer_probes(lm, [], [], max_new_tokens=5)) == []
    assert drain(token_losses(lm, [])) == []


def test_a_model_without_a_chat_template_and_an_empty_prompt(lm: LanguageModel) -> None:
    lm.tokenizer.chat_template = None
    bare = replace(lm)
    assert not bare.has_chat_template
    texts = drain(generate_batch(bare, [bare.format_chat(""), bare.format_chat("Who?")], max_new_tokens=5))
    assert len(texts) == 2


def test_a_second_begin_of_sequence_is_not_added(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    real = lm.tokenizer.__class__.__call__

    def spy(self: object, text: str, **options: Any) -> Any:
        asked.append(options["add_special_tokens"])
        return real(self, text, **options)

    monkeypatch.setattr(lm.tokenizer.__class__, "__call__", spy)
    token_ids.prompt_ids(lm, "<|start|>user")
    token_ids.prompt_ids(lm, "user")
    assert asked == [False, True]


def test_a_batch_that_does_not_fit_is_halved(
    lm: LanguageModel, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = drain(answer_probes(lm, prompts, ANSWERS, max_new_tokens=8))
    real, sizes = generate.Decoding, []

    def small_memory(lm: LanguageModel, rows: list[list[int]], prefix: SharedPrefix) -> generate.Decoding:
        sizes.append(len(rows))
        if len(rows) > limit:
            raise torch.OutOfMemoryError("no room")
        return real(lm, rows, prefix)

    monkeypatch.setattr(generate, "Decoding", small_memory)
    limit = 1
    halved = drain(answer_probes(lm, prompts, ANSWERS, max_new_tokens=8))
    assert [item.text for item in halved] == [item.text for item in expected]
    assert sizes == [4, 2, 1, 1, 2, 1, 1]
    limit = 0
    with pytest.raises(ResourceError, match="does not fit into memory"):
        drain(answer_probes(lm, prompts, ANSWERS, max_new_tokens=8))
