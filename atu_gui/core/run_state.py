"""How a run stands, in the words that the window and the command line share."""

from __future__ import annotations

from atu_gui.core.control import DISCARDED, NOT_FINITE, STOPPED
from atu_gui.core.events import RunFinished
from atu_gui.core.ports import RunRecord


def status_after(end: RunFinished) -> str:
    """The status that a run has after its end: a run that ended badly is not done."""
    if end.stopped_because.startswith(NOT_FINITE):
        return "failed"
    return "stopped" if end.stopped_because.startswith((STOPPED, DISCARDED)) else "done"


def run_state(record: RunRecord) -> str:
    """The status, with the ends told apart that it leaves together: also "guard" and "discarded"."""
    if record.status == "done" and record.stopped_because.startswith("guard"):
        return "guard"
    return "discarded" if record.stopped_because == DISCARDED else record.status
