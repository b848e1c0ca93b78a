"""Events of a small run."""

from __future__ import annotations

from atu_gui.core.config import RunConfig, parse_config
from atu_gui.core.events import (
    Event,
    Interval,
    RoundScored,
    RunFinished,
    RunStarted,
    StagePlan,
    StageStarted,
    StepDone,
)

RUN = "3f2a"


def config() -> RunConfig:
    return parse_config({"concepts": [{"name": "Ada Lovelace"}], "layers": [10], "seed": 7})


def started(run_id: str = RUN) -> RunStarted:
    return RunStarted(
        run_id=run_id,
        title="Ada Lovelace",
        model="tiny",
        encoder="small",
        concepts=("Ada Lovelace",),
        layers=(10,),
        recipe="default",
        seed=7,
        stages=(StagePlan("probe", 0, 1), StagePlan("align", 1, 2), StagePlan("unlearn", 1, 2, 0.35)),
        folder="somewhere",
        started=1.0,
        concept_passages=8,
        retain_passages=9,
        forget_probes=20,
        neighbour_probes=0,
    )


def step(number: int, run_id: str = RUN) -> StepDone:
    return StepDone(run_id, "unlearn", 1, number, number, 2, 0.25, 5e-5, 0, 0.5 * number, tau=0.35)


def scored(round_: int, seconds: float, run_id: str = RUN) -> RoundScored:
    return RoundScored(
        run_id=run_id,
        round=round_,
        step=2 * round_,
        tau=0.35 if round_ else None,
        forget_recall=Interval(0.5 / (round_ + 1), 0.1, 0.7, 20),
        forget_logprob=Interval(-2.0, -2.5, -1.5, 20),
        neighbour_recall=None,
        neighbour_logprob=None,
        token_loss=Interval(2.2, 2.1, 2.3, 40),
        fluency_entropy=Interval(5.0, 4.9, 5.1, 10),
        align_cosine=0.6 if round_ else None,
        similarity_mean=0.3,
        similarity_p95=0.45,
        active_fraction=0.02 if round_ else None,
        seconds=seconds,
    )


def finished(because: str = "all rounds done", run_id: str = RUN) -> RunFinished:
    return RunFinished(run_id, because, 1, 1, 12.0, "somewhere")


def whole_run(run_id: str = RUN) -> list[Event]:
    return [
        started(run_id),
        scored(0, 4.0, run_id),
        StageStarted(run_id, "unlearn", 1, 2, 0, 0.35),
        step(1, run_id),
        step(2, run_id),
        scored(1, 10.0, run_id),
        finished(run_id=run_id),
    ]
