from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from atu_gui.core.config import dump_config
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.events import to_record
from atu_gui.core.ports import UNTOUCHED, Weights
from atu_gui.core.processes import is_alive, this_process
from atu_gui.store.faults import DamagedStore
from atu_gui.store.rows import EventRow, RunState
from atu_gui.store.runs import RunStore
from tests.store.samples import config, scored, step


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore.open(tmp_path / "deep" / "store.sqlite3")
    yield store
    store.close()


def _add(store: RunStore, run_id: str, folder: str = "folder") -> None:
    store.add(run_id, config(), folder=Path(folder).absolute(), versions={"python": "3"})


def _row(seq: int, event: object) -> EventRow:
    return EventRow(seq, type(event).__name__, 1, json.dumps(to_record(event)))  # type: ignore[arg-type]


def test_a_run_and_its_events_come_back_as_they_were(store: RunStore) -> None:
    _add(store, "3f2a")
    events = [step(1), scored(1, 3.0)]
    rows = [_row(number, event) for number, event in enumerate(events)]
    store.append("3f2a", rows, RunState("done", 3.0, 1, "all rounds done"))

    assert store.events_of("3f2a") == events
    assert store.config_of("3f2a") == dump_config(config())
    (record,) = store.runs()
    assert (record.run_id, record.title, record.concepts, record.layers) == (
        "3f2a", "Ada Lovelace", ("Ada Lovelace",), (10,),
    )  # fmt: skip
    assert (record.status, record.seconds, record.best_round) == ("done", 3.0, 1)
    assert [(line.round, line.tau) for line in record.rounds] == [(1, 0.35)]
    assert record.rounds[0].forget == scored(1, 3.0).forget_recall


def test_newest_first(store: RunStore) -> None:
    for run_id in ("aaaa", "bbbb", "cccc"):
        _add(store, run_id)
    assert [record.run_id for record in store.runs()] == ["cccc", "bbbb", "aaaa"]
    assert store.find("last").run_id == "cccc"


def test_a_run_is_found_by_id_beginning_and_folder(store: RunStore, tmp_path: Path) -> None:
    _add(store, "3f2a", str(tmp_path / "one"))
    _add(store, "3f9b", str(tmp_path / "two"))
    assert store.find("3f2a").run_id == "3f2a"
    assert store.find("3f9").run_id == "3f9b"
    assert store.find(str(tmp_path / "one")).run_id == "3f2a"
    with pytest.raises(InputError, match="fits 2 runs"):
        store.find("3f")
    for wrong in ("nope", "", "%", "3f2a0"):
        with pytest.raises(InputError, match="no run"):
            store.find(wrong)


def test_an_id_that_is_also_a_beginning_is_found(store: RunStore) -> None:
    _add(store, "3f2a")
    _add(store, "3f2a77aa")
    assert store.find("3f2a").run_id == "3f2a"


def test_what_does_not_exist_is_said(store: RunStore) -> None:
    with pytest.raises(InputError, match="no runs yet"):
        store.find("last")
    with pytest.raises(InputError, match="no run “x”"):
        store.events_of("x")
    _add(store, "3f2a")
    with pytest.raises(InputError, match="already"):
        _add(store, "3f2a")


def test_a_batch_is_written_whole_or_not_at_all(store: RunStore) -> None:
    _add(store, "3f2a")
    store.append("3f2a", [_row(1, step(1))], RunState())
    with pytest.raises(sqlite3.IntegrityError):
        store.append("3f2a", [_row(2, step(2)), _row(1, step(1))], RunState("done"))
    assert store.events_of("3f2a") == [step(1)]
    assert store.find("3f2a").status == "running"


def test_an_event_needs_its_run(store: RunStore) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.append("nobody", [_row(1, step(1))], RunState())


def test_a_second_window_sees_a_living_run_as_running(store: RunStore, tmp_path: Path) -> None:
    _add(store, "3f2a")
    other = RunStore.open(tmp_path / "deep" / "store.sqlite3")
    try:
        assert [record.status for record in other.runs()] == ["running"]
    finally:
        other.close()
    assert store.find("3f2a").status == "running"


