"""Audits and the benchmark without a model: what the fake workbench finds, and what it keeps of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from atu_gui.core.audits import AUDITS, AuditKind, AuditSettings
from atu_gui.core.evaluation import EvaluatedItem, Evaluation, EvaluationRequest, PartTime, Reading, Score
from atu_gui.core.events import (
    AuditAnswer,
    AuditFound,
    AuditPoint,
    Comeback,
    Event,
    Interval,
    ItemAnswered,
    Progress,
)
from atu_gui.core.materials import Group
from atu_gui.core.ports import Weights
from tests.ui.fake_jobs import FakeJobs


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


def report(weights: str, reading: Reading = "rwku") -> Evaluation:
    """Two parts of the benchmark on one target."""
    few, many = Interval(12.5, 3.0, 30.0, 8), Interval(0.0412, 0.01, 0.09, 60)
    items = (
        EvaluatedItem("Ada", "fb", 0, "", "Ada was born in ___.", "London", "She was born in London.", 1.0),
        EvaluatedItem("Ada", "fb", 1, "", "Her father was ___ Byron, Lord Byron.", "Byron", "Byron", 1.0, told=True),
        EvaluatedItem("Ada", "fluency", 0, "", "Tell me of the sea.", "", "It is\nwide.", 3.1),
    )
    return Evaluation(
        weights, "5f1c", reading, ("Ada",), 8,
        (Score("forget FB", 12.5, few, None, 8), Score("fluency entropy", 0.0412, many, many, 60)), items,
        (PartTime("fb", 12.0, 2, 2), PartTime("fluency", 3.0, 1, 0)), ("Few items.",),
        ("Answers end at the first newline.",) if reading == "corrected" else ("A failed generation ends it.",),
    )  # fmt: skip


class FakeAuditing(FakeJobs):
    """The part of the port that judges rounds: audits and the benchmark, and what is kept of both."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[AuditFound, ...]] = {}
        self.reports: dict[str, tuple[Evaluation, ...]] = {}
        self.requests: list[EvaluationRequest] = []
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

    def evaluations_of(self, run_id: str) -> Future[Sequence[Evaluation]]:
        future: Future[Sequence[Evaluation]] = Future()
        future.set_result(self.reports.get(run_id, ()))
        return future

    def evaluate(self, request: EvaluationRequest) -> Future[Evaluation]:
        self.requests.append(request)
        return self._job("eval", lambda: self._evaluate(request))

    def audit(
        self, weights: Weights, which: Sequence[AuditKind], settings: AuditSettings, *, again: bool = False
    ) -> Future[tuple[AuditFound, ...]]:
        self.audit_wishes.append((weights, tuple(which), settings, again))
        return self._job("audit", lambda: tuple(self._audit(kind, weights, settings) for kind in which))

    def _audit(self, kind: AuditKind, weights: Weights, settings: AuditSettings) -> AuditFound:
        for done in range(4):
            self._wait()
            self._say(Progress("audit", f"Asking under {kind}", done + 1, 4, "questions"))
        found = finding(kind, weights, settings, self.shares[kind])
        self._say(found)
        self._wait()
        self.keep_finding(found)
        return found

    def _evaluate(self, request: EvaluationRequest) -> Evaluation:
        for done in range(4):
            self._wait()
            self._say(Progress("eval", "Ada · fb", done + 1, 4, "items", 12.0))
        weights = f"run {request.run}, round {request.round}" if request.run else "untouched weights"
        found = report(weights, request.reading)
        if request.run:
            self.reports[request.run] = (*self.reports.get(request.run, ()), found)
        return found
