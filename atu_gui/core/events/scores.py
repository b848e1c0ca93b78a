"""What is measured of a group of probes after a round, beyond recall and log-probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from atu_gui.core.events.jobs import Interval

ProbeGroup = Literal["forget", "neighbour", "verbatim"]


@dataclass(frozen=True, slots=True)
class GroupScores:
    """Means over some probes, each with its 95 % interval over items; None where there was nothing to measure.

    Attributes:
        recall: ROUGE-L recall of the greedy answer.
        logprob: Mean log-probability of the gold answer's tokens, nats.
        exact_memorization: Share of the gold answer's tokens that are the likeliest next token when all before them
            are given (arXiv 2202.07646 and 2205.10770 call this memorization under teacher forcing).
        extraction_strength: 1 − k/T: k is the length of the shortest beginning of the gold answer (T tokens) after
            which all the rest is reproduced under teacher forcing (arXiv 2310.11449).
        truth: max(0, 1 − R), R being the truth ratio (TOFU, arXiv 2401.06121): 1 where the gold answer is far likelier
            than wrong ones, 0 where it is no likelier.
    """

    recall: Interval | None = None
    logprob: Interval | None = None
    exact_memorization: Interval | None = None
    extraction_strength: Interval | None = None
    truth: Interval | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """What tells broken language from good, in the round's own words.

    Attributes:
        distinct: Mean share of word pairs in a free answer that occur in it for the first time (distinct-2).
        empty: Share of blank answers, free ones and those about neighbours together.
        identical: Share of the same answers that are one and the same text.
        n: How many answers `empty` and `identical` rest on.
    """

    distinct: float | None
    empty: float
    identical: float
    n: int


@dataclass(frozen=True, slots=True)
class ItemSampled:
    """One probe asked several times at temperature 1, and how well a secret stands among random ones.

    Attributes:
        recalls: ROUGE-L recall of each sample.
        exposure: Of a verbatim probe, bits: log2 of the number of candidates, itself included, minus log2 of its rank
            by log-probability (Carlini et al., arXiv 1802.08232); None where nothing in it can be drawn at random.
    """

    run_id: str
    round: int
    probe_id: str
    group: ProbeGroup
    samples: tuple[str, ...]
    recalls: tuple[float, ...]
    exposure: float | None = None


@dataclass(frozen=True, slots=True)
class DeepScored:
    """The costly scores of the untouched model or the kept round.

    Attributes:
        ks: The k of leak@k, ascending.
        forget_leak: For each k, mean over forget questions of the best ROUGE-L recall among the first k samples.
        neighbour_leak: The same for neighbour questions.
        verbatim_leak: The same for verbatim probes.
        exposure: Mean over verbatim probes, bits.
        candidates: Random candidates per verbatim probe; the exposure is at most log2(candidates + 1).
    """

    run_id: str
    round: int
    ks: tuple[int, ...]
    forget_leak: tuple[Interval, ...]
    neighbour_leak: tuple[Interval, ...]
    verbatim_leak: tuple[Interval, ...]
    exposure: Interval | None
    candidates: int
