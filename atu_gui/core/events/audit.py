"""What an audit of a round says: one event per finding, with the raw answers behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.events.jobs import Interval
from atu_gui.core.materials import Group

Measure = Literal["answer log-prob", "recall", "first-token log-prob", "AUC"]


@dataclass(frozen=True, slots=True)
class Comeback:
    """How much of what was there before came back under an attack, by one measure.

    Attributes:
        measure: What is measured; more is always more of the concept.
        group: Whose questions.
        untouched: The untouched model, asked plainly: what was there before.
        unlearned: The round, asked plainly; of a linear probe the floor, learnt from shuffled labels.
        attacked: The round under the attack.
        control: The untouched model under the same attack, where that was measured.
        share: (attacked − unlearned − added) / (untouched − unlearned), paired over items, where added is what the
            attack adds to the untouched model, at least 0. None is unclear: what the round lost has an interval that
            includes 0, there are too few items, or nothing came back of an attack that breaks the untouched model too.
    """

    measure: Measure
    group: Group
    untouched: Interval
    unlearned: Interval
    attacked: Interval
    control: Interval | None = None
    share: Interval | None = None


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """One question with what each set of weights said to it; log-probabilities of the gold answer in nats."""

    group: Group
    query: str
    gold: str
    untouched: str
    unlearned: str
    attacked: str
    untouched_logprob: float
    unlearned_logprob: float
    attacked_logprob: float


@dataclass(frozen=True, slots=True)
class AuditPoint:
    """A point of a finding's curve, over steps or layers.

    Attributes:
        at: Step or layer.
        attacked: The round.
        beside: The untouched model under the same attack; None where it was not measured.
        floor: What is reached without knowing: by a model that never knew, trained alike, or by shuffled labels.
    """

    at: int
    attacked: float
    beside: float | None = None
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class AuditFound:
    """One attack on one round, and what it brought back.

    Attributes:
        attack: Words that tell it from the other attacks of the same audit.
        note: What else must be known to read the figures.
        comebacks: By measure and group, the forget questions first.
        axis: What the curve runs over: "step", "layer", or "" without a curve.
        seconds: What this attack took; the questions asked plainly are counted with the first one.
    """

    run_id: str
    round: int
    audit: AuditKind
    attack: str
    settings: AuditSettings
    comebacks: tuple[Comeback, ...]
    answers: tuple[AuditAnswer, ...] = ()
    axis: str = ""
    curve: tuple[AuditPoint, ...] = ()
    note: str = ""
    seconds: float = 0.0
