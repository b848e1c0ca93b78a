"""Fewer threads and all of them again, between two steps."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from atu_gui.core.config import parse_config
from atu_gui.core.events import Event, StepDone
from atu_gui.service.quiet import Quiet
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine
from tests.service.test_workbench import Bench

CONFIG = parse_config({"concepts": [{"name": "Ada Lovelace"}], "schedule": "gentle"})


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.workbench.close(5)


@pytest.mark.parametrize(("there", "quiet"), [(1, 1), (2, 1), (3, 1), (8, 4)])
def test_half_of_the_threads_at_least_one_and_all_again(there: int, quiet: int) -> None:
    engine = FakeEngine()
    engine.thread_count = there
    mode = Quiet(engine)
    assert [mode.set(True), mode.set(True), mode.set(False), mode.set(True)] == [quiet, quiet, there, quiet]
    assert engine.thread_count == quiet


def test_a_run_under_way_computes_with_fewer_threads_from_its_next_step(bench: Bench) -> None:
    bench.engine.step_seconds = 0.02
    run = bench.workbench.run(CONFIG)
    bench.wait_until(lambda: bench.of(StepDone))
    assert bench.workbench.be_quiet(True).result(5) == 2
    assert not run.done()
    assert bench.engine.threads == {"atu-worker"}
    assert bench.workbench.be_quiet(False).result(5) == 5
    bench.workbench.control.stop()
    run.result(10)


def test_torch_computes_with_fewer_threads_where_it_computes(tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "runs.sqlite3")

    def used() -> int:
        def ask() -> Generator[Event, None, int]:
            import torch

            yield from ()
            assert threading.current_thread().name == "atu-worker"
            return torch.get_num_threads()

        return workbench._worker.submit(ask).result(60)

    def set_to(count: int) -> None:
        def ask() -> Generator[Event, None, None]:
            import torch

            yield from ()
            torch.set_num_threads(count)

        workbench._worker.submit(ask).result(60)

    try:
        before = used()
        set_to(4)
        assert workbench.be_quiet(True).result(60) == 2 and used() == 2
        assert workbench.be_quiet(False).result(60) == 4 and used() == 4
        set_to(before)
    finally:
        workbench.close(5)
