"""Where a run meets the user's wishes: what a step is told, and what is said about it."""

from __future__ import annotations

import pytest

from atu_gui.core import events as ev
from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.guarding import GuardConfig
from atu_gui.engine.gate import Clock, Gate
from tests.engine.draining import drain


@pytest.fixture
def control() -> RunControl:
    return RunControl()


@pytest.fixture
def gate(control: RunControl) -> Gate:
    return Gate(control, "r", Clock(), RunConfig())


def _changes(events: list[object]) -> list[tuple[str, float | None, float | None, int]]:
    return [(e.field, e.old, e.new, e.step) for e in events if isinstance(e, ev.ControlApplied)]


def test_a_wish_waits_for_a_step_that_uses_it(gate: Gate, control: RunControl) -> None:
    gate.begin_stage("align", 1, 4)
    control.set_tau(0.3)
    control.set_retain_weight(5.0)
    control.set_align_learning_rate(1e-2)
    assert _changes(drain(gate.next_step(1, 0))[0]) == [("align_learning_rate", 1e-3, 1e-2, 1)]
    gate.begin_stage("unlearn", 1, 3, 0.4)
    assert _changes(drain(gate.next_step(5, 0))[0]) == [("tau", 0.4, 0.3, 5), ("retain_weight", 20.0, 5.0, 5)]
    assert _changes(drain(gate.next_step(6, 1))[0]) == []
    gate.begin_stage("unlearn", 2, 3, 0.2)
    control.set_tau(0.25)
    assert _changes(drain(gate.next_step(9, 0))[0]) == [("tau", 0.3, 0.25, 9)], "a live τ holds in the rounds after"


def test_the_stage_under_way_can_be_made_longer_and_shorter(gate: Gate, control: RunControl) -> None:
    gate.begin_stage("unlearn", 2, 3, 0.4)
    assert drain(gate.next_step(4, 3))[1] is None
    control.set_stage_steps("unlearn", 2, 5)
    events, state = drain(gate.next_step(4, 3))
    assert state is not None and _changes(events) == [("stage_steps", 3.0, 5.0, 4)]
    control.set_stage_steps("unlearn", 2, 1)
    events, state = drain(gate.next_step(5, 4))
    assert state is None and _changes(events) == [("stage_steps", 5.0, 1.0, 5)]


def test_a_wish_for_a_stage_that_is_over_comes_to_nothing(gate: Gate, control: RunControl) -> None:
    control.set_stage_steps("align", 1, 50)
    gate.begin_stage("unlearn", 1, 3, 0.4)
    events, state = drain(gate.next_step(4, 0))
    assert state is not None and _changes(events) == [] and gate.steps == 3


def test_later_stages_take_the_steps_wished_for(gate: Gate, control: RunControl) -> None:
    gate.begin_stage("align", 1, 4)
    control.set_align_steps(9)
    control.set_unlearn_steps(2)
    assert _changes(drain(gate.next_step(1, 0))[0]) == [("align_steps", None, 9.0, 1), ("unlearn_steps", None, 2.0, 1)]
    assert gate.steps == 4
    assert gate.begin_stage("unlearn", 1, 3) == 2
    assert gate.begin_stage("align", 2, 4) == 9


def test_guards_change_before_a_round_is_judged(gate: Gate, control: RunControl) -> None:
    control.set_guards(GuardConfig(forget_goal=None, neighbour_floor=0.5, action="pause"))
    events, guards = drain(gate.guards(7))
    assert (guards.forget_goal, guards.neighbour_floor, guards.action) == (None, 0.5, "pause")
    changes = [("forget_goal", 0.2, None, 8), ("neighbour_floor", 0.9, 0.5, 8), ("action", 0.0, 1.0, 8)]
    assert _changes(events) == changes
    assert drain(gate.guards(8))[0] == []


def test_so_many_more_steps_then_a_pause(gate: Gate, control: RunControl) -> None:
    gate.begin_stage("align", 1, 10)
    control.pause_after(2)
    assert _changes(drain(gate.next_step(4, 3))[0]) == [("pause_step", None, 5.0, 4)]
    assert drain(gate.next_step(5, 4))[0] == []
    waiting = gate.next_step(6, 5)
    paused = next(waiting)
    assert isinstance(paused, ev.RunPaused) and (paused.step, paused.by) == (5, "you")
    control.pause_after(1)
    events, state = drain(waiting)
    assert isinstance(events[-2], ev.RunResumed) and state is not None
    assert _changes(events) == [("pause_step", None, 6.0, 6)], "asked for while it waits, it counts from there"


def test_a_guard_that_pauses_says_so_once(gate: Gate, control: RunControl) -> None:
    gate.begin_stage("align", 1, 10)
    gate.pause_by("the neighbour floor", "Neighbour recall fell.")
    for wanted in (("the neighbour floor", "Neighbour recall fell."), ("you", "")):
        waiting = gate.next_step(3, 2)
        paused = next(waiting)
        assert isinstance(paused, ev.RunPaused) and (paused.by, paused.because) == wanted
        control.resume()
        drain(waiting)
        control.pause()
