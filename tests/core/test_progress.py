from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core import text
from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.events import (
    LIMITS,
    ControlApplied,
    Event,
    Progress,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    StageEnded,
    StageStarted,
    StepDone,
)
from atu_gui.core.progress import RunProgress, limits_of, planned_stages
from atu_gui.core.schedule import settle
from tests.ui.fake_run import PLANNED, Script


def _events() -> list[Event]:
    return list(Script(settle(PLANNED), RunControl(), None, 0.0).events())


def _until(kind: type[Event], stage: str, number: int, step: int = 0) -> RunProgress:
    progress = RunProgress()
    for event in _events():
        progress.handle(event)
        if not isinstance(event, kind) or (event.stage, event.round) != (stage, number):
            continue
        if not isinstance(event, StepDone) or event.stage_step == step:
            return progress
    raise AssertionError("the script has no such event")


def test_words_and_time_left_within_a_stage() -> None:
    progress = _until(StepDone, "unlearn", 2, 6)
    assert progress.words() == ("Round 2 of 3", "Unlearn · step 6 of 12")
    assert progress.stage_left() == pytest.approx(6 * 0.4)
    # The rest: half of this stage, 6 + 12 steps of the last round, and two probes of a second each.
    assert progress.run_left() == pytest.approx(0.4 * (6 + 6 + 12) + 2.0)
    assert progress.steps_per_second == pytest.approx(2.5)


def test_what_was_not_seen_yet_is_guessed_from_what_was() -> None:
    progress = _until(StepDone, "align", 1, 100)
    assert progress.stage_left() == pytest.approx(150 * 0.4)
    assert progress.run_left() is not None
    assert _until(StageStarted, "align", 1).run_left() is None


def test_a_stage_of_one_step_tells_its_pace_when_it_ends() -> None:
    plans = [RoundPlan(align_steps=4, unlearn_steps=1, tau=0.3)] * 2
    progress, said = RunProgress(), None
    for event in Script(settle(RunConfig(schedule="custom", rounds=plans)), RunControl(), None, 0.0).events():
        progress.handle(event)
        if isinstance(event, StageEnded) and (event.stage, event.round) == ("unlearn", 1):
            said = progress.paces.measured.get("unlearn")
    assert said == pytest.approx(0.4), "not guessed from the align steps"


def test_the_title_says_round_and_time_left() -> None:
    assert RunProgress().title() == ""
    progress = _until(StepDone, "unlearn", 2, 6)
    assert progress.title() == f"Round 2 of 3 · at most {text.duration(progress.run_left())} left"
    progress.handle(RunPaused("fake-1", 7, "the neighbour floor"))
    assert progress.title().startswith("Paused · ")
    assert progress.words()[0] == "Paused by the neighbour floor"


def test_at_most_is_said_only_while_something_may_end_the_run_early() -> None:
    progress = _until(StepDone, "unlearn", 2, 6)
    assert progress.left_words().startswith("at most "), "a record that names no limits may have them all"
    for field in ("neighbour_floor", "utility_limit", "fluency_floor", "active_share"):
        progress.handle(ControlApplied("fake-1", 300, field, 0.5, None, 1))
    progress.limits -= {"budget"}
    assert progress.may_end_early(), "the goal may be reached after this round"
    progress.handle(ControlApplied("fake-1", 301, "forget_goal", 0.2, None, 2))
    assert progress.left_words() == f"{text.duration(progress.run_left())} left"
    progress.handle(ControlApplied("fake-1", 302, "forget_goal", None, 0.1, 3))
    assert progress.may_end_early()


def test_in_the_last_round_nothing_but_the_active_share_cuts_it_short() -> None:
    unlearning, asking = _until(StepDone, "unlearn", 3, 6), _until(StageStarted, "probe", 3)
    assert unlearning.may_end_early() and not asking.may_end_early()
    unlearning.limits -= {"active_share"}
    assert not unlearning.may_end_early()
    assert RunProgress().left_words() == ""


def test_limits_are_what_a_config_sets() -> None:
    config = RunConfig()
    assert set(limits_of(config)) == set(LIMITS) - {"budget"}
    config.guards.forget_goal, config.budget_seconds = None, 60.0
    assert limits_of(config) == ("neighbour_floor", "utility_limit", "fluency_floor", "active_share", "budget")


