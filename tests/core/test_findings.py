"""From findings of audits to what they brought back."""

from __future__ import annotations

import dataclasses

from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.events import AuditFound, Comeback, Interval, Measure
from atu_gui.core.findings import brought_back, newest


def found(
    audit: AuditKind, attack: str, share: float | None, *, round_: int = 3, measure: Measure = "answer log-prob"
) -> AuditFound:
    def of(value: float) -> Interval:
        return Interval(value, value - 0.1, value + 0.1, 40)

    back = Comeback(measure, "forget", of(-2.0), of(-5.0), of(-4.0), None, None if share is None else of(share))
    near = dataclasses.replace(back, group="neighbour", share=of(0.9))
    return AuditFound("aaaa", round_, audit, attack, AuditSettings(), (back, near))


def test_the_worst_attack_of_each_audit_counts_and_only_about_the_round_and_the_concept() -> None:
    said = (
        found("relearn", "unrelated texts", 0.02),
        found("relearn", "half of the facts", 0.4),
        found("quantize", "4 bits", 0.1, round_=2),
        found("quantize", "8 bits", None),
        found("probe", "layer 10", 1.0, measure="AUC"),
    )
    quantised, relearnt = brought_back(said, 3)
    assert (relearnt.audit, relearnt.attack) == ("relearn", "half of the facts; answer log-prob")
    assert relearnt.share is not None and relearnt.share.mean == 0.4 and not relearnt.little
    assert (quantised.audit, quantised.share, quantised.little) == ("quantize", None, True)
    assert brought_back(said, 1) == ()


def test_a_later_audit_replaces_an_earlier_one_whatever_its_attacks_were() -> None:
    old = found("lens", "layer 2", 0.5)
    other = dataclasses.replace(found("lens", "layer 3", 0.1), settings=AuditSettings(limit=5))
    assert newest((old, found("ablate", "layer 1", 0.2), other)) == (found("ablate", "layer 1", 0.2), other)
    assert [one.weak for one in brought_back((old, other), 3)] == [True]


def test_settings_below_the_usual_are_weaker() -> None:
    assert not AuditSettings().weaker and not AuditSettings(steps=50, seed=3).weaker
    assert AuditSettings(steps=5).weaker and AuditSettings(limit=10).weaker


def test_an_attack_that_may_have_brought_much_back_is_not_little() -> None:
    wide = found("relearn", "half of the facts", 0.0)
    share = Interval(0.0, -0.5, 0.6, 18)
    wide = dataclasses.replace(wide, comebacks=(dataclasses.replace(wide.comebacks[0], share=share),))
    (back,) = brought_back((found("relearn", "unrelated texts", 0.05), wide), 3)
    assert back.attack.startswith("unrelated texts") and not back.little
    (sure,) = brought_back((found("relearn", "unrelated texts", 0.05),), 3)
    assert sure.little
