from __future__ import annotations

from atu_gui.core.events import GuardTripped
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.round_marks import Limit, RoundDot, RoundMarks
from atu_gui.core.run_curves import RunCurves
from tests.ui.run_events import RUN, scored, started


def test_limits_are_shares_of_what_the_untouched_model_scores() -> None:
    run = RunCurves()
    guards = GuardConfig(forget_goal=0.5, neighbour_floor=0.8, utility_limit=None)
    for event in (started(), scored(0, 0, forget=0.2, neighbour=0.5, loss=2.0), scored(1, 30, forget=0.1, loss=2.5)):
        run.add(event)
    run.add(GuardTripped(RUN, 1, 30, "utility limit", "Too much.", "stop", rejected=True))
    marks = RoundMarks.of(run, guards)
    assert marks.recall_limits == (Limit("goal", 0.1), Limit("floor", 0.4)) and marks.loss_limits == ()
    assert marks.dots == (RoundDot(0, 0.2, 2.0), RoundDot(1, 0.1, 2.5, rejected=True))
    assert RoundMarks.of(RunCurves(), guards).recall_limits == ()
