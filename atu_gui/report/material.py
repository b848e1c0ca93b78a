"""All that a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from atu_gui.core.asked import AskedQuestion
from atu_gui.core.compared import Compared
from atu_gui.core.evaluation import Evaluation
from atu_gui.core.events import AuditFound, RunStarted
from atu_gui.core.outcome import Outcome
from atu_gui.core.run_curves import RunCurves


@dataclass(frozen=True)
class Material:
    """What is known of a run.

    Attributes:
        run: Its record, config, events, rounds and answers.
        start: What it said first.
        audits: What audits of all its rounds found.
        evaluations: What the benchmark said to its rounds.
        asked: Questions that were asked of it in many ways.
        versions: Versions of packages, by name.
        hashes: Names and hashes of weights.
        written: When the report is written, Unix time in seconds.
    """

    run: Compared
    start: RunStarted
    audits: tuple[AuditFound, ...]
    evaluations: tuple[Evaluation, ...]
    asked: tuple[AskedQuestion, ...]
    versions: Mapping[str, str]
    hashes: tuple[tuple[str, str], ...]
    written: float

    @cached_property
    def outcome(self) -> Outcome | None:
        """What the run came to; None where it has no end or nothing was scored."""
        return Outcome.of(self.run.events, self.audits)

    @cached_property
    def curves(self) -> RunCurves:
        """Its curves."""
        made = RunCurves()
        for event in self.run.events:
            made.add(event)
        return made

    @property
    def round(self) -> int:
        """The round that is judged; 0 where there is none after the untouched model."""
        return self.outcome.round if self.outcome is not None else self.run.final_round
