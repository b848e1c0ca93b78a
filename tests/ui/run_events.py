"""Events of a made-up run of two rounds, for the tests of what draws them."""

from __future__ import annotations

from collections.abc import Iterator

from atu_gui.core.events import (
    AlignScored,
    Event,
    Interval,
    RoundScored,
    RunFinished,
    RunStarted,
    Stage,
    StageEnded,
    StagePlan,
    StageStarted,
    StepDone,
)

RUN = "run-1"
PLAN = (
    StagePlan("probe", 0, 4),
    StagePlan("align", 1, 20),
    StagePlan("unlearn", 1, 10, 0.4),
    StagePlan("probe", 1, 4),
    StagePlan("align", 2, 5),
    StagePlan("unlearn", 2, 10, 0.3),
    StagePlan("probe", 2, 4),
)


def started(plan: tuple[StagePlan, ...] = PLAN) -> RunStarted:
    return RunStarted(RUN, "Test", "m", "e", ("c",), (3,), "default", 0, plan, "out", 0.0, 8, 8, 4, 4)


def step(number: int, stage: Stage, round_: int, tau: float | None = None, similarity: float = 0.5) -> StepDone:
    return StepDone(
        RUN,
        stage,
        round_,
        number,
        1,
        10,
        0.1,
        1e-3,
        0,
        seconds=0.5 * number,
        tau=tau,
        similarity_mean=similarity,
        similarity_p95=similarity + 0.1,
        align_cosine=0.6 if stage == "align" else None,
    )


def scored(round_: int, at: int, forget: float = 0.2, neighbour: float = 0.5, loss: float = 2.0) -> RoundScored:
    return RoundScored(
        RUN,
        round_,
        at,
        None,
        Interval(forget, forget - 0.05, forget + 0.08, 20),
        None,
        Interval(neighbour, neighbour - 0.1, neighbour + 0.1, 20),
        None,
        Interval(loss, loss - 0.02, loss + 0.03, 12),
        None,
        0.6,
        0.3,
        0.4,
        0.1,
        0.5 * at,
    )


def first_round(unlearn_steps: int = 10) -> Iterator[Event]:
    """Up to the given unlearn step of round 1."""
    yield started()
    yield StageStarted(RUN, "probe", 0, 4, 0)
    yield scored(0, 0)
    yield StageEnded(RUN, "probe", 0, 0, "done", 1.0)
    yield StageStarted(RUN, "align", 1, 20, 0)
    for number in range(1, 21):
        yield step(number, "align", 1, similarity=0.5 + 0.001 * number)
    yield AlignScored(RUN, 1, 20, 0.66, 0.5, 0.6, 0.1, 0.2)
    yield StageEnded(RUN, "align", 1, 20, "done", 1.0)
    yield StageStarted(RUN, "unlearn", 1, 10, 20, 0.4)
    for number in range(21, 21 + unlearn_steps):
        yield step(number, "unlearn", 1, 0.4)


def whole_run() -> Iterator[Event]:
    """Round 1 scored, then the run is over."""
    yield from first_round()
    yield StageEnded(RUN, "unlearn", 1, 30, "done", 1.0)
    yield scored(1, 30, forget=0.1, loss=2.1)
    yield RunFinished(RUN, "stopped by you", 1, 1, 15.0, "out")