def test_live_changes_of_steps_change_the_plan() -> None:
    progress = _until(StepDone, "align", 2, 3)
    for field, new in (("stage_steps", 9.0), ("align_steps", 4.0), ("unlearn_steps", 20.0), ("tau", 0.3)):
        progress.handle(ControlApplied("fake-1", 300, field, None, new, 1))
    steps = [(stage.stage, stage.round, stage.steps) for stage in progress.stages if stage.stage != "probe"]
    assert steps[2:] == [("align", 2, 9), ("unlearn", 2, 20), ("align", 3, 4), ("unlearn", 3, 20)]
    assert steps[:2] == [("align", 1, 250), ("unlearn", 1, 12)]


def test_nothing_is_known_before_the_first_stage() -> None:
    progress = RunProgress()
    assert progress.words() == ("Getting ready", "texts, windows and cache")
    progress.handle(Progress("prepare", "Encoding windows", 30, 100, "windows"))
    assert progress.words() == ("Getting ready", "Encoding windows · 30 of 100 windows")
    assert progress.stage_left() is None and progress.run_left() is None


def test_pausing_and_failing() -> None:
    progress = _until(StepDone, "align", 1, 7)
    progress.handle(RunPaused("fake-1", 7, "you"))
    assert progress.words() == ("Paused by you", "round 1 of 3, step 7")
    progress.handle(RunResumed("fake-1", 7))
    assert progress.words()[0] == "Round 1 of 3"
    progress.handle(RunFailed("fake-1", "The disk is full.", "", "", 0))
    assert progress.words() == ("Run failed", "The disk is full")
    assert progress.run_left() is None


def test_the_whole_run_ends_with_its_reason() -> None:
    progress = RunProgress()
    for event in _events():
        progress.handle(event)
    assert progress.words() == ("Run done", "All rounds done")
    assert progress.at == len(progress.stages) - 1


@pytest.mark.parametrize(
    ("because", "heading"),
    [("guard: Neighbour recall fell.", "Run stopped"), ("goal: Forget recall fell.", "Run done")],
)
def test_only_an_intended_end_is_called_done(because: str, heading: str) -> None:
    progress = RunProgress()
    progress.handle(RunFinished("fake-1", because, 2, 3, 60.0, ""))
    assert progress.words()[0] == heading


def test_probe_progress_is_a_share_of_the_questions() -> None:
    progress = _until(StageStarted, "probe", 1)
    progress.handle(Progress("probe", "questions", 3, 12, "questions"))
    assert progress.words() == ("Round 1 of 3", "Probe · 25 % of the questions")


def test_planned_stages_say_what_the_rounds_say() -> None:
    config = RunConfig(rounds=[RoundPlan(align_steps=9, unlearn_steps=3, quantile=0.95)] * 3)
    stages = planned_stages(config)
    assert [stage.stage for stage in stages] == ["probe"] + ["align", "unlearn", "probe"] * 3
    assert [stage.steps for stage in stages] == [0] + [9, 3, 0] * 3
    assert stages[2].tau is None


def test_the_time_left_recovers_when_the_machine_slept_within_a_step() -> None:
    """Step 7 of 12 ends eight hours late."""
    progress = _until(StepDone, "unlearn", 2, 6)
    step = next(
        event for event in _events() if isinstance(event, StepDone) and (event.round, event.stage_step) == (2, 7)
        and event.stage == "unlearn"
    )  # fmt: skip
    left, asleep = progress.stage_left(), 8 * 3600.0
    assert left is not None
    progress.handle(replace(step, seconds=step.seconds + asleep))
    assert progress.stage_left() == pytest.approx(left - 0.4)
    progress.handle(replace(step, step=step.step + 1, stage_step=8, seconds=step.seconds + asleep + 0.4))
    assert progress.stage_left() == pytest.approx(left - 0.8)
    assert progress.run_left() == pytest.approx(0.4 * (4 + 6 + 12) + 2.0)


def test_a_slow_step_is_no_sleep() -> None:
    progress = _until(StepDone, "unlearn", 2, 6)
    step = next(
        event for event in _events() if isinstance(event, StepDone) and (event.round, event.stage_step) == (2, 7)
        and event.stage == "unlearn"
    )  # fmt: skip
    before = progress.steps_per_second
    progress.handle(replace(step, seconds=step.seconds + 5.0))
    assert before is not None and progress.steps_per_second is not None
    assert progress.steps_per_second < before / 2
