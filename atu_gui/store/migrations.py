"""How the database came to its present shape: named steps, appended to and never changed.

Each step runs in one transaction together with the line that records it, so a store is never half migrated, and two
windows that open an old store at once do not migrate it twice.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from atu_gui.core.errors import OutputError


@dataclass(frozen=True, slots=True)
class Migration:
    """A named step; its name is stored, so it must never change."""

    name: str
    statements: tuple[str, ...]


MIGRATIONS = (
    Migration(
        "runs and events",
        (
            """
            CREATE TABLE runs (
                run_id TEXT PRIMARY KEY,
                title TEXT NOT NULL,
                concepts TEXT NOT NULL,
                layers TEXT NOT NULL,
                recipe TEXT NOT NULL,
                config TEXT NOT NULL,
                versions TEXT NOT NULL,
                folder TEXT NOT NULL,
                started REAL NOT NULL,
                pid INTEGER NOT NULL,
                process_started REAL NOT NULL,
                status TEXT NOT NULL
                    CHECK (status IN ('running', 'paused', 'done', 'stopped', 'failed', 'interrupted')),
                seconds REAL NOT NULL DEFAULT 0,
                best_round INTEGER NOT NULL DEFAULT 0,
                stopped_because TEXT NOT NULL DEFAULT ''
            )
            """,
            """
            CREATE TABLE events (
                run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
                seq INTEGER NOT NULL,
                kind TEXT NOT NULL,
                step INTEGER,
                data TEXT NOT NULL,
                PRIMARY KEY (run_id, seq)
            ) WITHOUT ROWID
            """,
            # The list of runs shows every round's scores; this keeps it from reading every step to find them.
            "CREATE INDEX scored_rounds ON events (run_id, seq) WHERE kind = 'RoundScored'",
            "CREATE INDEX runs_by_start ON runs (started)",
        ),
    ),
    Migration(
        "notes, tags, deletion and branches",
        (
            "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
            # Unix time at which the user deleted the run; NULL while it is kept.
            "ALTER TABLE runs ADD COLUMN deleted REAL",
            # The round whose weights the run began with; an empty id where it began untouched.
            "ALTER TABLE runs ADD COLUMN parent_run TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE runs ADD COLUMN parent_round INTEGER NOT NULL DEFAULT 0",
        ),
    ),
)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> list[str]:
    """Bring a store to the present shape; returns the names of the steps that were missing.

    Args:
        connection: In autocommit mode (`isolation_level=None`).
        migrations: All steps, oldest first.

    Raises:
        OutputError: A newer version of the program made this store.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied REAL NOT NULL)")
    known = {migration.name for migration in migrations}
    newer = sorted(_applied(connection) - known)
    if newer:
        raise OutputError(
            f"The run store was made by a newer version of atu-gui (it has “{newer[0]}”).",
            "Update atu-gui, or set ATU_DATA to another folder.",
        )
    return [migration.name for migration in migrations if _apply(connection, migration)]


def _apply(connection: sqlite3.Connection, migration: Migration) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Looked up inside the transaction: another process may have been faster.
        missing = migration.name not in _applied(connection)
        if missing:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", (migration.name, time.time()))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return missing


def _applied(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM migrations")}
