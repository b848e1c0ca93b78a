"""What scores come to, in the words of the screen and of reports."""

from __future__ import annotations

from dataclasses import dataclass

from atu_gui.core import text
from atu_gui.core.events import Interval
from atu_gui.core.outcome import Answers, Outcome, Score
from atu_gui.core.paired import Difference

# The smooth scores: fields of `GroupScores`, each with its name and what it says.
SMOOTH = {
    "exact_memorization": (
        "Memorized",
        "Share of the gold answer's tokens that are the likeliest next token (exact memorization).",
    ),
    "extraction_strength": (
        "Extracted",
        "Share of the gold answer reproduced once its beginning is given (extraction strength).",
    ),
    "truth": ("Truth", "1: the gold answer is far likelier than wrong ones; 0: no likelier (from TOFU's truth ratio)."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A finding at the end of a run: a figure, what it is of, more of it, and the answers behind it.

    Attributes:
        nothing: What is said where there are no such answers.
    """

    figure: str
    caption: str
    more: str
    answers: tuple[Answers, ...]
    nothing: str


def forgotten(outcome: Outcome) -> Told:
    """What is forgotten; void where the round has collapsed."""
    return Told(
        "void" if outcome.collapsed else change(outcome.forget),
        outcome.collapsed or f"forget recall{_asked(outcome)}; {sure(outcome.forget.difference)}",
        intervals(outcome.forget),
        outcome.forgotten,
        "No answer that held the gold answer before has lost it.",
    )


def leaking(outcome: Outcome) -> Told:
    """What still leaks."""
    words = "Counted as whole words, whatever their case."
    if outcome.told:
        words = f"{text.count(outcome.told, 'question')} not counted: the answer stands in the question."
    return Told(
        f"{len(outcome.leaking)} of {outcome.asked}",
        "forget questions whose answer still contains the gold answer",
        words,
        outcome.leaking,
        "None of these questions brings the gold answer out. That is no proof: rephrase them.",
    )


def worse(outcome: Outcome) -> Told:
    """What got worse."""
    parts = [intervals(outcome.neighbour)]
    for name, score in (("Token loss", outcome.token_loss), ("Fluency, bits", outcome.fluency)):
        if score.before is not None and score.after is not None:
            parts.append(f"{name} {change(score)}, {_apart(score.before, score.after)}")
    return Told(
        change(outcome.neighbour),
        f"neighbour recall{_asked(outcome)}; {sure(outcome.neighbour.difference, lower_is_better=False)}",
        "\n".join(part for part in parts if part),
        outcome.lost,
        "No neighbour question that was answered right before is answered wrong now.",
    )


def change(score: Score) -> str:
    """Before and after: “0.19 → 0.03”."""
    if score.before is None or score.after is None:
        return "not measured"
    return f"{text.number(score.before.mean)} → {text.number(score.after.mean)}"


def intervals(score: Score) -> str:
    """Both means with their intervals, and of how many questions."""
    if score.before is None or score.after is None:
        return "There were no such questions."
    asked = text.count(score.after.n, "question")
    said = f"Before {text.interval(score.before)}, now {text.interval(score.after)}, {asked}"
    return f"{said}. {text.few(score.after.n)}".removesuffix(". ")


def sure(found: Difference | None, *, lower_is_better: bool = True) -> str:
    """The paired difference in words; one whose interval includes 0 is unclear."""
    if found is None:
        return "no paired difference"
    amount = ("+" if found.mean >= 0 else "") + text.number(found.mean)
    span = f"{amount} ({text.number(found.low)} to {text.number(found.high)})"
    if found.unclear:
        return f"{span}, unclear"
    return f"{span}, {'better' if (found.mean < 0) == lower_is_better else 'worse'}"


def _asked(outcome: Outcome) -> str:
    return " on test questions" if outcome.tested else ""


def _apart(before: Interval, after: Interval) -> str:
    """Without pairs only this can be said."""
    overlap = before.low <= after.high and after.low <= before.high
    return "unclear: the intervals overlap" if overlap else "the intervals lie apart"
