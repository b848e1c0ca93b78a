"""Whether the process that owns a run still lives."""

from __future__ import annotations

import os

import psutil

# Start times come from the kernel's clock ticks; the same process never differs by more than this.
_TOLERANCE = 2.0


def this_process() -> tuple[int, float]:
    """Process id and start time, which together name a process for good (ids alone are used again)."""
    return os.getpid(), psutil.Process().create_time()


def is_alive(pid: int, started: float) -> bool:
    """Whether the process with this id and start time still runs."""
    try:
        process = psutil.Process(pid)
        same = bool(abs(process.create_time() - started) < _TOLERANCE)
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
