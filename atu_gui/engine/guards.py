"""When a run ends before its last round, in words that say what was seen."""

from __future__ import annotations

from atu_gui.core.config import GuardConfig
from atu_gui.core.events import Interval, RoundScored


def broken_guard(guards: GuardConfig, untouched: RoundScored, now: RoundScored) -> str | None:
    """The floor or limit that a round broke, as a sentence; None where the round is good.

    Neighbour recall rests on a few dozen answers, so it counts as broken only where its whole interval lies under the
    floor, and is not judged where the untouched model's own interval reaches down to 0. Fluency and token loss are
    steadier: there the means are compared.
    """
    neighbour = (untouched.neighbour_recall, now.neighbour_recall)
    if guards.neighbour_floor is not None and neighbour[0] and neighbour[1] and neighbour[0].low > 0:
        least = guards.neighbour_floor * neighbour[0].mean
        if neighbour[1].high < least:
            return f"Neighbour recall fell to {_words(neighbour[1], 2)}; the floor is {least:.2f}."
    fluency = (untouched.fluency_entropy, now.fluency_entropy)
    if guards.fluency_floor is not None and fluency[0] and fluency[1]:
        least = guards.fluency_floor * fluency[0].mean
        if fluency[1].mean < least:
            return f"Fluency entropy fell to {_words(fluency[1], 2)}; the floor is {least:.2f}."
    if guards.utility_limit is not None and untouched.token_loss and now.token_loss:
        most = guards.utility_limit * untouched.token_loss.mean
        if now.token_loss.mean > most:
            return f"Neutral token loss rose to {_words(now.token_loss, 2)}; the limit is {most:.2f}."
    return None


def cautions(untouched: RoundScored) -> list[str]:
    """What round 0 says about how far the later recalls can be trusted."""
    words = []
    for name, score in (("concept", untouched.forget_recall), ("neighbours", untouched.neighbour_recall)):
        if score is not None and score.low <= 0:
            words.append(
                f"The untouched model answers hardly any question about the {name} right "
                f"({_words(score, 3)}): read the log-probabilities, not the recall."
            )
    return words


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
