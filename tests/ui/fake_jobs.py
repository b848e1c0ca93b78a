"""How the fake workbench works: jobs on threads of their own, events, cancelling."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import TypeVar

from atu_gui.core.errors import AtuError, Cancelled
from atu_gui.core.events import Event, JobFailed

T = TypeVar("T")


class FakeJobs:
    """Jobs that say events and can be cancelled."""

    def __init__(self) -> None:
        self._pace = 0.0
        self._sinks: list[Callable[[Event], None]] = []
        self._cancelled = threading.Event()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def subscribe(self, sink: Callable[[Event], None]) -> Callable[[], None]:
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def be_quiet(self, quiet: bool) -> Future[int]:
        self.quiet.append(quiet)
        future: Future[int] = Future()
        future.set_result(1 if quiet else 2)
        return future

    def _job(self, name: str, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._cancelled.clear()

        def do() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except Cancelled as error:
                # A future that runs cannot be cancelled any more: waiting for it raises.
                future.set_exception(error)
            except AtuError as error:
                if name != "run":
                    self._say(JobFailed(name, error.message, error.hint, "Traceback …"))
                future.set_exception(error)

        thread = threading.Thread(target=do, name=f"fake-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()
        return future

    def _between(self, name: str, work: Callable[[Callable[[], bool]], T]) -> Future[T]:
        """A job that is ended by cancelling its future, whenever that happens, as the worker's are."""
        future: Future[T] = Future()

        def do() -> None:
            with contextlib.suppress(InvalidStateError, Cancelled):
                try:
                    future.set_result(work(future.cancelled))
                except AtuError as error:
                    self._say(JobFailed(name, error.message, error.hint, "Traceback …"))
                    future.set_exception(error)

        thread = threading.Thread(target=do, name=f"fake-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()
        return future

    def _say(self, event: Event) -> None:
        for sink in list(self._sinks):
            sink(event)

    def _wait(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if self._pace:
            time.sleep(self._pace)
