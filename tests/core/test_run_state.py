"""A run that ended badly is never called done."""

from __future__ import annotations

import pytest

from atu_gui.core.control import DISCARDED, NOT_FINITE, STOPPED
from atu_gui.core.events import RunFailed, RunFinished, RunPaused
from atu_gui.core.ports import RunRecord
from atu_gui.core.run_state import run_state
from atu_gui.store.recorder import _after
from atu_gui.store.rows import RunState
from atu_gui.ui.widgets.runs_model import state_of

ENDS = (
    (RunFinished("1", "all rounds done", 2, 2, 9.0, ""), "done", "Done"),
    (RunFinished("1", "goal: forget goal reached", 2, 2, 9.0, ""), "done", "Done"),
    (RunFinished("1", "guard: the neighbour floor", 1, 2, 9.0, ""), "guard", "Stopped by guard"),
    (RunFinished("1", STOPPED, 1, 1, 9.0, ""), "stopped", "Stopped"),
    (RunFinished("1", DISCARDED, 0, 1, 9.0, ""), "discarded", "Discarded"),
    (RunFinished("1", f"{NOT_FINITE}: The loss is nan.", 1, 2, 9.0, ""), "failed", "Failed"),
    (RunFailed("1", "The memory is full.", "", "", 1), "failed", "Failed"),
    (RunPaused("1", 4, "you"), "paused", "Paused"),
)


@pytest.mark.parametrize(("end", "state", "words"), ENDS, ids=lambda one: one if isinstance(one, str) else "")
def test_every_end_is_called_what_it_is(end: RunFinished | RunFailed | RunPaused, state: str, words: str) -> None:
    after = _after(RunState(), end)
    record = RunRecord(
        "1", "Ada", ("Ada",), (2,), after.status, 0.0, after.seconds, after.best_round, "",
        stopped_because=after.stopped_because,
    )  # fmt: skip
    assert run_state(record) == state
    assert state_of(record)[0] == words
    assert record.was_cut_off is (state == "failed")


@pytest.mark.parametrize("status", ["crashed", "interrupted", "running"])
def test_what_has_no_end_is_not_done(status: str) -> None:
    record = RunRecord("1", "Ada", ("Ada",), (2,), status, 0.0, 9.0, 1, "")
    assert run_state(record) == status and state_of(record)[0] == status.capitalize()
