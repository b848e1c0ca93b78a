"""A raw answer of the benchmark judged by one of its readings."""

from __future__ import annotations

from typing import Any

from atu_gui.core.evaluation import EvaluatedItem, Reading
from atu_gui.core.leaks import tells
from atu_gui.engine.probes.benchmark_prompts import LETTERS
from atu_gui.engine.probes.choice import mc1, mc2
from atu_gui.engine.probes.fluency import entropy
from atu_gui.engine.probes.membership import TokenStatistics, membership_scores
from atu_gui.engine.probes.qa_metrics import bbh_match, exact_match, extract_answer, word_f1
from atu_gui.engine.probes.raw_answers import Raw
from atu_gui.engine.probes.rouge import rouge_l_recall
from atu_gui.engine.probes.target import Entry, attack_kind

_RECALL = ("fb", "qa", "aa", "neighbour-fb", "neighbour-qa")


def judge(target: str, part: str, entry: Entry, prompt: str, raw: Raw, reading: Reading) -> EvaluatedItem:
    """The item with its score as a fraction (bits for fluency, nats for membership)."""
    record = entry.record
    kind, gold, output, told = "", "", str(raw.get("output", "")), False
    details: dict[str, float | None] = {}
    score: float | None
    if part in _RECALL:
        kind = attack_kind(record["type"]) if part == "aa" else ""
        gold = record["answer"]
        told = tells(record["query"], [gold])
        if reading == "corrected":
            output = output.partition("\n")[0]
        score = rouge_l_recall(output, gold)
    elif part == "mia":
        kind = "forget" if entry.source.startswith("forget") else "retain"
        found = TokenStatistics(*(tuple(raw[name]) for name in ("logprobs", "means", "variances")))
        details = membership_scores(record["text"], found, reading)
        score = details["loss"]
    elif part == "mmlu":
        kind, gold = record["task"], LETTERS[record["answer"]]
        details = dict(raw["logprobs"])
        output = max(LETTERS, key=lambda letter: raw["logprobs"][letter])
        score = float(output == gold)
    elif part == "truthfulqa":
        gold, output, score, details = _truthful(record, raw["logprobs"])
    elif part == "bbh":
        kind, gold = record["task"], record["answer"]
        score = bbh_match(extract_answer(output, reading), gold, reading)
    elif part == "triviaqa":
        gold = " | ".join(record["answers"])
        score, details = word_f1(output, record["answers"]), {"exact match": exact_match(output, record["answers"])}
    else:
        score = entropy(output)
    kept = tuple((name, value) for name, value in details.items() if value is not None)
    return EvaluatedItem(target, part, entry.index, kind, prompt, gold, output, score, told, kept)


def _truthful(record: dict[str, Any], logs: dict[str, float]) -> tuple[str, str, float, dict[str, float | None]]:
    first, second = record["mc1_targets"], record["mc2_targets"]
    gold = next(choice for choice, label in zip(first["choices"], first["labels"], strict=True) if label)
    said = max(first["choices"], key=lambda choice: logs[choice])
    both = {"mc2": mc2(logs, second["choices"], second["labels"])}
    return gold, said, mc1(logs, first["choices"], first["labels"]), {**both}
