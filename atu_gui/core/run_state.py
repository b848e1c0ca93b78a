"""How a run stands, in the words that the window and the command line share."""

from __future__ import annotations

from atu_gui.core.control import DISCARDED
from atu_gui.core.ports import RunRecord


def run_state(record: RunRecord) -> str:
    """The status, with the ends told apart that it leaves together: also "guard" and "discarded"."""
    if record.status == "done" and record.stopped_because.startswith("guard"):
        return "guard"
    return "discarded" if record.stopped_because == DISCARDED else record.status
