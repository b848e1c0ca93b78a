"""The one place where the service's thread and the window's thread meet.

Events are queued on the worker thread and handed out on the window's thread by one timer; futures are looked at in
the same tick. No Qt signal crosses threads. A future's result is told after every event that came before it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Slot

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event
from atu_gui.core.ports import WorkbenchPort

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_INTERVAL_MS = 66


@dataclass(slots=True)
class _Watch:
    future: Future[Any]
    done: Callable[[Any], None]
    failed: Callable[[BaseException], None]
    cancelled: Callable[[], None]


def _log_failure(error: BaseException) -> None:
    _LOG.error("A job failed and nobody was waiting for it.", exc_info=error)


def _nothing() -> None:
    """For those who do not mind a job being cancelled."""


class Bridge(QObject):
    """Hands events to handlers, in order and completely, about fifteen times a second."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue: deque[Event] = deque()
        self._handlers: list[Callable[[Event], None]] = []
        self._watches: list[_Watch] = []
        self._unsubscribe: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.drain)

    def connect_to(self, port: WorkbenchPort) -> None:
        """Hear the events of a workbench."""
        self.close()
        # `deque.append` is all that ever runs on the worker's thread.
        self._unsubscribe = port.subscribe(self._queue.append)
        self._timer.start()

    def add_handler(self, handler: Callable[[Event], None]) -> None:
        """Every event goes to every handler, in the order in which they were added."""
        self._handlers.append(handler)

    def watch(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] = _log_failure,
        cancelled: Callable[[], None] = _nothing,
    ) -> None:
        """Tell the end of a job on the window's thread: its result, its error or that it was cancelled."""
        self._watches.append(_Watch(future, done, failed, cancelled))
        self._timer.start()

    @Slot()
    def drain(self) -> None:
        """Hand out what has come; called by the timer and by tests."""
        # Looked at before the queue: whatever a finished job said is in the queue by now.
        ended = [watch for watch in self._watches if watch.future.done()]
        for _ in range(len(self._queue)):
            event = self._queue.popleft()
            for handler in self._handlers:
                self._guarded(handler, event)
        for watch in ended:
            self._watches.remove(watch)
            self._tell(watch)

    def close(self) -> None:
        """Stop hearing."""
        self._timer.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _tell(self, watch: _Watch) -> None:
        if watch.future.cancelled():
            watch.cancelled()
            return
        error = watch.future.exception()
        if error is None:
            self._guarded(watch.done, watch.future.result())
        elif isinstance(error, Cancelled | CancelledError):
            watch.cancelled()
        else:
            watch.failed(error)

    @staticmethod
    def _guarded(call: Callable[[Any], None], value: object) -> None:
        # One view that stumbles over one event must not cost the others this and all later events.
        try:
            call(value)
        except Exception:
            _LOG.exception("A view could not show %r.", type(value).__name__)
