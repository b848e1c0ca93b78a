from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from atu_gui.core.errors import OutputError
from atu_gui.store.migrations import MIGRATIONS, Migration, migrate


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_new_store_gets_every_step_once(connection: sqlite3.Connection) -> None:
    assert migrate(connection) == [migration.name for migration in MIGRATIONS]
    assert {"runs", "events"} <= _tables(connection)
    assert migrate(connection) == []


def test_an_old_store_gets_only_what_it_lacks(connection: sqlite3.Connection) -> None:
    migrate(connection)
    more = (*MIGRATIONS, Migration("pins", ("CREATE TABLE pins (run_id TEXT)",)))
    assert migrate(connection, more) == ["pins"]
    assert "pins" in _tables(connection)


def test_a_step_that_fails_leaves_nothing_behind(connection: sqlite3.Connection) -> None:
    broken = (*MIGRATIONS, Migration("broken", ("CREATE TABLE half (x)", "CREATE NONSENSE")))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken)
    assert "half" not in _tables(connection)
    assert not connection.in_transaction
    assert migrate(connection) == []


def test_a_newer_store_is_refused(connection: sqlite3.Connection) -> None:
    migrate(connection, (*MIGRATIONS, Migration("from the future", ())))
    with pytest.raises(OutputError, match=r"newer version.*from the future"):
        migrate(connection)


def test_names_are_unique() -> None:
    assert len({migration.name for migration in MIGRATIONS}) == len(MIGRATIONS)
