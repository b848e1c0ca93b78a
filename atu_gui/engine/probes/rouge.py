"""RWKU's answer metric: ROUGE-L recall of the package `rouge` 1.0.1 with default options.

It is the summary-level kind: both sides are split at every period, words are separated by white space, case and other
punctuation count, repeated words count once.
"""

from __future__ import annotations

from rouge import Rouge

_NO_ANSWER = "NOANSWER"


def clean(output: str) -> str:
    """A blank output becomes a word that matches nothing; any other is stripped."""
    return output.strip() or _NO_ANSWER


def rouge_l_recall(output: str, gold: str) -> float:
    """Recall of the gold answer's words, 0 to 1. Only periods on either side score 0 (there, the package raises:
    quirk R1)."""
    prediction = clean(output)
    if not prediction.replace(".", "").strip() or not gold.replace(".", "").strip():
        return 0.0
    return float(Rouge(metrics=["rouge-l"]).get_scores(prediction, gold)[0]["rouge-l"]["r"])
