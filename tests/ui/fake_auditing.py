"""Audits without a model: what the fake workbench finds, and what it keeps of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from atu_gui.core.audits import AUDITS, AuditKind, AuditSettings
from atu_gui.core.events import AuditAnswer, AuditFound, AuditPoint, Comeback, Event, Interval, ItemAnswered
from atu_gui.core.materials import Group
from atu_gui.core.ports import Weights


def finding(kind: AuditKind, weights: Weights, settings: AuditSettings, share: float | None = 0.1) -> AuditFound:
    """A finding with two measures for the concept and one for neighbours."""

    def of(value: float) -> Interval:
        return Interval(value, value - 0.05, value + 0.05, 6)

    def back(group: Group, got: float | None) -> Comeback:
        return Comeback("answer log-prob", group, of(-2.0), of(-5.0), of(-4.7), None, None if got is None else of(got))

    plain = dataclasses.replace(back("forget", None), measure="recall")
    answers = [
        AuditAnswer("forget", f"Question {n}?", "Verrocchio", "It was Verrocchio.", "I am not sure.",
                    "Verrocchio, I think." if n == 1 else "A carpenter.", -2.1, -5.1, -4.2)
        for n in range(6)
    ]  # fmt: skip
    answers.append(AuditAnswer("neighbour", "Where?", "Florence", "Florence", "Florence", "Rome", -1.0, -1.0, -2.0))
    curve = (AuditPoint(0, -5.0, -6.0), AuditPoint(20, -4.7, -5.5)) if kind == "relearn" else ()
    return AuditFound(
        weights.run_id, weights.round or 0, kind, f"{AUDITS[kind].title} as usual", settings,
        (back("forget", share), plain, back("neighbour", None)), tuple(answers), "step" if curve else "", curve,
        "6 passages of the run.", 1.5,
    )  # fmt: skip


def forgetting(events: Iterable[Event]) -> list[Event]:
    """A run of which every answer is right before, and only those about neighbours after."""
    return [
        dataclasses.replace(event, rouge_l_recall=float(event.group == "neighbour" or not event.round))
        if isinstance(event, ItemAnswered)
        else event
        for event in events
    ]


class FakeAuditing:
    """The part of the port that is about kept findings; every answer is there at once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[AuditFound, ...]] = {}
        self.audit_wishes: list[tuple[Weights, tuple[AuditKind, ...], AuditSettings, bool]] = []
        # What comes back under each audit; None is unclear.
        self.shares: dict[AuditKind, float | None] = dict.fromkeys(AUDITS, 0.1)

    def audits_of(self, run_id: str) -> Future[Sequence[AuditFound]]:
        future: Future[Sequence[AuditFound]] = Future()
        future.set_result(self.found.get(run_id, ()))
        return future

    def keep_finding(self, one: AuditFound) -> None:
        rest = [old for old in self.found.get(one.run_id, ()) if (old.round, old.audit) != (one.round, one.audit)]
        self.found[one.run_id] = (*rest, one)
