"""When a run ends before its last round, in words that say what was seen."""

from __future__ import annotations

from atu_gui.core.config import GuardConfig
from atu_gui.core.events import Interval, RoundScored


def broken_guard(guards: GuardConfig, untouched: RoundScored, now: RoundScored) -> str | None:
    """The floor or limit that a round broke, as a sentence; None where the round is good.

    Only means are compared: on a few dozen questions an interval would excuse almost any loss.
    """
    checks = (
        ("Neighbour recall", guards.neighbour_floor, untouched.neighbour_recall, now.neighbour_recall, 2),
        ("Fluency entropy", guards.fluency_floor, untouched.fluency_entropy, now.fluency_entropy, 2),
    )
    for name, floor, before, after, digits in checks:
        if floor is None or before is None or after is None:
            continue
        least = floor * before.mean
        if after.mean < least:
            return f"{name} fell to {_words(after, digits)}; the floor is {least:.{digits}f}."
    if guards.utility_limit is not None and untouched.token_loss and now.token_loss:
        most = guards.utility_limit * untouched.token_loss.mean
        if now.token_loss.mean > most:
            return f"Neutral token loss rose to {_words(now.token_loss, 2)}; the limit is {most:.2f}."
    return None


def reached_goal(guards: GuardConfig, untouched: RoundScored, now: RoundScored) -> str | None:
    """The forget goal as a sentence where a round has reached it.

    Where the untouched model answered nothing right there is nothing to reach, and the run goes through all its rounds.
    """
    before, after = untouched.forget_recall, now.forget_recall
    if guards.forget_goal is None or before is None or after is None or before.mean <= 0:
        return None
    goal = guards.forget_goal * before.mean
    if after.mean <= goal:
        return f"Forget recall fell to {_words(after, 3)}; the goal was {goal:.3f}."
    return None


def _words(score: Interval, digits: int) -> str:
    return f"{score.mean:.{digits}f} ({score.low:.{digits}f}–{score.high:.{digits}f}, n = {score.n})"
