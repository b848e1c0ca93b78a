"""The one thread on which everything happens that touches weights.

A job is a function that makes a generator of events. One main job runs at a time; between two of its events other,
short jobs are served: readings of the store always, chats where the main job lets them in. So no model lock exists,
and a generator is always closed on the thread that ran it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event

T = TypeVar("T")
Kind = Literal["reading", "chat", "main"]
Job = Callable[[], Generator[Event, None, T]]
_ORDER: tuple[Kind, ...] = ("reading", "chat", "main")


@dataclass(eq=False, slots=True)
class _Ticket:
    """A job that waits for its turn."""

    start: Job[Any]
    kind: Kind
    lets_in: tuple[Kind, ...]
    future: Future[Any] = field(default_factory=Future)


class Worker:
    """Runs jobs until it is closed.

    Args:
        emit: Hears every event, on the worker's thread; must not raise.
        at_end: Called last on the worker's thread.
    """

    def __init__(self, emit: Callable[[Event], None], at_end: Callable[[], None] = lambda: None) -> None:
        self._emit = emit
        self._at_end = at_end
        self._condition = threading.Condition()
        self._waiting: dict[Kind, deque[_Ticket]] = {kind: deque() for kind in _ORDER}
        self._closing = False
        self._deadline: float | None = None
        # A daemon: a step that hangs in a driver must not keep the program from ending after `close` has waited.
        self._thread = threading.Thread(target=self._loop, name="atu-worker", daemon=True)
        self._thread.start()

    def submit(self, start: Job[T], kind: Kind = "main", *, chats_between: bool = False) -> Future[T]:
        """Queue a job; its future gets what the generator returns.

        Cancelling the future ends the job: before it starts, or before its next event.

        Args:
            start: Makes the generator, on the worker's thread.
            kind: Readings and chats are served between the events of a main job.
            chats_between: Whether chats may be answered while this job runs.
        """
        lets_in: tuple[Kind, ...] = ()
        if kind == "main":
            lets_in = ("reading", "chat") if chats_between else ("reading",)
        ticket = _Ticket(start, kind, lets_in)
        with self._condition:
            if self._closing:
                ticket.future.cancel()
            else:
                self._waiting[kind].append(ticket)
                self._condition.notify()
        return ticket.future

    def close(self, timeout: float) -> bool:
        """Cancel what waits, let the job under way go on for most of `timeout` seconds, then close its generator.

        Returns whether the thread ended in time.
        """
        with self._condition:
            self._closing = True
            self._deadline = time.monotonic() + 0.8 * timeout
            for tickets in self._waiting.values():
                while tickets:
                    tickets.popleft().future.cancel()
            self._condition.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        try:
            while (ticket := self._next(_ORDER, wait=True)) is not None:
                self._work(ticket)
        finally:
            self._at_end()

    def _next(self, kinds: tuple[Kind, ...], *, wait: bool) -> _Ticket | None:
        """The next job in line; None when there is none, or (waiting) when the worker closes."""
        with self._condition:
            while True:
                for kind in kinds:
                    if self._waiting[kind]:
                        return self._waiting[kind].popleft()
                if not wait or self._closing:
                    return None
                self._condition.wait()

    def _work(self, ticket: _Ticket) -> None:
        """Run one job to its end and tell its future."""
        if ticket.future.cancelled():
            return
        try:
            result = self._drain(ticket)
        except (Cancelled, GeneratorExit):
            ticket.future.cancel()
        except BaseException as error:
            with contextlib.suppress(InvalidStateError):
                ticket.future.set_exception(error)
        else:
            # Somebody may have cancelled the future a moment ago; then nobody wants the result.
            with contextlib.suppress(InvalidStateError):
                ticket.future.set_result(result)

    def _drain(self, ticket: _Ticket) -> object:
        with contextlib.closing(ticket.start()) as work:
            while True:
                if ticket.future.cancelled() or self._out_of_time():
                    raise Cancelled
                try:
                    event = next(work)
                except StopIteration as end:
                    return end.value
                self._emit(event)
                while ticket.lets_in and (between := self._next(ticket.lets_in, wait=False)):
                    self._work(between)

    def _out_of_time(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline
