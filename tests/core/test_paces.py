"""How long a run will take: runs whose pace is known beforehand, and what is said after their first tenth."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.events import Event, RoundScored, RunStarted, StageEnded, StageStarted, StepDone
from atu_gui.core.paces import Paces, Part
from atu_gui.core.progress import RunProgress, planned_stages

QUESTIONS = 80
CPU: dict[Part, float] = {"first align": 0.2, "align": 0.7, "unlearn": 3.0, "probe": 0.5, "between": 3.5}
GPU: dict[Part, float] = {"first align": 0.004, "align": 0.03, "unlearn": 0.02, "probe": 0.1, "between": 0.6}
DEFAULT = [RoundPlan(align_steps=12 if n else 250, unlearn_steps=6, tau=0.3) for n in range(8)]
LONG = [RoundPlan(align_steps=400 if n else 6000, unlearn_steps=400, tau=0.3) for n in range(10)]


def timeline(
    rounds: list[RoundPlan], paces: dict[Part, float], ready: float, *, slow_round: int = 0
) -> Iterator[Event]:
    """The events of a run that takes exactly these paces; one unlearn stage may take twice its time."""
    stages = planned_stages(RunConfig(rounds=rounds))
    half = QUESTIONS // 2
    yield RunStarted("r", "", "m", "e", ("c",), (3,), "default", 0, stages, "", 0.0, 8, 8, half, half)
    step, seconds = 0, ready
    for stage in stages:
        yield StageStarted("r", stage.stage, stage.round, stage.steps, step)
        begun = seconds
        part: Part = "first align" if (stage.stage, stage.round) == ("align", 1) else stage.stage
        for at in range(1, stage.steps + 1):
            held_up = (stage.stage, stage.round) == ("unlearn", slow_round)
            step, seconds = step + 1, seconds + paces[part] * (2 if held_up else 1)
            yield StepDone("r", stage.stage, stage.round, step, at, stage.steps, 0.1, 1e-3, 0, seconds)
        seconds += QUESTIONS * paces["probe"] if stage.stage == "probe" else 0.0
        yield StageEnded("r", stage.stage, stage.round, step, "done", seconds - begun)
        if stage.stage == "probe":
            seconds += paces["between"] if stage.round else 0.0
            yield RoundScored("r", stage.round, step, 0.3, *(None,) * 10, seconds)


def worst(events: list[Event], progress: RunProgress) -> float:
    """The largest error of the whole time, as a share of it, from the first tenth of the run on."""
    total = next(event.seconds for event in reversed(events) if isinstance(event, RoundScored))
    errors = []
    for event in events:
        progress.handle(event)
        if isinstance(event, StepDone | RoundScored) and event.seconds >= 0.1 * total:
            left = progress.run_left()
            assert left is not None, f"nothing is known at {event.seconds:.0f} s of {total:.0f} s"
            errors.append(abs(event.seconds + left - total) / total)
    return max(errors)


@pytest.mark.parametrize(("paces", "rounds"), [(CPU, DEFAULT), (CPU, LONG), (GPU, DEFAULT), (GPU, LONG)])
def test_a_machine_that_has_run_it_before_is_right_from_the_first_tenth_on(
    paces: dict[Part, float], rounds: list[RoundPlan]
) -> None:
    # The machine is half as fast again today, as machines are.
    remembered = {part: 1.5 * seconds for part, seconds in paces.items()}
    events = list(timeline(rounds, paces, ready=5.0))
    assert worst(events, RunProgress(paces=Paces(remembered))) < 0.2


def test_a_first_run_with_typical_costs_is_right_as_soon_as_steps_are_seen() -> None:
    assert worst(list(timeline(DEFAULT, CPU, ready=30.0))[2:], _begun(DEFAULT)) < 0.2


def _begun(rounds: list[RoundPlan]) -> RunProgress:
    progress = RunProgress()
    for event in timeline(rounds, CPU, ready=30.0):
        progress.handle(event)
        if isinstance(event, StepDone) and event.step == 3:
            return progress
    raise AssertionError("a run has steps")


def test_the_median_over_stages_is_the_pace() -> None:
    paces = Paces()
    for seconds in (2.0, 2.2, 4.4):
        paces.measure("unlearn", 9.0)
        paces.measure("unlearn", seconds)
        paces.next_stage()
    assert paces.of("unlearn") == 2.2
    for _ in range(3):
        paces.measure("unlearn", 4.0)
        paces.next_stage()
    assert paces.of("unlearn") == 4.0, "a lasting slow-down is followed"


def test_nothing_is_claimed_before_anything_was_seen() -> None:
    paces = Paces()
    assert [paces.of(part) for part in ("first align", "unlearn", "probe", "between")] == [None] * 4
    paces.measure("unlearn", float("nan"))
    paces.measure("probe", -1.0)
    assert paces.measured == {}
