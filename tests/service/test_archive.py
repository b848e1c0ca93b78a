"""A damaged run store is kept aside, and the list of runs is made again from their folders."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from atu_gui.core import paths
from atu_gui.core.errors import OutputError
from atu_gui.core.events import Event, ModelLoaded, StoreMended, to_record
from atu_gui.core.locks import LOCK_FILE, FileLock
from atu_gui.core.ports import RunRecord, Weights
from atu_gui.service.archive import Archive
from atu_gui.service.workbench import Workbench
from atu_gui.store.cards import CARD_FILE
from tests.service.fakes import FakeEngine
from tests.service.test_workbench import config


@pytest.fixture
def told() -> list[Event]:
    return []


def _bench(told: list[Event], engine: FakeEngine | None = None) -> Workbench:
    bench = Workbench(engine=engine or FakeEngine())
    bench.subscribe(told.append)
    return bench


def _some_runs(told: list[Event], out: Path) -> tuple[RunRecord, ...]:
    """One in the data folder, a branch of it elsewhere, one that was stopped, and one that was deleted."""
    engine = FakeEngine()
    bench = _bench(told, engine)
    try:
        first = bench.run(config()).result(10)
        engine.other_runs[first.folder] = {1: 5.0}
        branch = bench.run(config(out=str(out)), start=Weights(first.run_id, 1)).result(10)
        deleted = bench.run(config()).result(10)
        bench.annotate_run(branch.run_id, title="A branch", note="kept", tags=("good", "new")).result(5)
        bench.delete_run(deleted.run_id).result(5)
        bench._deleted.clear()
        return tuple(bench.runs().result(5))
    finally:
        bench.close(5)


def _damage(file: Path) -> bytes:
    """Every page of the file but the first is overwritten."""
    raw = file.read_bytes()
    rest = b"\xa5" * (len(raw) - 4096)
    file.write_bytes(raw[:4096] + rest)
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    return raw[:4096] + rest


def test_everything_that_the_store_knew_comes_back(told: list[Event], tmp_path: Path) -> None:
    before = _some_runs(told, tmp_path / "elsewhere")
    content = _damage(paths.store_file())
    bench = _bench(told)
    try:
        assert tuple(bench.runs().result(10)) == before
        for record in before:
            assert bench.config_of(record.run_id).result(5).title
            lines = (Path(record.folder) / "events.jsonl").read_text(encoding="utf-8").splitlines()
            assert len(bench.events_of(record.run_id).result(5)) == len(lines)
        assert bench.find_run("last").result(5).run_id == before[0].run_id
    finally:
        bench.close(5)
    (mended,) = [event for event in told if isinstance(event, StoreMended)]
    assert (mended.runs, mended.unread) == (3, ())
    aside = Path(mended.aside)
    assert aside.name.startswith("atu.sqlite3.damaged-20") and aside.parent == paths.data_folder()
    assert aside.read_bytes() == content
    assert f"It is kept as {aside}" in mended.words and "of 3 runs." in mended.words


def test_a_file_that_is_no_database_is_found_when_it_is_opened(told: list[Event], tmp_path: Path) -> None:
    before = _some_runs(told, tmp_path / "elsewhere")
    paths.store_file().write_bytes(b"this is no database" * 1000)
    archive = Archive(paths.store_file(), told.append)
    assert tuple(archive.ask(lambda store: store.runs())) == before
    assert archive.opened().deleted_before(1e12), "what was deleted stays deleted, and is removed one day"
    archive.close()


@pytest.mark.parametrize("left", ["nothing", "an empty file", "what was not yet in the file"])
def test_a_store_that_is_gone_is_made_again(left: str, told: list[Event], tmp_path: Path) -> None:
    before = _some_runs(told, tmp_path / "elsewhere")
    file = paths.store_file()
    file.unlink()
    if left == "an empty file":
        file.touch()
    elif left != "nothing":
        file.with_name(f"{file.name}-wal").write_bytes(b"\xa5" * 5000)
    archive = Archive(file, told.append)
    assert tuple(archive.ask(lambda store: store.runs())) == before
    archive.close()
    (mended,) = [event for event in told if isinstance(event, StoreMended)]
    assert (mended.runs, mended.unread, bool(mended.aside)) == (3, (), left == "an empty file")
    assert mended.words.startswith("The run store was " + ("damaged" if mended.aside else "gone; the list"))


def test_a_new_store_has_nothing_to_make_again(told: list[Event], tmp_path: Path) -> None:
    Archive(paths.store_file(), told.append).opened().close()
    _some_runs([], tmp_path / "elsewhere")
    archive = Archive(tmp_path / "another.sqlite3", told.append)
    assert archive.opened().runs() == []
    archive.close()
    assert told == []


def test_a_store_that_is_a_folder_is_told_before_a_model_is_loaded(told: list[Event], tmp_path: Path) -> None:
    paths.store_file().mkdir(parents=True)
    engine = FakeEngine()
    bench = _bench(told, engine)
    try:
        with pytest.raises(OutputError, match=r"atu\.sqlite3 cannot be opened: it is a folder\."):
            bench.run(config()).result(10)
    finally:
        bench.close(5)
    assert not [event for event in told if isinstance(event, ModelLoaded)]
    assert not paths.runs_folder().exists()


def test_runs_of_earlier_versions_have_no_card(told: list[Event], tmp_path: Path) -> None:
    before = _some_runs(told, tmp_path / "elsewhere")
    for record in before:
        (Path(record.folder) / CARD_FILE).unlink()
    _damage(paths.store_file())
    archive = Archive(paths.store_file(), told.append)
    after = {record.run_id: record for record in archive.ask(lambda store: store.runs())}
    archive.close()
    assert set(after) == {record.run_id for record in before}
    for record in before:
        assert after[record.run_id].rounds == record.rounds
        assert after[record.run_id].status == record.status


def test_folders_that_cannot_be_read_are_named_and_gone_ones_are_not(told: list[Event], tmp_path: Path) -> None:
    before = _some_runs(told, tmp_path / "elsewhere")
    branch, first = before
    (Path(first.folder) / "config.toml").write_text("model = [", encoding="utf-8")
    Path(branch.folder).rename(tmp_path / "moved")
    _damage(paths.store_file())
    archive = Archive(paths.store_file(), told.append)
    assert archive.ask(lambda store: store.runs()) == []
    archive.close()
    (mended,) = [event for event in told if isinstance(event, StoreMended)]
    assert (mended.runs, mended.unread) == (1, (first.folder,))
    assert f"could not be read: {first.folder}." in mended.words


def test_a_run_that_was_left_or_died_is_so_again(told: list[Event], tmp_path: Path) -> None:
    before = _some_runs(told, tmp_path / "elsewhere")
    for record, status in zip(before, ("interrupted", "crashed"), strict=True):
        record_file = Path(record.folder) / "events.jsonl"
        lines = record_file.read_text(encoding="utf-8").splitlines(keepends=True)
        record_file.write_text("".join(lines[:-1]), encoding="utf-8")
        summary_file = Path(record.folder) / "summary.json"
        summary = json.loads(summary_file.read_text(encoding="utf-8"))
        summary |= {"status": "interrupted", "stopped_because": "interrupted: you left it, to be resumed"}
        summary_file.write_text(json.dumps(summary), encoding="utf-8")
        if status == "crashed":
            summary_file.unlink()
    _damage(paths.store_file())
    archive = Archive(paths.store_file(), told.append)
    after = archive.ask(lambda store: store.runs())
    archive.close()
    assert [record.status for record in after] == ["interrupted", "crashed"]
    assert after[0].stopped_because == "interrupted: you left it, to be resumed"


def test_a_run_under_way_goes_on_in_the_store_made_again(told: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    bench = _bench(told)

    def damage_once(event: Event) -> None:
        if type(event).__name__ == "RoundScored" and event.round == 1:  # type: ignore[union-attr]
            store = bench._archive.opened()
            real = store.append

            def append(*given: object) -> None:
                monkeypatch.setattr(store, "append", real)
                store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                _damage(paths.store_file())
                error = sqlite3.DatabaseError("database disk image is malformed")
                error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
                raise error

            monkeypatch.setattr(store, "append", append)

    bench.subscribe(damage_once)
    try:
        outcome = bench.run(config()).result(10)
        (record,) = bench.runs().result(5)
        assert (record.run_id, record.status, record.best_round) == (outcome.run_id, "done", 3)
        lines = (outcome.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        stored = bench.events_of(outcome.run_id).result(5)
        assert [json.dumps(to_record(event), ensure_ascii=False) for event in stored] == lines
    finally:
        bench.close(5)
    assert sum(isinstance(event, StoreMended) for event in told) == 1


@pytest.fixture
def busy() -> Iterator[sqlite3.Connection]:
    """Another process that writes and does not end."""
    paths.data_folder().mkdir(parents=True)
    archive = Archive(paths.store_file(), lambda _event: None)
    archive.opened()
    archive.close()
    connection = sqlite3.connect(paths.store_file(), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_store_that_stays_locked_is_a_sentence_and_is_left_alone(
    busy: sqlite3.Connection, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atu_gui.store.runs._BUSY_MILLISECONDS", 50)
    bench = _bench(told)
    try:
        with pytest.raises(OutputError, match="kept busy by another window or command"):
            bench.run(config()).result(10)
        busy.execute("ROLLBACK")
        assert bench.run(config()).result(10).best_round == 3
    finally:
        bench.close(5)
    assert not any(isinstance(event, StoreMended) for event in told)


def test_two_processes_do_not_mend_at_once(told: list[Event]) -> None:
    paths.data_folder().mkdir(parents=True)
    paths.store_file().write_bytes(b"this is no database" * 1000)
    other = FileLock(paths.store_file().with_name("atu.sqlite3.lock"))
    assert other.take()
    archive = Archive(paths.store_file(), told.append)
    with pytest.raises(OutputError, match="is mending the run store"):
        archive.opened()
    other.release()
    assert archive.ask(lambda store: store.runs()) == []
    archive.close()


def test_a_living_run_of_another_window_stays_running(told: list[Event], tmp_path: Path) -> None:
    (_, first) = _some_runs(told, tmp_path / "elsewhere")
    record_file = Path(first.folder) / "events.jsonl"
    lines = record_file.read_text(encoding="utf-8").splitlines(keepends=True)
    record_file.write_text("".join(lines[:-1]), encoding="utf-8")
    lock = FileLock(Path(first.folder) / LOCK_FILE)
    assert lock.take()
    _damage(paths.store_file())
    archive = Archive(paths.store_file(), told.append)
    statuses = {record.run_id: record.status for record in archive.ask(lambda store: store.runs())}
    assert statuses[first.run_id] == "running"
    lock.release()
    archive.close()
