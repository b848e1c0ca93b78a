"""The knobs of a run: what is written is read, once per generation."""

from __future__ import annotations

import threading

import pytest

from atu_gui.core.control import RunControl
from atu_gui.core.guarding import GuardConfig


def test_changes_raise_the_generation() -> None:
    control = RunControl()
    control.set_tau(0.3)
    control.set_retain_weight(0.0)
    control.set_unlearn_learning_rate(1e-4)
    state = control.read()
    assert (state.tau, state.retain_weight, state.unlearn_learning_rate, state.generation) == (0.3, 0.0, 1e-4, 3)


@pytest.mark.parametrize("tau", [-1.0, 1.0, 1.4, float("nan")])
def test_tau_out_of_range_is_refused(tau: float) -> None:
    control = RunControl()
    with pytest.raises(ValueError, match="τ must lie"):
        control.set_tau(tau)
    assert control.read().generation == 0


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_rates_must_be_positive(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        RunControl().set_unlearn_learning_rate(rate)


@pytest.mark.parametrize("steps", [-1, 10_000_001])
def test_step_counts_out_of_range_are_refused(steps: int) -> None:
    control = RunControl()
    for wish in (control.set_align_steps, control.set_unlearn_steps, control.pause_after):
        with pytest.raises(ValueError, match="whole number from 0"):
            wish(steps)
    assert control.read().generation == 0


def test_the_same_number_of_steps_can_be_asked_for_twice() -> None:
    control = RunControl()
    control.pause()
    control.pause_after(5)
    assert (control.read().pause_after, control.read().pause_asked, control.read().paused) == (5, 1, False)
    control.pause_after(5)
    assert control.read().pause_asked == 2


def test_guards_are_copied() -> None:
    control = RunControl()
    guards = GuardConfig(forget_goal=0.1)
    control.set_guards(guards)
    guards.forget_goal = 0.9
    held = control.read().guards
    assert held is not None and held.forget_goal == 0.1


def test_discarding_is_a_way_of_stopping() -> None:
    control = RunControl()
    control.pause()
    control.discard()
    state = control.read()
    assert (state.stopping, state.discarding, state.paused) == (True, True, False)


def test_stopping_and_skipping_end_a_pause() -> None:
    control = RunControl()
    control.pause()
    assert control.read().paused
    control.skip_stage()
    assert (control.read().paused, control.read().skips) == (False, 1)
    control.pause()
    control.stop()
    assert (control.read().paused, control.read().stopping) == (False, True)


def test_waiting_ends_with_the_change() -> None:
    control = RunControl()
    timer = threading.Timer(0.05, control.resume)
    timer.start()
    state = control.wait_for_change(0, 5.0)
    timer.join()
    assert state.generation == 1
    assert control.wait_for_change(1, 0.01).generation == 1


def test_a_pause_knows_who_asked_for_it() -> None:
    control = RunControl()
    control.pause("quiet mode", "The machine runs on battery.")
    assert control.read().paused_by == ("quiet mode", "The machine runs on battery.")
    control.resume()
    control.pause()
    assert control.read().paused_by == ("you", "")
