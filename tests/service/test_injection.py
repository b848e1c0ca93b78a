"""Every write of the service and the store fails, one after the other: a sentence is said, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from atu_gui.bench.faulty import DISK, STORE, Fault, Faulty, Point, points_of
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import AtuError, InternalError, UserError
from atu_gui.core.events import RunFailed, from_record
from atu_gui.core.ports import RunOutcome
from atu_gui.core.records import lines_of, parse
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine
from tests.service.test_workbench import config

pytestmark = pytest.mark.slow


def _config() -> RunConfig:
    return config(guards={"action": "stop"})


def _run(home: Path, point: Point | None = None, time: int = 1, fault: Fault = "full") -> tuple[Faulty, object, bool]:
    """One run in a data folder of its own; what came of it, or the error; and whether a run then seems to go on."""
    os.environ["ATU_DATA"] = str(home)
    faulty = Faulty(home, home.with_suffix(".points"), point, time, fault)
    failed: object = None
    with faulty():
        bench = Workbench(engine=FakeEngine())
        told: list[RunFailed] = []
        bench.subscribe(lambda event: told.append(event) if isinstance(event, RunFailed) else None)
        try:
            failed = bench.run(_config()).result(30)
        except Exception as error:
            failed = error
            assert len(told) == 1, "what ends a run is told"
    # The same window: another one sees only that this process lives.
    goes_on = any(record.goes_on for record in bench.runs().result(10))
    bench.close(5)
    return faulty, failed, goes_on


def _check(home: Path, failed: object) -> str:
    """What is wrong with what a fault left behind, or ""."""
    if isinstance(failed, InternalError) or not isinstance(failed, UserError | RunOutcome):
        return f"no sentence: {failed!r}"
    if isinstance(failed, AtuError) and not (failed.message.endswith(".") and failed.hint):
        return f"half a sentence: {failed}"
    bench = Workbench(engine=FakeEngine())
    try:
        for record in bench.runs().result(10):
            with contextlib.suppress(FileNotFoundError):
                file = Path(record.folder) / "events.jsonl"
                events = [from_record(parse(line)) for line in lines_of(file.read_text(encoding="utf-8"))]
                stored = list(bench.events_of(record.run_id).result(10))
                # A store that could not be written lags behind the file, which is the truth.
                if stored != events[: len(stored)]:
                    return "store and file tell different things"
                if isinstance(failed, RunOutcome) and (stored != events or record.status != "done"):
                    return "a run that ended well has no whole record"
        if bench.run(_config()).result(30).best_round != 3:
            return "no other run can be made"
    except AtuError as error:
        return f"nothing goes any more: {error}"
    finally:
        bench.close(5)
    return ""


def test_every_write_may_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watched, outcome, _ = _run(tmp_path / "watched")
    assert isinstance(outcome, RunOutcome)
    points = points_of(watched.report)[1]
    assert len(points) > 30
    rows, wrong, number = [], [], 0
    for point, times in sorted(points.items(), key=repr):
        for fault in STORE if point.kind == "store" else DISK:
            for time in sorted({1, (times + 1) // 2, times}):
                number += 1
                home = tmp_path / f"run-{number}"
                faulty, failed, goes_on = _run(home, point, time, fault)
                happened = points_of(faulty.report)[0]
                bad = ("it seems to go on" if goes_on else _check(home, failed)) if happened else ""
                told = "went on" if isinstance(failed, RunOutcome) else str(failed).replace(str(home), "…")
                rows.append(
                    f"{point.where} · {point.what} ({time} of {times}) · {fault}: {told}{bad and f'  !! {bad}'}"
                )
                wrong += [rows[-1]] if bad else []
    with capsys.disabled():
        print("", *rows, f"{number} faults, {len(wrong)} not taken well", sep="\n")
    assert wrong == []
