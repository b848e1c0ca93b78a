from __future__ import annotations

import pytest

from atu_gui.core.events import ControlApplied, StageEnded, StagePlan, TauChosen
from atu_gui.core.run_curves import RunCurves, XAxis
from tests.ui.run_events import PLAN, RUN, first_round, started, step, whole_run


def curves(unlearn_steps: int = 10) -> RunCurves:
    run = RunCurves()
    for event in first_round(unlearn_steps):
        run.add(event)
    return run


def test_bands_are_what_happened_then_what_is_planned() -> None:
    bands = curves(4).bands()
    assert [(b.stage, b.round, b.start, b.end, b.future) for b in bands] == [
        ("align", 1, 0, 20, False),
        ("unlearn", 1, 20, 30, False),
        ("align", 2, 30, 35, True),
        ("unlearn", 2, 35, 45, True),
    ]


def test_a_skipped_stage_ends_where_it_was_left_and_the_rest_moves_up() -> None:
    run = curves(4)
    run.add(StageEnded(RUN, "unlearn", 1, 24, "skipped", 1.0))
    assert [(b.start, b.end) for b in run.bands()] == [(0, 20), (20, 24), (24, 29), (29, 39)]


def test_a_finished_run_plans_nothing() -> None:
    run = RunCurves()
    for event in whole_run():
        run.add(event)
    assert not any(band.future for band in run.bands())
    assert run.planned_lines() == []
    assert run.best_round == 1


def test_applied_tau_is_drawn_where_steps_applied_it() -> None:
    run = curves(4)
    run.add(step(25, "unlearn", 1, 0.35))
    run.add(step(26, "unlearn", 1, 0.35))
    assert [(t.start, t.end, t.tau, t.joined) for t in run.tau_lines] == [(20, 24, 0.4, False), (24, 26, 0.35, True)]


def test_planned_tau_goes_on_from_now_and_knows_what_was_chosen() -> None:
    run = RunCurves()
    run.add(started((StagePlan("align", 1, 5), StagePlan("unlearn", 1, 10))))
    assert run.planned_lines() == []
    run.add(TauChosen(RUN, 1, 5, 0.37, 0.03, 0.5, "quantile"))
    assert [(t.start, t.end, t.tau) for t in run.planned_lines()] == [(5, 15, 0.37)]
    assert [(t.start, t.end, t.tau) for t in curves(4).planned_lines()] == [(24, 30, 0.4), (35, 45, 0.3)]


def test_a_live_tau_holds_for_the_coming_rounds() -> None:
    run = curves(4)
    run.add(ControlApplied(RUN, 24, "tau", 0.4, 0.25, 2))
    assert run.planned_lines()[-1].tau == 0.25
    assert [(flag.step, flag.text) for flag in run.flags] == [(23, "τ 0.40 → 0.25 by you")]


def test_only_knobs_get_a_flag() -> None:
    run = curves(4)
    run.add(ControlApplied(RUN, 24, "paused", 0.0, 1.0, 2))
    run.add(ControlApplied(RUN, 24, "retain_weight", 20.0, 10.0, 3))
    assert [flag.text for flag in run.flags] == ["λ 20 → 10 by you"]


def test_places_on_the_three_axes() -> None:
    run = curves(10)
    assert run.place([10.0], XAxis.STEP)[0] == 10
    assert run.place([30.0], XAxis.ROUND)[0] == 1
    assert run.place([45.0], XAxis.ROUND)[0] == 2
    assert run.place([10.0], XAxis.SECONDS)[0] == pytest.approx(5.0)
    # Coming steps are placed at the newest pace, half a second each.
    assert run.place([45.0], XAxis.SECONDS)[0] == pytest.approx(22.5)
    for axis in XAxis:
        assert run.step_of(float(run.place([12.0], axis)[0]), axis) == pytest.approx(12.0)


def test_a_plan_alone_is_laid_out_before_the_run() -> None:
    run = RunCurves()
    run.set_plan(PLAN)
    assert run.empty
    assert run.extent(XAxis.STEP) == 45
    assert run.last_round == 2
