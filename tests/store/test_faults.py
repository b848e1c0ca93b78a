from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from atu_gui.store.faults import DamagedStore, explained_store, is_damaged


def _error(words: str, code: int | None = None) -> sqlite3.Error:
    error = sqlite3.DatabaseError(words)
    if code is not None:
        error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (_error("database or disk is full", sqlite3.SQLITE_FULL), "The disk of the run store is full."),
        (_error("database is locked", sqlite3.SQLITE_BUSY), "kept busy by another window or command"),
        (_error("disk I/O error", sqlite3.SQLITE_IOERR), "cannot be used: disk I/O error"),
        (_error("database disk image is malformed", sqlite3.SQLITE_CORRUPT), "is damaged"),
    ],
)
def test_each_complaint_is_a_sentence_with_advice(error: sqlite3.Error, words: str) -> None:
    found = explained_store(error, Path("store"))
    assert words in found.message and found.message.endswith(".") and found.hint


def test_damage_is_told_from_what_passes(tmp_path: Path) -> None:
    (tmp_path / "no.sqlite3").write_bytes(b"this is no database" * 100)
    connection = sqlite3.connect(tmp_path / "no.sqlite3")
    with pytest.raises(sqlite3.DatabaseError) as caught:
        connection.execute("SELECT * FROM runs")
    connection.close()
    assert is_damaged(caught.value)
    assert isinstance(explained_store(caught.value), DamagedStore)
    # SQLITE_CORRUPT_INDEX: the primary code is in the lowest byte.
    assert is_damaged(_error("malformed", sqlite3.SQLITE_CORRUPT | 3 << 8))
    assert not is_damaged(_error("database is locked", sqlite3.SQLITE_BUSY))
