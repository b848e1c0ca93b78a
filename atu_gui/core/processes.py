"""Whether a process still lives: the one that owns a run, or the one that left a note."""

from __future__ import annotations

import os

# Start times come from the kernel's clock ticks; the same process never differs by more than this.
_TOLERANCE = 2.0


def this_process() -> tuple[int, float]:
    """Process id and start time, which together name a process for good (ids alone are used again)."""
    import psutil

    return os.getpid(), psutil.Process().create_time()


def is_alive(pid: int, started: float) -> bool:
    """Whether the process with this id and start time still runs."""
    import psutil

    try:
        process = psutil.Process(pid)
        same = bool(abs(process.create_time() - started) < _TOLERANCE)
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def lived_at(pid: int, moment: float) -> bool:
    """Whether the process that has this id now had it at a moment already (Unix time in seconds)."""
    import psutil

    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return is_alive(pid, started) and bool(started < moment + _TOLERANCE)