@pytest.mark.parametrize("status", ["running", "paused"])
def test_a_run_whose_process_died_without_an_end_is_crashed(store: RunStore, tmp_path: Path, status: str) -> None:
    code = (
        "from pathlib import Path\n"
        "from atu_gui.store.rows import RunState; from atu_gui.store.runs import RunStore\n"
        "from tests.store.samples import config\n"
        f"store = RunStore.open(Path({str(tmp_path / 'deep' / 'store.sqlite3')!r}))\n"
        "store.add('dead', config(), folder=Path('x'), versions={})\n"
        f"store.append('dead', [], RunState({status!r}))\n"
        "print(*[record.status for record in store.runs()])\n"
        "store.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.getcwd())
    assert done.stdout.split() == [status]
    assert [record.status for record in store.runs()] == ["crashed"]


def test_a_process_id_used_again_is_another_process() -> None:
    pid, started = this_process()
    assert is_alive(pid, started)
    assert not is_alive(pid, started - 3600)


def test_a_store_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match="cannot be opened"):
        RunStore.open(tmp_path / "file" / "store.sqlite3")
    damaged = tmp_path / "damaged.sqlite3"
    damaged.write_bytes(b"this is no database" * 100)
    with pytest.raises(DamagedStore, match="is damaged: file is not a database"):
        RunStore.open(damaged)


def test_last_is_the_run_entered_last_although_the_clock_was_set_back(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run_id, now in (("aaaa", 5000.0), ("bbbb", 1000.0)):
        monkeypatch.setattr("atu_gui.store.runs.time.time", lambda now=now: now)
        _add(store, run_id)
    assert store.find("last").run_id == "bbbb"


def test_a_process_is_known_although_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems tell a process's start by the clock as it is now: when that is set, all starts move with it."""
    owner = this_process()
    boot, create = psutil.boot_time(), psutil.Process.create_time
    monkeypatch.setattr(psutil, "boot_time", lambda: boot + 5000.0)
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: create(process) + 5000.0)
    assert is_alive(*owner)


def test_names_notes_and_tags_can_be_changed(store: RunStore) -> None:
    _add(store, "3f2a")
    store.annotate("3f2a", title=" Leonardo, gentle ", note="kept neighbours", tags=["paper", "good"])
    (record,) = store.runs()
    assert (record.title, record.note, record.tags) == ("Leonardo, gentle", "kept neighbours", ("paper", "good"))
    with pytest.raises(InputError, match="needs a name"):
        store.annotate("3f2a", title="  ", note="", tags=[])
    assert store.find("3f2a").title == "Leonardo, gentle"


def test_a_branch_knows_its_parent(store: RunStore) -> None:
    _add(store, "3f2a")
    store.add("bbbb", config(), folder=Path("x").absolute(), versions={}, parent=Weights("3f2a", 2))
    assert store.find("bbbb").parent == Weights("3f2a", 2)
    assert store.find("3f2a").parent == UNTOUCHED


def test_a_deleted_run_is_nowhere_until_it_is_brought_back(store: RunStore) -> None:
    _add(store, "3f2a")
    store.append("3f2a", [_row(0, step(1))], RunState("done"))
    store.mark_deleted("3f2a", 100.0)
    assert store.runs() == [] and store.has("3f2a")
    with pytest.raises(InputError, match="There is no run"):
        store.find("3f2a")
    assert [name for name, _ in store.deleted_before(100.0)] == ["3f2a"] and store.deleted_before(99.0) == []
    store.mark_deleted("3f2a", None)
    assert [record.run_id for record in store.runs()] == ["3f2a"]
    store.remove("3f2a")
    assert not store.has("3f2a")


def test_a_run_that_goes_on_cannot_be_deleted(store: RunStore) -> None:
    _add(store, "3f2a")
    with pytest.raises(InputError, match="still goes on"):
        store.mark_deleted("3f2a", 100.0)
    assert len(store.runs()) == 1
