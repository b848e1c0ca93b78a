"""What became of a target, in one word, with the evidence. The thresholds stand here and nowhere else.

Judged on test questions, which nothing was chosen by. “Erased” is said only where audits tried to bring the knowledge
back and little came: a low score alone shows that the model does not say it, not that it does not know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from atu_gui.core import text
from atu_gui.core.audits import AUDITS, AuditKind
from atu_gui.core.collapse import RULE as COLLAPSE_RULE
from atu_gui.core.comeback import share_words
from atu_gui.core.events import Interval
from atu_gui.core.paired import Difference

Kind = Literal["erased", "suppressed", "collapsed", "not forgotten", "neighbours lost"]

# Forgotten: recall at most this share of the untouched model's, and the paired difference is clear.
FORGOTTEN_SHARE = 0.5
# Where the untouched model answers next to nothing right, log-probabilities judge: a clear fall of so many nats.
LOGPROB_FALL = 0.5
# Neighbours lost: recall under this share of the untouched model's, and the paired difference is clear.
NEIGHBOUR_SHARE = 0.9
# Erased: of what was lost, no audit brought back more than this share, upper ends of intervals included; both of these
# must have been run.
COMEBACK_SHARE = 0.2
NEEDED_AUDITS: tuple[AuditKind, ...] = ("relearn", "quantize")


def _named(kinds: Sequence[AuditKind]) -> str:
    return " and ".join(AUDITS[kind].title.lower() for kind in kinds)


RULES: dict[Kind, str] = {
    "erased": f"Forgotten, neighbours hold, and {_named(NEEDED_AUDITS)} each, like all other "
    f"audits, surely bring back at most {text.percent(COMEBACK_SHARE)} of what was lost: so the intervals end there.",
    "suppressed": "Forgotten and neighbours hold, but audits bring it back, or were not run: the model does not say "
    "it any more; whether it still knows it is not shown.",
    "collapsed": COLLAPSE_RULE,
    "not forgotten": f"Recall on test questions is over {text.percent(FORGOTTEN_SHARE)} of the untouched model's, or "
    "the paired difference is unclear. Where the untouched model answers next to nothing right, the gold answers' "
    f"log-probability has not clearly fallen by {text.number(LOGPROB_FALL, 1)} nats.",
    "neighbours lost": f"Neighbour recall on test questions is under {text.percent(NEIGHBOUR_SHARE)} of the untouched "
    "model's, and the paired difference is clear.",
}


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """What an audit brought back.

    Attributes:
        share: Of what had been lost, 0 nothing, 1 all of it; None is unclear.
        attack: The attack that brought most back, and by which measure.
        weak: Whether it was weaker than by default, so that little that came back shows little.
        most: The highest upper end of all its attacks' intervals; 0 leaves that of `share`.
    """

    audit: AuditKind
    share: Interval | None
    attack: str = ""
    weak: bool = False
    most: float = 0.0

    @property
    def little(self) -> bool:
        """Whether it surely brought back next to nothing, or nothing that is known."""
        return self.share is None or max(self.share.high, self.most) <= COMEBACK_SHARE

    @property
    def words(self) -> str:
        """A sentence."""
        weak = "; it was weaker than by default" if self.weak else ""
        if self.share is None:
            return f"{AUDITS[self.audit].title}: what comes back is unclear{weak}."
        how = "; ".join(part for part in (self.attack, f"all questions, n = {text.count(self.share.n)}") if part)
        brings = "bring" if self.audit == "prompts" else "brings"
        return f"{AUDITS[self.audit].title} {brings} back {share_words(self.share)} of what was lost ({how}){weak}."


@dataclass(frozen=True, slots=True)
class Measured:
    """A group of questions before and after: both means, and paired differences of recall and log-probability."""

    before: Interval | None = None
    after: Interval | None = None
    recall: Difference | None = None
    logprob: Difference | None = None

    @property
    def by_recall(self) -> bool:
        """Whether the untouched model answered enough right for recall to judge."""
        return self.before is not None and self.before.low > 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word, and what it rests on, a sentence each."""

    kind: Kind
    evidence: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The thresholds behind the word."""
        return RULES[self.kind]


def decide(
    forget: Measured, neighbour: Measured, collapsed: str = "", audits: Sequence[BroughtBack] = ()
) -> Verdict | None:
    """Judge a target; None where there are no forget questions. `collapsed` is what the collapse guard saw, if it did.

    Collapse goes before all, because every other figure is then void; what was not forgotten goes before neighbours.
    """
    if forget.before is None or forget.after is None:
        return None
    evidence = [*_said("Forget", forget), *_said("Neighbour", neighbour)]
    if collapsed:
        return Verdict("collapsed", (collapsed, *evidence))
    if not _has_gone(forget):
        return Verdict("not forgotten", tuple(evidence))
    if _is_lost(neighbour):
        return Verdict("neighbours lost", tuple(evidence))
    evidence += [one.words for one in audits]
    telling = {one.audit for one in audits if one.share is not None and not one.weak}
    missing = [kind for kind in NEEDED_AUDITS if kind not in telling]
    if missing:
        evidence.append(f"Not audited by {_named(missing)} in full, so “suppressed” is the most that can be said.")
    lasting = not missing and all(one.little for one in audits)
    return Verdict("erased" if lasting else "suppressed", tuple(evidence))


def _has_gone(forget: Measured) -> bool:
    if forget.by_recall:
        assert forget.before is not None and forget.after is not None
        fell = forget.recall is not None and forget.recall.high < 0
        return fell and forget.after.mean <= FORGOTTEN_SHARE * forget.before.mean
    return _has_fallen(forget.logprob)


def _is_lost(neighbour: Measured) -> bool:
    if neighbour.by_recall and neighbour.before is not None and neighbour.after is not None:
        fell = neighbour.recall is not None and neighbour.recall.high < 0
        return fell and neighbour.after.mean < NEIGHBOUR_SHARE * neighbour.before.mean
    return _has_fallen(neighbour.logprob)


def _has_fallen(logprob: Difference | None) -> bool:
    return logprob is not None and logprob.high < 0 and logprob.mean <= -LOGPROB_FALL


def _said(name: str, group: Measured) -> list[str]:
    if group.before is None or group.after is None:
        return [f"{name} questions: none were asked."]
    lines = [f"{name} recall on test questions: {text.scored(group.before)} before, {text.scored(group.after)} now."]
    if group.recall is not None:
        lines.append(f"Paired difference {_span(group.recall)}.")
    if group.logprob is not None:
        judge = "" if group.by_recall else ", which judges here, as the untouched model answers hardly any right"
        lines.append(f"{name} log-probability, paired, nats: {_span(group.logprob)}{judge}.")
    if group.after.n < text.FEW:
        lines.append(text.few(group.after.n))
    return lines


def _span(found: Difference) -> str:
    amount = ("+" if found.mean >= 0 else "") + text.number(found.mean)
    unclear = ", unclear" if found.unclear else ""
    return f"{amount} ({text.number(found.low)} to {text.number(found.high)}){unclear}"
