"""When a run ends or pauses before its last round, in words that say what was seen.

All recalls here are those of the dev questions: what steers a run must not judge it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atu_gui.core.events import Interval, RoundScored
from atu_gui.core.guarding import GuardConfig


@dataclass(frozen=True, slots=True)
class Verdict:
    """The guard that tripped, what it saw as a sentence, and whether the round is rejected for it."""

    guard: str
    words: str
    rejected: bool = False

    @property
    def who(self) -> str:
        """What a run that pauses for it was paused by."""
        return "a loss that is not finite" if self.guard == "not finite" else f"the {self.guard}"


def broken_guard(guards: GuardConfig, untouched: RoundScored, now: RoundScored) -> Verdict | None:
    """The floor or limit that a round broke; None where the round is good.

    Neighbour recall rests on a few dozen answers, so it counts as broken only where its whole interval lies under the
    floor, and is not judged where the untouched model's own interval reaches down to 0. Fluency and token loss are
    steadier: there the means are compared. A model that has lost its language is bad whatever the settings.
    """
    least = _neighbour_floor(guards, untouched)
    recall = now.recall("neighbour", "dev")
    if least is not None and recall and recall.high < least:
        words = f"Neighbour recall{_side(now)} fell to {_words(recall, 2)}; the floor is {least:.2f}."
        return Verdict("neighbour floor", words, rejected=True)
    fluency = (untouched.fluency_entropy, now.fluency_entropy)
    if guards.fluency_floor is not None and fluency[0] and fluency[1]:
        least = guards.fluency_floor * fluency[0].mean
        if fluency[1].mean < least:
            words = f"Fluency entropy fell to {_words(fluency[1], 2)}; the floor is {least:.2f}."
            return Verdict("fluency floor", words, rejected=True)
    if guards.utility_limit is not None and untouched.token_loss and now.token_loss:
        most = guards.utility_limit * untouched.token_loss.mean
        if now.token_loss.mean > most:
            words = f"Neutral token loss rose to {_words(now.token_loss, 2)}; the limit is {most:.2f}."
            return Verdict("utility limit", words, rejected=True)
    if now.collapse:
        return Verdict("collapse", f"{now.collapse} Its forget scores are void.", rejected=True)
    return None


def cautions(untouched: RoundScored) -> list[str]:
    """What round 0 says about how far the later recalls can be trusted."""
    words = []
    for name, score in (
        ("concept", untouched.recall("forget", "dev")),
        ("neighbours", untouched.recall("neighbour", "dev")),
    ):
        if score is not None and score.low <= 0:
            words.append(
                f"The untouched model answers hardly any question about the {name} right "
                f"({_words(score, 3)}): read the log-probabilities, not the recall."
            )
    return words


def reached_goal(guards: GuardConfig, untouched: RoundScored, now: RoundScored) -> Verdict | None:
    """The forget goal where a round has reached it.

    Where the untouched model answered nothing right there is nothing to reach, and the run goes through all its rounds.
    Nor is the goal reached while the neighbours' mean is under their floor: later rounds often bring them back, because
    the retain term goes on, and forgetting that takes neighbours along is not what was asked for.
    """
    before, after = untouched.recall("forget", "dev"), now.recall("forget", "dev")
    if guards.forget_goal is None or before is None or after is None or before.mean <= 0:
        return None
    least = _neighbour_floor(guards, untouched)
    near = now.recall("neighbour", "dev")
    if least is not None and near and near.mean < least:
        return None
    goal = guards.forget_goal * before.mean
    if after.mean <= goal:
        return Verdict("forget goal", f"Forget recall{_side(now)} fell to {_words(after, 3)}; the goal was {goal:.3f}.")
    return None


def too_inactive(limit: float, share: float, tau: float) -> Verdict:
    """So few positions lie above τ that another step would change next to nothing."""
    return Verdict(
        "active share",
        f"Only {100 * share:.1f} % of positions lie above τ {tau:.2f}; the limit is {100 * limit:.1f} %.",
    )


def not_finite(loss: float, round_: int, step: int) -> Verdict:
    """A step that was not taken because its loss or gradient is no number."""
    return Verdict("not finite", f"The loss is {loss} in unlearn, round {round_}, step {step}; no weight was changed.")


def best_round(guards: GuardConfig, untouched: RoundScored, good: Sequence[RoundScored]) -> int:
    """The round to keep when all rounds are done and the goal was not reached.

    The one with the least forget recall among those whose neighbours' mean is over the floor (among all, where there is
    no floor or the untouched model knew too little of the neighbours to judge them); where there is none, the one that
    forgot most more than its neighbours lost. The last one where the untouched model knew too little of the concept for
    recall to tell rounds apart.
    """
    forget, least = untouched.recall("forget", "dev"), _neighbour_floor(guards, untouched)
    scored = [(one.round, one.recall("forget", "dev"), one.recall("neighbour", "dev")) for one in good]
    known = [(number, f.mean, n.mean if n else 0.0) for number, f, n in scored if f is not None]
    if forget is None or forget.low <= 0 or len(known) < len(good) or not known:
        return good[-1].round if good else 0
    kept = [(f, -number) for number, f, n in known if least is None or n >= least]
    if kept:
        return -min(kept)[1]
    near = untouched.recall("neighbour", "dev")
    assert near is not None
    return max((n / near.mean - f / forget.mean, number) for number, f, n in known)[1]


def _neighbour_floor(guards: GuardConfig, untouched: RoundScored) -> float | None:
    """The least neighbour recall; None where it is off or the untouched model's own interval reaches down to 0."""
    before = untouched.recall("neighbour", "dev")
    if guards.neighbour_floor is None or before is None or before.low <= 0:
        return None
    return guards.neighbour_floor * before.mean


def _side(scored: RoundScored) -> str:
    """Says that only part of the questions was looked at, where that is so."""
    return " on dev questions" if scored.forget_dev or scored.neighbour_dev else ""


def _words(score: Interval, digits: int) -> str:
    return f"{score.mean:.{digits}f} ({score.low:.{digits}f}–{score.high:.{digits}f}, n = {score.n})"
