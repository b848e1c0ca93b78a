from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError

import pytest

from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import Event, Note
from atu_gui.service.worker import Worker


class Bench:
    """A worker and what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ended = threading.Event()
        self.worker = Worker(lambda event: self.said.append(event.text), self.ended.set)  # type: ignore[union-attr]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert bench.worker.close(5)
    assert bench.ended.is_set()


def job(name: str, count: int = 3) -> Callable[[], Generator[Event, None, str]]:
    def work() -> Generator[Event, None, str]:
        for number in range(count):
            yield Note("info", f"{name}{number}")
        return name

    return work


def test_jobs_run_one_after_the_other_on_one_thread(bench: Bench) -> None:
    threads = set()

    def where() -> Generator[Event, None, None]:
        yield from ()
        threads.add(threading.current_thread())

    futures = [bench.worker.submit(where) for _ in range(3)]
    for future in futures:
        future.result(5)
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_a_job_returns_its_value_after_its_events(bench: Bench) -> None:
    assert bench.worker.submit(job("a")).result(5) == "a"
    assert bench.said == ["a0", "a1", "a2"]


def _with_a_chat_in_between(bench: Bench, *, chats_between: bool) -> list[str]:
    def run() -> Generator[Event, None, None]:
        yield Note("info", "run0")
        bench.worker.submit(job("chat", 2), "chat")
        bench.worker.submit(job("reading", 1), "reading")
        yield Note("info", "run1")
        yield Note("info", "run2")

    bench.worker.submit(run, chats_between=chats_between).result(5)
    bench.worker.submit(job("end", 1)).result(5)
    return bench.said


def test_a_chat_is_answered_whole_between_two_steps(bench: Bench) -> None:
    said = _with_a_chat_in_between(bench, chats_between=True)
    assert said == ["run0", "run1", "reading0", "chat0", "chat1", "run2", "end0"]


def test_a_job_may_keep_chats_out_but_not_readings(bench: Bench) -> None:
    said = _with_a_chat_in_between(bench, chats_between=False)
    assert said == ["run0", "run1", "reading0", "run2", "chat0", "chat1", "end0"]


def test_an_error_reaches_the_future_and_the_worker_lives_on(bench: Bench) -> None:
    def fails() -> Generator[Event, None, None]:
        yield Note("info", "before")
        raise InputError("No such thing.")

    with pytest.raises(InputError, match="No such thing"):
        bench.worker.submit(fails).result(5)
    assert bench.worker.submit(job("a")).result(5) == "a"


def test_cancelled_work_cancels_its_future(bench: Bench) -> None:
    def gives_up() -> Generator[Event, None, None]:
        yield from ()
        raise Cancelled

    future = bench.worker.submit(gives_up)
    with pytest.raises(CancelledError):
        future.result(5)


def test_cancelling_the_future_closes_the_generator(bench: Bench) -> None:
    begun, closed = threading.Event(), threading.Event()

    def endless() -> Generator[Event, None, None]:
        try:
            while True:
                begun.set()
                yield Note("info", "on")
        finally:
            closed.set()

    future = bench.worker.submit(endless)
    assert begun.wait(5)
    assert future.cancel()
    assert closed.wait(5)
    assert bench.worker.submit(job("a")).result(5) == "a"


def test_generators_are_closed_before_the_result_is_told(bench: Bench) -> None:
    closed = []

    def careful() -> Generator[Event, None, str]:
        try:
            yield Note("info", "x")
            return "done"
        finally:
            closed.append(True)

    bench.worker.submit(careful).result(5)
    assert closed == [True]


def test_closing_cancels_what_waits_and_closes_what_runs() -> None:
    bench = Bench()
    begun, closed = threading.Event(), threading.Event()

    def endless() -> Generator[Event, None, None]:
        try:
            while True:
                begun.set()
                yield Note("info", "on")
        finally:
            closed.set()

    running, waiting = bench.worker.submit(endless), bench.worker.submit(job("late"))
    assert begun.wait(5)
    assert bench.worker.close(0.5)
    assert closed.is_set()
    assert running.cancelled()
    assert waiting.cancelled()
    assert bench.worker.submit(job("too late")).cancelled()
