"""Golden values of the parts of RWKU that only the benchmark evaluation asks."""

from __future__ import annotations

import math

import pytest

from atu_gui.engine.generate import generate_batch
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.aggregates import combined
from atu_gui.engine.probes.benchmark_prompts import LETTERS, benchmark_prompt
from atu_gui.engine.probes.choice import choice_logprobs, mc1, mc2
from atu_gui.engine.probes.fluency import token_entropy
from atu_gui.engine.probes.membership import membership_scores, token_statistics
from atu_gui.engine.probes.qa_metrics import bbh_match, exact_match, extract_answer, word_f1
from tests.engine.test_parity_probes import drain, golden, lm  # noqa: F401 - a fixture
from tests.parity_table import furthest, hold

PARTS = {
    "forget level 1": "fb",
    "forget level 2": "qa",
    "neighbor level 1": "neighbour-fb",
    "neighbor level 2": "neighbour-qa",
    "MMLU": "mmlu",
    "BBH": "bbh",
    "TruthfulQA": "truthfulqa",
    "TriviaQA": "triviaqa",
    "fluency": "fluency",
}


def test_parity_prompts_of_every_part(lm: LanguageModel) -> None:  # noqa: F811
    seen = wrong = 0
    for name, kind in golden("prompts.json")["kinds"].items():
        part = "aa" if name.startswith("forget level 3") else PARTS[name]
        for item in kind["items"]:
            prompt = benchmark_prompt(lm, part, item["record"])
            same = prompt == item["final_prompt"] and len(lm.tokenizer(prompt)["input_ids"]) == item["n_prompt_tokens"]
            seen, wrong = seen + 1, wrong + (not same)
    assert seen > 90
    hold("prompts.json", "final prompts and their token counts", wrong, 0)


def test_parity_membership(lm: LanguageModel) -> None:  # noqa: F811
    token = variance = score = 0.0
    for item in golden("mia.json")["items"]:
        found = token_statistics(lm, item["text"])
        for ours, theirs in ((found.logprobs, item["token_log_probs"]), (found.means, item["mu"])):
            token = max([token, *(abs(one - other) for one, other in zip(ours, theirs, strict=True))])
        pairs = zip(found.variances, item["variance"], strict=True)
        variance = max([variance, *(abs(one - other) for one, other in pairs)])
        ours_scores = membership_scores(item["text"], found, "rwku")
        names = {"loss": "loss", "zlib": "zlib", "mink": "mink_0.2", "mink++": "mink++_0.2"}
        for name, published in names.items():
            expected, value = item["scores"][published], ours_scores[name]
            assert (value is None) == (expected is None)
            if value is not None:
                score = max(score, abs(value - expected))
    hold("mia.json", "token log-probs and their means", token, 2e-3)
    hold("mia.json", "variances", variance, 1e-2)
    hold("mia.json", "averaged scores", score, 5e-4)


def test_parity_choice(lm: LanguageModel) -> None:  # noqa: F811
    data = golden("choice.json")
    chance = total = share = 0.0
    for item in data["mmlu"]["items"]:
        scores = choice_logprobs(lm, item["prompt"], LETTERS, lambda: False)
        ours, golden_ = ([math.exp(one) for one in logs] for logs in (scores, item["candidate_log_probabilities"]))
        chance = max(chance, furthest(ours, golden_))
        hold("choice.json", "MMLU predictions", scores.index(max(scores)) != item["predicted_index"], 0)
    for item in data["truthfulqa"]["items"]:
        choices = item["completions"]
        sums = choice_logprobs(lm, item["prompt"], choices, lambda: False)
        pairs = zip(sums, item["log_prob_sums_batch_size_1"], strict=True)
        total = max([total, *(abs(one - other) for one, other in pairs)])
        scores = dict(zip(choices, sums, strict=True))
        labels = [1] * item["number_true"] + [0] * (len(choices) - item["number_true"])
        share = max(share, abs(mc2(scores, choices, labels) - item["MC2"]))
        hold("choice.json", "MC1", mc1(scores, item["mc1_choices"], item["mc1_labels"]) != item["MC1"], 0)
    hold("choice.json", "MMLU probabilities", chance, 1e-4)
    hold("choice.json", "TruthfulQA sums", total, 2e-3)
    hold("choice.json", "MC2", share, 2e-4)


def test_parity_qa_metrics() -> None:
    data = golden("qa_metrics.json")
    for item in data["bbh"]:
        answer = extract_answer(item["output"], "rwku")
        hold("qa_metrics.json", "BBH answers taken out", answer != item["extracted"], 0)
        hold("qa_metrics.json", "BBH match", bbh_match(answer, item["answer"], "rwku") != item["reference_em"], 0)
        mended = bbh_match(extract_answer(item["output"], "corrected"), item["answer"], "corrected")
        hold("qa_metrics.json", "BBH match, corrected", mended != item["quirk_free_em"], 0)
    worst = 0.0
    for item in data["triviaqa"]:
        hold("qa_metrics.json", "TriviaQA match", exact_match(item["output"], item["answers"]) != item["em"], 0)
        worst = max(worst, abs(word_f1(item["output"], item["answers"]) - item["f1"]))
    hold("qa_metrics.json", "TriviaQA F1", worst, 1e-12)


def test_parity_aggregates() -> None:
    worst = 0.0
    for item in golden("aggregate.json")["items"]:
        given, expected = item["inputs"], item["report"]
        forget = {name: 100 * given[f"forget_{name}"] for name in ("fb", "qa", "aa")}
        neighbour = {f"neighbour-{name}": 100 * given[f"neighbor_{name}"] for name in ("fb", "qa")}
        for group, means, published in (("forget", forget, "forget"), ("neighbour", neighbour, "neighbor")):
            value = combined(group, means, {}, "rwku")
            assert value is not None
            worst = max(worst, abs(value - expected[f"report/{published}/all"]))
    hold("aggregate.json", "combined scores", worst, 1e-9)


def test_parity_fluency_of_the_published_tokens() -> None:
    worst = 0.0
    for item in golden("fluency.json")["items"]:
        worst = max(worst, abs(token_entropy(item["tokens"]) - item["entropy"]))
    hold("fluency.json", "entropy of the published tokens", worst, 1e-9)


def test_parity_generation_in_one_batch(lm: LanguageModel) -> None:  # noqa: F811
    items = golden("generation.json")["items"]
    texts = drain(generate_batch(lm, [item["prompt"] for item in items], max_new_tokens=30))
    different = sum(text != item["completion_raw"] for text, item in zip(texts, items, strict=True))
    hold("generation.json", "answers", different, 0)


def test_decimals_are_kept_by_the_corrected_reading() -> None:
    assert extract_answer("So the answer is 3.5.", "rwku") == "3"
    assert extract_answer("So the answer is 3.5.", "corrected") == "3.5"


def test_the_corrected_weights_are_the_questions_asked() -> None:
    means, counts = {"fb": 0.0, "qa": 50.0, "aa": 100.0}, {"fb": 1, "qa": 2, "aa": 1}
    assert combined("forget", means, counts, "corrected") == pytest.approx(50.0)
    assert combined("forget", {"fb": 0.0}, counts, "corrected") is None
