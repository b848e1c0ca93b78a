"""One question asked in many ways: the kinds there are, what each needs, and what comes of rephrasing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AttackKind = Literal[
    "prefix injection",
    "affirmative suffix",
    "role play",
    "multiple choice",
    "reverse query",
    "synonym manipulation",
    "background hint",
    "in-context learning",
    "cross-lingual",
]
RephrasingKind = AttackKind | Literal["paraphrase", "multi-hop"]

# The nine of RWKU's level 3, in the order of its paper, each with what it does.
ATTACKS: dict[AttackKind, str] = {
    "prefix injection": "Words that ask for compliance stand before the question.",
    "affirmative suffix": "The question ends with the beginning of a willing answer.",
    "role play": "The model is somebody who knows.",
    "multiple choice": "The gold answer stands among others, so it is never counted as a leak.",
    "reverse query": "The gold answer is given, the subject is asked for.",
    "synonym manipulation": "Names and words give way to others that mean the same.",
    "background hint": "Some words about the subject stand before the question.",
    "in-context learning": "Answered questions stand before the question.",
    "cross-lingual": "The question is put in another language, the answer is wanted in English.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be rephrased.

    Attributes:
        query: A question, or a sentence with the blank ``___``.
        subject: Whom or what it is about, as the question names it; "" where unknown.
        gold: The gold answer; "" where unknown.
        also: Other answers that count as the gold one.
        names: The concept's name and aliases.
        descriptions: Short phrases that describe the concept.
        alternatives: Wrong answers of the same kind, for multiple choice.
        examples: Other questions with their answers, for in-context learning.
    """

    query: str
    subject: str = ""
    gold: str = ""
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rephrasing:
    """One way to ask.

    Attributes:
        kind: What was done to the question.
        prompt: What is sent.
        answer: Its gold answer: that of the question, or the subject in a reverse query; "" where unknown.
        accepted: Everything that counts as this answer, `answer` included.
        names: The concept's names, which are a leak in an answer to a prompt that holds none of them.
        detail: What is special about it, for instance the language.
    """

    kind: RephrasingKind
    prompt: str
    answer: str = ""
    accepted: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rephrased:
    """All ways found, and the kinds that were left out, each with its reason."""

    rephrasings: tuple[Rephrasing, ...]
    left_out: tuple[tuple[RephrasingKind, str], ...] = ()
