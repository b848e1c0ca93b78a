"""The questions of an audit, asked of three sets of weights: untouched, unlearned, and unlearned under an attack."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.comeback import come_back
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.events import AuditAnswer, AuditFound, AuditPoint, Comeback, Event, Measure
from atu_gui.core.materials import Group, Materials, Probe
from atu_gui.engine.audits.controls import Control, Controls, Replies, Reply
from atu_gui.engine.generate import answer_probes
from atu_gui.engine.inputs import draw
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.prompts import probe_prompt
from atu_gui.engine.probes.rouge import rouge_l_recall
from atu_gui.engine.probes.score import ANSWER_TOKENS
from atu_gui.engine.snapshots import Snapshots

# Smooth first: recall is coarse, and 0 for most questions.
_VALUES: dict[Measure, Callable[[Reply], float]] = {
    "answer log-prob": lambda reply: reply.logprob,
    "recall": lambda reply: reply.recall,
}


@dataclass(eq=False, slots=True)
class Subject:
    """One round under audit; the model is untouched between two attacks.

    Attributes:
        lm: The language model, with its untouched weights.
        snapshots: The rounds of the run.
        round: The round under audit.
        run_id: Whose round it is.
        config: The run's config, settled.
        materials: The run's texts and questions.
        settings: Of the audits.
        cancelled: Asked between batches and steps.
        controls: What attacks on the untouched model came to.
    """

    lm: LanguageModel
    snapshots: Snapshots
    round: int
    run_id: str
    config: RunConfig
    materials: Materials
    settings: AuditSettings
    cancelled: Callable[[], bool]
    controls: Controls = field(default_factory=Controls)
    _plain: dict[int, Replies] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def probes(self, group: Group) -> tuple[Probe, ...]:
        """The questions asked, at most as many as the settings say.

        Raises:
            InputError: There are no forget questions.
        """
        probes = [probe for probe in self.materials.probes if probe.group == group]
        if not probes and group == "forget":
            raise InputError("The run has no questions about the concept.", "Audit a run that has some.")
        limit = self.settings.limit or len(probes)
        return draw(probes, limit, self.settings.seed, f"audit {group}")

    def all_probes(self) -> tuple[Probe, ...]:
        """Forget questions, then neighbour questions."""
        return (*self.probes("forget"), *self.probes("neighbour"))

    def plain(self, round_: int) -> Generator[Event, None, Replies]:
        """All questions asked plainly of a round, once for all audits."""
        if round_ not in self._plain:
            probes = self.all_probes()
            if round_:
                with self.snapshots.applied(round_):
                    self._plain[round_] = yield from ask(self, probes, "Questions, round")
            else:
                self._plain[0] = yield from self.control(("plain",), probes, "Questions, untouched")
        return self._plain[round_]

    def control(
        self,
        parts: Sequence[str | int | float],
        probes: Sequence[Probe],
        what: str,
        prompts: Sequence[str] | None = None,
        changed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Generator[Event, None, Replies]:
        """Replies of the untouched model, in other words or with weights that `changed` puts in place meanwhile.

        `parts` name the attack with all that its outcome depends on, but for questions and prompts.
        """

        def work() -> Generator[Event, None, Control]:
            with self.snapshots.applied(0), changed():
                return Control((yield from ask(self, probes, what, prompts)))

        found = yield from self.controls.of(self.lm, probes, (*parts, *(prompts or ())), work)
        return found.replies

    def compared(
        self, probes: Sequence[Probe], attacked: Replies, control: Replies | None = None
    ) -> Generator[Event, None, tuple[tuple[Comeback, ...], tuple[AuditAnswer, ...]]]:
        """Hold the replies under an attack against those to plain questions, by group and measure."""
        untouched = yield from self.plain(0)
        unlearned = yield from self.plain(self.round)
        sides = (untouched, unlearned, attacked)
        found = [
            _comeback(measure, group, ids, sides, control)
            for group, ids in _by_group(probes).items()
            for measure in _VALUES
        ]
        answers = []
        for probe in probes:
            one, two, three = (side[probe.id] for side in sides)
            said, chances = (one.text, two.text, three.text), (one.logprob, two.logprob, three.logprob)
            answers.append(AuditAnswer(probe.group, probe.query, probe.answer, *said, *chances))
        return tuple(found), tuple(answers)

    def found(
        self,
        audit: AuditKind,
        attack: str,
        comebacks: tuple[Comeback, ...],
        answers: tuple[AuditAnswer, ...] = (),
        *,
        axis: str = "",
        curve: tuple[AuditPoint, ...] = (),
        note: str = "",
    ) -> AuditFound:
        """The finding, with the seconds since the one before."""
        since, self._since = self._since, time.monotonic()
        return AuditFound(
            self.run_id, self.round, audit, attack, self.settings, comebacks, answers, axis, curve, note,
            self._since - since,
        )  # fmt: skip


def ask(
    subject: Subject, probes: Sequence[Probe], what: str, prompts: Sequence[str] | None = None
) -> Generator[Event, None, Replies]:
    """Ask of the weights as they are now, in the words of the round's own questions unless prompts are given.

    Raises:
        Cancelled: The user ended it.
    """
    lm = subject.lm
    answered = yield from answer_probes(
        lm,
        [probe_prompt(lm, probe) for probe in probes] if prompts is None else prompts,
        [probe.answer for probe in probes],
        max_new_tokens=ANSWER_TOKENS,
        cancelled=subject.cancelled,
        job="audit",
        what=what,
    )
    return {
        probe.id: Reply(reply.text.strip(), rouge_l_recall(reply.text, probe.answer), reply.answer_logprob)
        for probe, reply in zip(probes, answered, strict=True)
    }


def _by_group(probes: Sequence[Probe]) -> dict[Group, list[str]]:
    groups: dict[Group, list[str]] = {}
    for probe in probes:
        groups.setdefault(probe.group, []).append(probe.id)
    return groups


def _comeback(
    measure: Measure, group: Group, ids: Sequence[str], sides: tuple[Replies, Replies, Replies], control: Replies | None
) -> Comeback:
    def values(side: Replies) -> list[float]:
        return [_VALUES[measure](side[name]) for name in ids]

    untouched, unlearned, attacked = map(values, sides)
    return come_back(measure, group, untouched, unlearned, attacked, None if control is None else values(control))
