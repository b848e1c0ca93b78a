"""Runs on the tiny model that the user, or a guard, holds and changes while they go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from atu_gui.core import events as ev
from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.materials import Materials
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run

Act = Callable[[object, RunControl], None]
Play = Callable[[RunConfig, Act], list[object]]


@pytest.fixture
def play(lm: LanguageModel, encoder: TextEncoder, materials: Materials, tmp_path: Path) -> Play:
    """Runs a config and lets somebody act on every event."""

    def run(config: RunConfig, act: Act) -> list[object]:
        control = RunControl()
        events: list[object] = []
        for event in Run(config, lm, encoder, materials, control, run_id="r", folder=tmp_path).events():
            events.append(event)
            act(event, control)
        return events

    return run


def _of(kind: type, events: list[object]) -> list[object]:
    return [event for event in events if isinstance(event, kind)]


def _steps(events: list[object], stage: str, round_: int) -> list[ev.StepDone]:
    return [e for e in events if isinstance(e, ev.StepDone) and (e.stage, e.round) == (stage, round_)]


def test_steps_of_this_stage_and_of_later_ones(play: Play, config: RunConfig) -> None:
    def act(event: object, control: RunControl) -> None:
        if isinstance(event, ev.StepDone) and event.step == 1:
            control.set_stage_steps("align", 1, 2)
            control.set_unlearn_steps(1)

    events = play(config, act)
    assert [len(_steps(events, "align", number)) for number in (1, 2)] == [2, 2]
    assert [len(_steps(events, "unlearn", number)) for number in (1, 2)] == [1, 1]
    started = [e for e in events if isinstance(e, ev.StageStarted) and e.stage == "unlearn"]
    assert [event.steps for event in started] == [1, 1]
    assert _steps(events, "align", 1)[-1].stage_steps == 2


def test_what_a_round_aims_for_is_the_tau_that_the_user_set(play: Play, config: RunConfig) -> None:
    config.rounds = [RoundPlan(align_steps=4, unlearn_steps=3, quantile=0.3)] * 2

    def act(event: object, control: RunControl) -> None:
        if isinstance(event, ev.StageStarted) and (event.stage, event.round) == ("unlearn", 1):
            control.set_tau(-0.9)

    first, second = (e for e in play(config, act) if isinstance(e, ev.TauChosen))
    assert first.tau > -0.9 and first.reason == "quantile 0.3 of retain texts"
    assert second.tau == -0.9 and second.reason.startswith("set by you; the schedule would take ")
    assert (second.concept_share_above, second.retain_share_above) == (1.0, 1.0)


def test_discarding_goes_back_to_the_untouched_weights(play: Play, config: RunConfig, lm: LanguageModel) -> None:
    before = {name: parameter.detach().clone() for name, parameter in lm.model.named_parameters()}

    def act(event: object, control: RunControl) -> None:
        if isinstance(event, ev.StepDone) and event.round == 2:
            control.discard()

    finished = play(config, act)[-1]
    assert isinstance(finished, ev.RunFinished)
    assert (finished.stopped_because, finished.best_round) == ("discarded by you", 0)
    assert all(torch.equal(value, before[name]) for name, value in lm.model.named_parameters())


def test_a_guard_pauses_says_what_it_saw_and_lets_the_run_go_on(play: Play, destructive: RunConfig) -> None:
    destructive.guards.action = "pause"

    def act(event: object, control: RunControl) -> None:
        if isinstance(event, ev.RunPaused):
            control.set_guards(GuardConfig(forget_goal=None, neighbour_floor=None, utility_limit=None))
            control.resume()

    events = play(destructive, act)
    # The weights are ruined and stay so: the collapse guard cannot be switched off.
    tripped, collapsed = _of(ev.GuardTripped, events)
    (paused,) = _of(ev.RunPaused, events)
    assert isinstance(collapsed, ev.GuardTripped)
    assert (collapsed.guard, collapsed.round, collapsed.rejected) == ("collapse", 2, True)
    assert isinstance(tripped, ev.GuardTripped) and isinstance(paused, ev.RunPaused)
    assert (tripped.guard, tripped.round, tripped.action, tripped.rejected) == ("utility limit", 1, "pause", True)
    assert (paused.by, paused.because) == ("the utility limit", tripped.words)
    assert tripped.words.startswith("Neutral token loss rose to")
    finished = events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert finished.rounds == 2
    assert finished.stopped_because.startswith("guard: The model has lost its language")


def test_a_step_that_is_not_finite_can_be_tried_again(play: Play, config: RunConfig) -> None:
    config.guards.action = "pause"

    def act(event: object, control: RunControl) -> None:
        if isinstance(event, ev.StepDone) and event.stage == "align" and event.stage_step == 4:
            control.set_retain_weight(float("inf"))
        if isinstance(event, ev.RunPaused):
            assert event.by == "a loss that is not finite"
            control.set_retain_weight(1.0)
            control.resume()

    events = play(config, act)
    assert [len(_steps(events, "unlearn", number)) for number in (1, 2)] == [3, 3]
    assert len(_of(ev.RunPaused, events)) == 1
    assert events[-1].stopped_because == "all rounds done"  # type: ignore[attr-defined]


def test_an_inactive_stage_pauses_once_then_ends(play: Play, config: RunConfig) -> None:
    config.rounds[0] = config.rounds[0].model_copy(update={"unlearn_steps": 12, "tau": 0.99})
    config.guards.active_share = 0.01
    config.guards.action = "pause"

    def act(event: object, control: RunControl) -> None:
        if isinstance(event, ev.RunPaused):
            control.resume()

    events = play(config, act)
    actions = [e.action for e in events if isinstance(e, ev.GuardTripped) and e.round == 1]
    assert actions == ["pause", "end stage"]
    assert len(_steps(events, "unlearn", 1)) == 6
