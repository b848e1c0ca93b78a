"""The word for what became of a target."""

from __future__ import annotations

import dataclasses

import pytest

from atu_gui.core.audits import AuditKind
from atu_gui.core.collapse import collapse
from atu_gui.core.events import Interval, RoundScored, Speech
from atu_gui.core.paired import Difference
from atu_gui.core.verdict import RULES, BroughtBack, Measured, decide


def group(before: float, after: float, *, clear: bool = True, nats: float = -2.0, known: bool = True) -> Measured:
    change, width = after - before, 0.01 if clear else 1.0
    return Measured(
        Interval(before, before / 2 if known else 0.0, 2 * before, 40),
        Interval(after, after / 2, 2 * after, 40),
        Difference(change, change - width, change + width, 40),
        Difference(nats, nats - 0.1, nats + 0.1, 40),
    )


GONE, HELD = group(0.4, 0.05), group(0.5, 0.5, nats=-0.1)


def back(audit: AuditKind, share: float | None, *, weak: bool = False) -> BroughtBack:
    found = None if share is None else Interval(share, share - 0.05, share + 0.05, 40)
    return BroughtBack(audit, found, "as usual", weak)


AUDITS = (back("relearn", 0.1), back("quantize", 0.0))


@pytest.mark.parametrize(
    ("forget", "neighbour", "collapsed", "audits", "kind"),
    [
        (GONE, HELD, "", (), "suppressed"),
        (GONE, HELD, "", AUDITS[:1], "suppressed"),
        (GONE, HELD, "", AUDITS, "erased"),
        (GONE, HELD, "", (*AUDITS, back("prompts", 0.6)), "suppressed"),
        (GONE, HELD, "", (*AUDITS, back("prompts", None)), "erased"),
        (GONE, HELD, "", (AUDITS[0], back("quantize", None)), "suppressed"),
        (GONE, HELD, "", (AUDITS[0], back("quantize", 0.0, weak=True)), "suppressed"),
        (GONE, HELD, "It stammers.", AUDITS, "collapsed"),
        (GONE, group(0.5, 0.2), "", AUDITS, "neighbours lost"),
        (GONE, group(0.5, 0.2, clear=False), "", AUDITS, "erased"),
        (group(0.4, 0.3), HELD, "", AUDITS, "not forgotten"),
        (group(0.4, 0.05, clear=False), HELD, "", AUDITS, "not forgotten"),
        (group(0.02, 0.02, known=False), HELD, "", (), "suppressed"),
        (group(0.02, 0.0, known=False, nats=-0.3), HELD, "", (), "not forgotten"),
        (GONE, Measured(), "", (), "suppressed"),
    ],
)
def test_each_word_has_its_threshold(
    forget: Measured, neighbour: Measured, collapsed: str, audits: tuple[BroughtBack, ...], kind: str
) -> None:
    verdict = decide(forget, neighbour, collapsed, audits)
    assert verdict is not None and verdict.kind == kind
    assert verdict.rule == RULES[verdict.kind]
    assert verdict.evidence


def test_without_audits_it_says_so_and_few_questions_are_a_hint() -> None:
    few = dataclasses.replace(GONE, after=Interval(0.05, 0.0, 0.1, 18))
    verdict = decide(few, HELD)
    assert verdict is not None
    assert "Not audited by relearning and quantisation" in verdict.evidence[-1]
    assert any("Only 18 items" in words for words in verdict.evidence)
    assert decide(Measured(), HELD) is None


def test_what_audits_brought_back_is_evidence() -> None:
    verdict = decide(GONE, HELD, "", (back("relearn", 0.6), back("quantize", None, weak=True)))
    assert verdict is not None
    assert (
        "Relearning brings back 60 % (55 to 65 %) of what was lost (as usual; all questions, n = 40)."
        in verdict.evidence
    )
    assert any("Quantisation: what comes back is unclear" in words and "weaker" in words for words in verdict.evidence)
    assert "Not audited by quantisation in full" in verdict.evidence[-1]
    assert back("prompts", 0.1).words.startswith("Prompts bring back 10 %")


def _round(entropy: float = 5.0, loss: float = 3.0, **speech: float) -> RoundScored:
    said = Speech(**{"distinct": 0.9, "empty": 0.0, "identical": 0.1, "n": 40, **speech})  # type: ignore[arg-type]
    score = [Interval(value, value, value, 10) for value in (loss, entropy)]
    return RoundScored("r", 1, 1, None, *(None,) * 4, *score, *(None,) * 4, 1.0, speech=said)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (_round(entropy=2.9), "fluency entropy fell from 5.00 to 2.90"),
        (_round(loss=3.8), "perplexity on neutral text rose from 20.1 to 44.7"),
        (_round(loss=float("nan")), "perplexity"),
        (_round(distinct=0.3), "answers repeat themselves"),
        (_round(empty=0.4), "40 % of answers are empty"),
        (_round(identical=0.6), "60 % of answers are one and the same"),
    ],
)
def test_lost_language_is_seen(now: RoundScored, words: str) -> None:
    assert words in collapse(_round(), now)


def test_language_that_holds_is_no_collapse() -> None:
    assert collapse(_round(), _round(entropy=4.0, loss=3.3, distinct=0.7, empty=0.2, identical=0.3)) == ""
    assert collapse(_round(), _round(identical=1.0, n=4)) == "", "a few answers say nothing"
