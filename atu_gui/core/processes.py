"""Whether a process still lives: the one that owns a run, or the one that left a note."""

from __future__ import annotations

import os
from typing import Any

# Start times come from the kernel's clock ticks; the same process never differs by more than this.
_TOLERANCE = 2.0


def this_process() -> tuple[int, float]:
    """Process id and start time, which together name a process until the machine starts anew (ids alone are used
    again)."""
    return process_of(os.getpid())


def process_of(pid: int) -> tuple[int, float]:
    """The same of another process; a start time of 0 where there is none with this id."""
    import psutil

    try:
        return pid, _started(psutil.Process(pid))
    except psutil.Error:
        return pid, 0.0


def is_alive(pid: int, started: float) -> bool:
    """Whether the process with this id and start time, as `process_of` gives them, still runs."""
    import psutil

    try:
        process = psutil.Process(pid)
        same = bool(abs(_started(process) - started) < _TOLERANCE)
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def lived_at(pid: int, moment: float) -> bool:
    """Whether the process that has this id now had it at a moment already (Unix time in seconds)."""
    import psutil

    try:
        process = psutil.Process(pid)
        return is_alive(pid, _started(process)) and bool(process.create_time() < moment + _TOLERANCE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _started(process: Any) -> float:
    """Seconds from the machine's start to that of a process. Unix time would do as well if no clock were ever set:
    systems count a process's start from their own, and add where the clock says now that this was."""
    import psutil

    return float(process.create_time() - psutil.boot_time())
