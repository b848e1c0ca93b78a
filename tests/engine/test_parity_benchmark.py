"""Golden values of the parts of RWKU that only the benchmark evaluation asks; deviations are printed with -s."""

from __future__ import annotations

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


def report(name: str, **worst: float) -> None:
    """One line of the parity table."""
    print(f"parity {name}: " + ", ".join(f"{what} {value:.3g}" for what, value in worst.items()))


def test_parity_prompts_of_every_part(lm: LanguageModel) -> None:  # noqa: F811
    seen = wrong = 0
    for name, kind in golden("prompts.json")["kinds"].items():
        part = "aa" if name.startswith("forget level 3") else PARTS[name]
        for item in kind["items"]:
            prompt = benchmark_prompt(lm, part, item["record"])
            same = prompt == item["final_prompt"] and len(lm.tokenizer(prompt)["input_ids"]) == item["n_prompt_tokens"]
            seen, wrong = seen + 1, wrong + (not same)
    report("prompts.json", prompts=seen, different=wrong)
    assert seen > 90
    assert wrong == 0


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
    report("mia.json", token=token, variance=variance, score=score)
    assert token < 2e-3
    assert variance < 1e-2
    assert score < 5e-4


def test_parity_choice(lm: LanguageModel) -> None:  # noqa: F811
    data = golden("choice.json")
    log = total = share = 0.0
    for item in data["mmlu"]["items"]:
        scores = choice_logprobs(lm, item["prompt"], LETTERS, lambda: False)
        differences = zip(scores, item["candidate_log_probabilities"], strict=True)
        log = max([log, *(abs(one - other) for one, other in differences)])
        assert scores.index(max(scores)) == item["predicted_index"]
    for item in data["truthfulqa"]["items"]:
        choices = item["completions"]
        sums = choice_logprobs(lm, item["prompt"], choices, lambda: False)
        pairs = zip(sums, item["log_prob_sums_batch_size_1"], strict=True)
        total = max([total, *(abs(one - other) for one, other in pairs)])
        scores = dict(zip(choices, sums, strict=True))
        labels = [1] * item["number_true"] + [0] * (len(choices) - item["number_true"])
        share = max(share, abs(mc2(scores, choices, labels) - item["MC2"]))
        assert mc1(scores, item["mc1_choices"], item["mc1_labels"]) == item["MC1"]
    report("choice.json", mmlu_logprob=log, truthfulqa_sum=total, mc2=share)
    assert log < 1e-3
    assert total < 2e-3
    assert share < 2e-4


def test_parity_qa_metrics() -> None:
    data = golden("qa_metrics.json")
    for item in data["bbh"]:
        answer = extract_answer(item["output"], "rwku")
        assert answer == item["extracted"]
        assert bbh_match(answer, item["answer"], "rwku") == item["reference_em"]
        assert (
            bbh_match(extract_answer(item["output"], "corrected"), item["answer"], "corrected") == item["quirk_free_em"]
        )
    worst = 0.0
    for item in data["triviaqa"]:
        assert exact_match(item["output"], item["answers"]) == item["em"]
        worst = max(worst, abs(word_f1(item["output"], item["answers"]) - item["f1"]))
    report("qa_metrics.json", bbh=0.0, f1=worst)
    assert worst < 1e-12


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
    report("aggregate.json", combined=worst)
    assert worst < 1e-9


def test_parity_fluency_of_the_published_tokens() -> None:
    worst = 0.0
    for item in golden("fluency.json")["items"]:
        worst = max(worst, abs(token_entropy(item["tokens"]) - item["entropy"]))
    report("fluency.json", entropy=worst)
    assert worst < 1e-9


def test_parity_generation_in_one_batch(lm: LanguageModel) -> None:  # noqa: F811
    items = golden("generation.json")["items"]
    texts = drain(generate_batch(lm, [item["prompt"] for item in items], max_new_tokens=30))
    different = sum(text != item["completion_raw"] for text, item in zip(texts, items, strict=True))
    report("generation.json", completions=len(items), different=different)
    assert different == 0


def test_decimals_are_kept_by_the_corrected_reading() -> None:
    assert extract_answer("So the answer is 3.5.", "rwku") == "3"
    assert extract_answer("So the answer is 3.5.", "corrected") == "3.5"


def test_the_corrected_weights_are_the_questions_asked() -> None:
    means, counts = {"fb": 0.0, "qa": 50.0, "aa": 100.0}, {"fb": 1, "qa": 2, "aa": 1}
    assert combined("forget", means, counts, "corrected") == pytest.approx(50.0)
    assert combined("forget", {"fb": 0.0}, counts, "corrected") is None
