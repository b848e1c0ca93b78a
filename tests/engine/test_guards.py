"""Goals and guards: what ends a run, and the sentence that says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core.events import Interval, RoundScored
from atu_gui.core.guarding import GuardConfig
from atu_gui.engine.guards import best_round, broken_guard, cautions, reached_goal

GUARDS = GuardConfig(forget_goal=0.2, neighbour_floor=0.9, utility_limit=1.05, fluency_floor=0.8)


def scored(forget: float = 0.2, neighbour: float = 0.5, loss: float = 2.0, entropy: float = 5.0) -> RoundScored:
    def score(mean: float) -> Interval:
        return Interval(mean, mean - 0.1, mean + 0.1, 30)

    return RoundScored(
        "r",
        1,
        1,
        0.2,
        score(forget),
        None,
        score(neighbour),
        None,
        score(loss),
        score(entropy),
        0.5,
        0.2,
        0.3,
        0.1,
        9.0,
    )


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (scored(neighbour=0.34), "Neighbour recall fell to 0.34 (0.24–0.44, n = 30); the floor is 0.45."),
        (scored(loss=2.2), "Neutral token loss rose to 2.20 (2.10–2.30, n = 30); the limit is 2.10."),
        (scored(entropy=3.9), "Fluency entropy fell to 3.90 (3.80–4.00, n = 30); the floor is 4.00."),
    ],
)
def test_each_guard_says_what_it_saw(now: RoundScored, words: str) -> None:
    verdict = broken_guard(GUARDS, scored(), now)
    assert verdict is not None and verdict.rejected
    assert verdict.words == words
    off = GuardConfig(neighbour_floor=None, utility_limit=None, fluency_floor=None)
    assert broken_guard(off, scored(), now) is None


def test_a_good_round_breaks_nothing() -> None:
    assert broken_guard(GUARDS, scored(), scored(forget=0.0, neighbour=0.46, loss=2.05, entropy=4.5)) is None
    assert broken_guard(GUARDS, scored(), scored(neighbour=0.40)) is None, "the interval reaches over the floor"
    assert broken_guard(GUARDS, scored(neighbour=0.05), scored(neighbour=-0.2)) is None, "nothing there to lose"


def test_the_goal_is_a_share_of_what_there_was() -> None:
    assert reached_goal(GUARDS, scored(), scored(forget=0.05)) is None
    verdict = reached_goal(GUARDS, scored(), scored(forget=0.04))
    assert verdict is not None and not verdict.rejected
    assert verdict.words == "Forget recall fell to 0.040 (-0.060–0.140, n = 30); the goal was 0.040."
    assert reached_goal(GUARDS, scored(), scored(forget=0.04, neighbour=0.44)) is None, "neighbours under their floor"
    assert reached_goal(GUARDS, scored(neighbour=0.05), scored(forget=0.04, neighbour=0.0)), "no neighbours to lose"
    assert reached_goal(GuardConfig(forget_goal=None), scored(), scored(forget=0.0)) is None


def test_nothing_known_is_nothing_reached() -> None:
    assert reached_goal(GUARDS, scored(forget=0.0), scored(forget=0.0)) is None


def test_round_0_warns_where_recall_says_little() -> None:
    assert cautions(scored()) == []
    (words,) = cautions(scored(forget=0.05))
    assert "about the concept" in words
    assert "read the log-probabilities" in words


def test_the_round_to_keep_forgets_most_where_neighbours_hold() -> None:
    def numbered(*scores: RoundScored) -> list[RoundScored]:
        return [replace(score, round=number) for number, score in enumerate(scores, 1)]

    forgetting = numbered(scored(forget=0.1), scored(forget=0.06), scored(forget=0.02, neighbour=0.40), scored())
    assert best_round(GUARDS, scored(), forgetting) == 2
    assert best_round(GUARDS, scored(), numbered(scored(forget=0.06), scored(forget=0.06))) == 2, "the deeper of equals"
    lossy = numbered(scored(forget=0.1, neighbour=0.3), scored(forget=0.02, neighbour=0.35), scored(neighbour=0.1))
    assert best_round(GUARDS, scored(), lossy) == 2
    assert best_round(GUARDS, scored(forget=0.05), forgetting) == 4, "recall says nothing where little was known"
    unknown = scored(neighbour=0.05)
    assert best_round(GUARDS, unknown, forgetting) == 3, "neighbours of whom nothing was known cannot be lost"
    assert best_round(GUARDS, scored(), []) == 0
