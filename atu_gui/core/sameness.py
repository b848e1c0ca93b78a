"""When two runs did the same: what they recorded, apart from clocks, ids and places on the disk."""

from __future__ import annotations

import json
from collections.abc import Iterable

from atu_gui.core.events import Event, RunContinued, is_recorded, to_record

_OWN = ("run_id", "folder", "started", "seconds")


def said(events: Iterable[Event]) -> list[str]:
    """One line per event that is recorded. Two runs are the same where these lines are.

    That a run was resumed is left out: a resumed run is the same as one that was not.
    """
    return [_line(event) for event in events if is_recorded(event) and not isinstance(event, RunContinued)]


def _line(event: Event) -> str:
    record = {name: value for name, value in to_record(event).items() if name not in _OWN}
    return json.dumps(record, ensure_ascii=False, sort_keys=True)
