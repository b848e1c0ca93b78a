"""Golden values of the reference implementation: metrics and prompts always, answers where the same model is at hand.

The model is named by ATU_PARITY_MODEL (the GGUF file, or a folder made from it), or it is the user's starter kit if
that was made from the same file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from typing import Any, TypeVar

import pytest

from atu_gui.core import paths
from atu_gui.core.config import ModelConfig
from atu_gui.core.materials import Probe
from atu_gui.engine.generate import answer_logprobs, answer_probes, generate_batch, stream
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.fluency import entropy, words
from atu_gui.engine.probes.prompts import instruction_prompt, probe_prompt
from atu_gui.engine.probes.rouge import clean, rouge_l_recall
from atu_gui.engine.text_losses import token_losses
from tests.conftest import parity
from tests.parity_table import furthest, hold

GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# Read before the tests get folders of their own.
STARTER = paths.starter_model()

T = TypeVar("T")


def golden(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(parity(name).read_text(encoding="utf-8"))
    return data


def drain(work: Generator[object, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def model_source() -> str:
    named = os.environ.get("ATU_PARITY_MODEL")
    if named:
        return named
    origin = STARTER / "origin.json"
    if origin.is_file() and json.loads(origin.read_text(encoding="utf-8")).get("sha256") == GGUF_SHA256:
        return str(STARTER)
    pytest.skip("ATU_PARITY_MODEL names no model and the starter kit made from the same GGUF file is not here")


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    return drain(load_language_model(ModelConfig(source=model_source(), device="cpu", dtype="float32")))


def test_parity_rouge() -> None:
    data = golden("rouge.json")
    assert len(data["items"]) == 72
    recalls = []
    for item in data["items"]:
        hold("rouge.json", "cleaned answers", clean(item["raw_output"]) != item["prediction_after_cleanup"], 0)
        recalls.append(rouge_l_recall(item["raw_output"], item["reference"]))
        hold("rouge.json", "ROUGE-L recall", furthest(recalls[-1], item["scores"]["rouge-l"]["r"]), 1e-9)
    mean = sum(recalls) / len(recalls)
    hold("rouge.json", "ROUGE-L recall", furthest(mean, data["returned_value_rouge_l_recall"]), 1e-9)


def test_parity_rouge_of_only_periods() -> None:
    for item in golden("rouge.json")["only_periods"]:
        assert rouge_l_recall(item["raw_output"], item["reference"]) == item["recommended_score"]


def test_parity_fluency() -> None:
    """Without a sentence model (README, note N1); where that changes no word, the tokens are the published ones."""
    for item in golden("fluency.json")["items"]:
        whole = item["whole_text_as_one_sentence"]
        hold("fluency.json", "entropy of a text", furthest(entropy(item["text"]), whole["entropy"]), 1e-9)
        if not whole["tokens_differ"]:
            hold("fluency.json", "word tokens", words(item["text"]) != item["tokens"], 0)


def test_parity_prompts(lm: LanguageModel) -> None:
    kinds = golden("prompts.json")["kinds"]
    seen = 0
    for name in ("forget level 1", "forget level 2", "neighbor level 1", "neighbor level 2"):
        for item in kinds[name]["items"]:
            record = item["record"]
            kind = "cloze" if record["type"] == "cloze" else "question"
            prompt = probe_prompt(lm, Probe("x", "forget", kind, record["query"], record["answer"]))
            assert prompt == item["final_prompt"]
            assert len(lm.tokenizer(prompt)["input_ids"]) == item["n_prompt_tokens"]
            seen += 1
    for item in kinds["fluency"]["items"]:
        assert instruction_prompt(lm, item["record"]["instruction"]) == item["final_prompt"]
    assert seen == 20


def test_parity_generation(lm: LanguageModel) -> None:
    items = golden("generation.json")["items"]
    prompts = [item["prompt"] for item in items]
    assert drain(generate_batch(lm, prompts, max_new_tokens=30)) == [item["completion_raw"] for item in items]


def test_parity_generation_stopped_at_the_first_newline(lm: LanguageModel) -> None:
    items = golden("generation.json")["items"]
    answered = drain(
        answer_probes(
            lm,
            [item["prompt"] for item in items],
            [item["answer"] for item in items],
            max_new_tokens=30,
            stop_at_newline=True,
            batch=4,
        )
    )
    for item, answer in zip(items, answered, strict=True):
        expected = item["quirk_free"]
        other = answer.text != expected["completion_stopped_at_first_newline"]
        hold("generation.json", "answers that end at a newline", other, 0)
        recall = rouge_l_recall(answer.text, item["answer"])
        hold("generation.json", "recall of these", furthest(recall, expected["rouge_l_recall"]), 1e-9)


def test_parity_stream(lm: LanguageModel) -> None:
    item = golden("generation.json")["items"][0]
    assert "".join(stream(lm, item["prompt"], max_new_tokens=30)) == item["completion_raw"]


def test_parity_answer_logprobs(lm: LanguageModel) -> None:
    """The published sums of TruthfulQA completions; ours are means over the same tokens."""
    for item in golden("choice.json")["truthfulqa"]["items"][:3]:
        completions = item["completions"]
        means = drain(answer_logprobs(lm, [item["prompt"]] * len(completions), completions))
        lengths = [len(lm.tokenizer(f" {text}")["input_ids"]) for text in completions]
        sums = [mean * length for mean, length in zip(means, lengths, strict=True)]
        hold("choice.json", "TruthfulQA sums", furthest(sums, item["log_prob_sums_batch_size_1"]), 2e-3)


def test_parity_token_losses(lm: LanguageModel) -> None:
    items = golden("mia.json")["items"]
    losses = drain(token_losses(lm, [item["text"] for item in items], 4096))
    for item, loss in zip(items, losses, strict=True):
        if item["scores"]["loss"] is not None:
            assert loss is not None
            hold("mia.json", "averaged scores", furthest(-loss, item["scores"]["loss"]), 5e-4)
