"""Answer metrics of BBH and TriviaQA: extraction, exact match, word F1."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from atu_gui.core.evaluation import Reading
from atu_gui.engine.probes.rouge import clean

# The bar is the published pattern's (quirk B2); a period within a number ends the answer there as well.
_ANSWER = {
    "rwku": re.compile(r"[t|T]he answer is (.*?)\."),
    "corrected": re.compile(r"[t|T]he answer is (.*?)\.(?!\d)"),
}
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def extract_answer(output: str, reading: Reading) -> str:
    """What follows “the answer is ” up to the period, else the whole output."""
    match = _ANSWER[reading].search(output)
    return clean(match.group(1) if match else output)


def bbh_match(answer: str, gold: str, reading: Reading) -> float:
    """1 where an extracted answer is right. As published, any single character of the gold answer counts (B1)."""
    accepted = gold if reading == "rwku" else [gold]
    return float(any(_plain(answer) == _plain(one) for one in accepted))


def exact_match(output: str, answers: Sequence[str]) -> float:
    """1 where the output is one of the answers, but for case, punctuation and articles."""
    return float(any(_plain(clean(output)) == _plain(answer) for answer in answers))


def word_f1(output: str, answers: Sequence[str]) -> float:
    """Best F1 of the words, counted with repetitions, over the accepted answers."""
    return max(_f1(_plain(clean(output)).split(), _plain(answer).split()) for answer in answers)


def _f1(said: list[str], gold: list[str]) -> float:
    if not said or not gold:
        return float(said == gold)
    common = sum((Counter(said) & Counter(gold)).values())
    return 2 * common / (len(said) + len(gold))


def _plain(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())
