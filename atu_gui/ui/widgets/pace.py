"""How soon the next picture may be drawn, so that the window leaves the processor to the training.

On a machine whose every core trains, whatever the window's thread uses is lost to the training twice: the other cores
wait for the one that it holds up. Plain numbers; no Qt.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# The share of its time that the window's thread may use while pictures keep coming.
SHARE = 0.02
# Fifteen pictures a second at most, two at least. Events are drained no more often than that.
LEAST_MS, MOST_MS = 66, 500


class Pace:
    """Asks for as long a wait as the last picture was dear, with everything else that this thread did since.

    Args:
        used: Seconds of the processor that this thread has used.
        now: Seconds on the clock.
    """

    def __init__(self, used: Callable[[], float] = time.thread_time, now: Callable[[], float] = time.monotonic) -> None:
        self._used, self._now = used, now
        self._drawn_at, self._used_before = now(), used()

    def draw(self) -> None:
        """A picture begins."""
        self._drawn_at, self._used_before = self._now(), self._used()

    def wait_ms(self) -> int:
        """Milliseconds until the next one."""
        due = self._drawn_at + (self._used() - self._used_before) / SHARE
        return round(min(max(1000 * (due - self._now()), LEAST_MS), MOST_MS))
