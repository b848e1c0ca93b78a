"""A command from beginning to exit code: show the workbench's events, and turn Ctrl-C and faults into orderly ends."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import queue
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

from atu_gui.cli_progress import Teller, lasting
from atu_gui.core.errors import AtuError, UserError
from atu_gui.core.events import Event, StoreMended
from atu_gui.core.progress import RunProgress
from atu_gui.core.redaction import without_tokens
from atu_gui.service.workbench import Workbench

T = TypeVar("T")
_OUTPUT_FAILED = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_POLL = 0.1
_LEAVING = 2.0


DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class Interrupted(Exception):  # noqa: N818 - the user's wish is no error
    """The user ended the work before it came to a result."""


def leave_with(command: Callable[[], object]) -> NoReturn:
    """Do a command and exit with its code; what goes wrong is told in a sentence."""
    for stream in (sys.stdout, sys.stderr):
        _take_any_sign(stream)
    try:
        command()
        sys.stdout.flush()
    except Interrupted:
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except AtuError as error:
        print(f"Error: {error}", file=sys.stderr)
        if isinstance(error, UserError):
            sys.exit(BAD_INPUT)
        trace = "".join(traceback.format_exception(error.__cause__ or error))
        print(without_tokens(trace), end="", file=sys.stderr)
        sys.exit(FAILED)
    except OSError as error:
        if error.errno not in _OUTPUT_FAILED:
            raise
        print(f"Error: What is printed cannot be written: {error.strerror}.", file=sys.stderr)
        # Else Python tries again at its end, and complains.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    sys.exit(DONE)


def _take_any_sign(stream: object) -> None:
    """Where a stream is not UTF-8 (on Windows when it goes into a file, on some servers), τ and dashes must not end a
    command: a file gets UTF-8, and a terminal what it can show."""
    if not isinstance(stream, io.TextIOWrapper) or stream.encoding.lower().replace("-", "") == "utf8":
        return
    if stream.isatty():
        stream.reconfigure(errors="replace")
    else:
        stream.reconfigure(encoding="utf-8")


def open_workbench() -> Workbench:
    """A workbench for a command that shows no events: what became of a damaged store is said all the same."""
    bench = Workbench()

    def say(event: Event) -> None:
        if isinstance(event, StoreMended):
            print(lasting(event, RunProgress()), file=sys.stderr)

    bench.subscribe(say)
    return bench


class Session:
    """One command's dealings with a workbench.

    Attributes:
        interrupts: How often the user pressed Ctrl-C or a SIGTERM came.
    """

    def __init__(self, bench: Workbench, teller: Teller, heard: Callable[[Event], None] = lambda _event: None) -> None:
        self.interrupts = 0
        self._bench = bench
        self._teller = teller
        self._heard = heard
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._left = False

    @contextmanager
    def open(self) -> Iterator[None]:
        """Listen to the workbench and to signals; the workbench is closed at the end."""
        unsubscribe = self._bench.subscribe(self._events.put)
        handlers = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            unsubscribe()
            if not self._left:
                self._bench.close()

    def wait(self, future: Future[T], *, on_interrupt: Callable[[], None], words: str) -> T:
        """Show events until the future is done; the first interrupt asks for an end, the second one makes it.

        Raises:
            Interrupted: The work ended without a result.
            AtuError: The work failed.
        """
        answered = 0
        with self._teller:
            while not (future.done() or self._left):
                self._show(_POLL)
                if self.interrupts > answered:
                    answered = self.interrupts
                    if answered == 1:
                        self._teller.say(words)
                        on_interrupt()
                    else:
                        self._leave()
            self._show(0.0)
        if not future.done():
            raise Interrupted
        try:
            return future.result()
        except CancelledError:
            raise Interrupted from None

    def wait_for(self, enough: Callable[[Event], bool], *, on_interrupt: Callable[[], None]) -> None:
        """Show events until one of them is enough."""
        answered = 0
        with self._teller:
            while not self._left:
                if self.interrupts > answered:
                    answered = self.interrupts
                    on_interrupt() if answered == 1 else self._leave()
                try:
                    event = self._events.get(timeout=_POLL)
                except queue.Empty:
                    continue
                self._take(event)
                if enough(event):
                    return
        raise Interrupted

    def ask(self, question: str) -> str:
        """The user's answer in small letters.

        Raises:
            Interrupted: Ctrl-C, or there is nobody to answer.
        """
        # Waiting for a key is the one place where a signal has to break in.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return input(question).strip().lower()
        except (EOFError, KeyboardInterrupt):
            raise Interrupted from None
        finally:
            signal.signal(signal.SIGINT, handler)

    def _leave(self) -> None:
        """End at once: the generators are closed, a step under way is not waited for."""
        self._left = True
        self._bench.close(_LEAVING)

    def _show(self, patience: float) -> None:
        """Show what has come, waiting a moment for the first."""
        until = time.monotonic() + patience
        while True:
            try:
                self._take(self._events.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                return
            if time.monotonic() >= until and patience:
                return

    def _take(self, event: Event) -> None:
        self._heard(event)
        self._teller.tell(event)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupts += 1
