"""Waiting for slow work (a download, a conversion) without going deaf to cancelling."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress

INTERVAL = 0.1
_GRACE = 0.5

T = TypeVar("T")


def never() -> bool:
    """For work that is ended by closing its generator only."""
    return False


def in_background(
    work: Callable[[threading.Event], T],
    report: Callable[[], Progress],
    cancelled: Callable[[], bool] = never,
) -> Generator[Progress, None, T]:
    """Run `work` on a thread of its own and say every tenth of a second how far it is.

    Args:
        work: Should end soon once its event is set. It must not touch weights that others hold.
        report: Makes the progress to say.
        cancelled: Asked at every turn.

    Returns:
        What `work` returned; what it raised is raised here.

    Raises:
        Cancelled: `cancelled` said so. The thread is told and ends by itself.
    """
    stop = threading.Event()
    finished = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(stop))
        except BaseException as error:
            errors.append(error)
        finally:
            finished.set()

    # A daemon: a read that hangs in the network must not keep the program from ending.
    threading.Thread(target=run, name="atu-background", daemon=True).start()
    try:
        while not finished.wait(INTERVAL):
            if cancelled():
                raise Cancelled
            yield report()
    finally:
        stop.set()
        # Mostly it ends at once, and a next try finds everything closed; a hanging read is not worth the wait.
        finished.wait(_GRACE)
    if errors:
        raise errors[0]
    return results[0]


class Pace:
    """Turns bytes so far into a `Progress` with the time left."""

    def __init__(self, job: str, what: str) -> None:
        self._job = job
        self._what = what
        self._begun: tuple[float, float] | None = None

    def progress(self, done: float, total: float) -> Progress:
        """Progress in bytes; what was there at the first call does not count as speed."""
        now = time.monotonic()
        if self._begun is None:
            self._begun = (now, done)
        seconds, gained = now - self._begun[0], done - self._begun[1]
        left = (total - done) * seconds / gained if gained > 0 and seconds > 0.5 and total > done else None
        return Progress(self._job, self._what, done, max(total, done), "B", left)
