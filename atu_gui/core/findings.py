"""What findings of audits come to: the newest of each, and the most that each audit brought back."""

from __future__ import annotations

from collections.abc import Iterable

from atu_gui.core.audits import AUDITS
from atu_gui.core.events import AuditFound
from atu_gui.core.verdict import BroughtBack


def newest(found: Iterable[AuditFound]) -> tuple[AuditFound, ...]:
    """Without those that a later audit of the same round replaced, be it with other settings."""
    said = tuple(found)
    settings = {(one.round, one.audit): one.settings for one in said}
    kept = {(one.round, one.audit, one.attack): one for one in said if one.settings == settings[one.round, one.audit]}
    return tuple(kept.values())


def brought_back(found: Iterable[AuditFound], round_: int) -> tuple[BroughtBack, ...]:
    """For every audit of a round the attack that brought most back, by whichever measure shows most of it.

    What a linear probe reads at a layer is no share of answers that were lost: it tells texts about the concept from
    others of a model that never knew it, too.
    """
    of_round = [one for one in newest(found) if one.round == round_]
    made = []
    for kind in AUDITS:
        measured = [
            (comeback, one)
            for one in of_round
            for comeback in one.comebacks
            if one.audit == kind and comeback.group == "forget" and comeback.measure != "AUC"
        ]
        if not measured:
            continue
        weak = any(one.settings.weaker for _, one in measured)
        sure = [(comeback.share, comeback.measure, one.attack) for comeback, one in measured if comeback.share]
        if sure:
            share, measure, attack = max(sure, key=lambda each: each[0].mean)
            made.append(BroughtBack(kind, share, f"{attack}; {measure}", weak, max(each[0].high for each in sure)))
        else:
            made.append(BroughtBack(kind, None, weak=weak))
    return tuple(made)
