"""The runs of this machine and their events, in one SQLite file.

A connection belongs to the thread that opened it. Several processes may use one store: WAL lets them read while one
writes, and a run is only ever written by the process that began it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from atu_gui.core.checkpoints import newest_written
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.events import Event, RoundScored, from_record
from atu_gui.core.halves import has_halves
from atu_gui.core.paths import shown
from atu_gui.core.ports import CUT_OFF, UNTOUCHED, RoundSummary, RunRecord, Weights
from atu_gui.core.processes import is_alive, this_process
from atu_gui.store.cards import RunCard, note_folder
from atu_gui.store.faults import explained_store
from atu_gui.store.migrations import migrate
from atu_gui.store.rows import EventRow, RunState, row_of

LAST = "last"
_BUSY_MILLISECONDS = 10_000
_OPEN = ("running", "paused")
# By entry, not by clock: that may have been set back since.
_NEWEST_FIRST = "ORDER BY rowid DESC"
_COLUMNS = (
    "run_id, title, concepts, layers, status, started, seconds, best_round, folder, pid, process_started, "
    "stopped_because, note, tags, parent_run, parent_round"
)


class RunStore:
    """An open store; close it on the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._let_go: set[str] = set()

    @classmethod
    def open(cls, path: Path) -> RunStore:
        """Open the store, making it where there is none.

        Raises:
            DamagedStore: It is no database any more.
            OutputError: It cannot be written, is kept busy by another process, or is from a newer version.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_MILLISECONDS / 1000)
        except (OSError, sqlite3.Error) as error:
            why = "it is a folder" if path.is_dir() else getattr(error, "strerror", None) or error
            hint = "Set ATU_DATA to a folder that can be written."
            raise OutputError(f"The run store {path} cannot be opened: {why}.", hint) from None
        try:
            # The timeout first: switching to WAL already needs the lock that another process may hold.
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection)
        except sqlite3.Error as error:
            connection.close()
            raise explained_store(error, path) from None
        except BaseException:
            connection.close()
            raise
        return cls(connection, path)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def is_whole(self) -> bool:
        """Whether all of the file can be read; takes time in proportion to its size."""
        try:
            found = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
            self._connection.execute("SELECT count(*) FROM runs").fetchone()
            self._connection.execute("SELECT count(*) FROM events WHERE run_id = ''").fetchone()
        except sqlite3.DatabaseError:
            return False
        return bool(found == ("ok",))

    def add(
        self,
        run_id: str,
        config: RunConfig,
        *,
        folder: Path,
        versions: Mapping[str, str],
        parent: Weights = UNTOUCHED,
    ) -> None:
        """Enter a run that begins now, owned by this process, with the weights of `parent`.

        The folder is also noted beside the store, so that the run is found again should the store be lost.

        Raises:
            InputError: There is a run with this id.
            OSError: The folder cannot be noted.
        """
        card = RunCard(run_id, config.title, time.time(), tuple(versions.items()), parent=parent)
        note_folder(self._path, folder)
        try:
            with self._transaction():
                self._enter(card, config, folder, this_process(), None)
        except sqlite3.IntegrityError:
            raise InputError(f"There is a run {run_id} already.") from None

    def bring_back(
        self,
        card: RunCard,
        config: RunConfig,
        *,
        folder: Path,
        owner: tuple[int, float],
        rows: Sequence[EventRow],
        state: RunState,
        deleted: float | None = None,
    ) -> None:
        """Enter a run that is known from its folder alone; one that is there already stays as it is."""
        if self.has(card.run_id):
            return
        with self._transaction():
            self._enter(card, config, folder, owner, deleted)
            self._insert(card.run_id, rows, state)

    def card_of(self, run_id: str) -> RunCard:
        """What is to be kept in the run's folder.

        Raises:
            InputError: Unknown run.
        """
        record = self.find(run_id)
        versions = tuple(self.versions_of(record.run_id).items())
        return RunCard(record.run_id, record.title, record.started, versions, record.note, record.tags, record.parent)

    def remove_in(self, folder: Path) -> None:
        """Forget runs of which nothing came, and whose folder another run is about to use."""
        self._connection.execute("DELETE FROM runs WHERE folder = ? AND deleted IS NULL", (str(folder),))

    def append(self, run_id: str, rows: Sequence[EventRow], state: RunState) -> None:
        """Add events and update the run's state, in one transaction."""
        with self._transaction():
            self._insert(run_id, rows, state)

    def rewrite(self, run_id: str, rows: Sequence[EventRow], state: RunState) -> None:
        """Let these be all events of a run that is gone on with."""
        with self._transaction():
            self._connection.execute("DELETE FROM events WHERE run_id = ?", (run_id,))
            self._insert(run_id, rows, state)

    def take_over(self, run_id: str) -> None:
        """Let this process own a run that was cut off.

        Raises:
            InputError: Unknown run, one that came to an end, or one that another process works on.
        """
        with self._transaction():
            self.check_cut_off(self.find(run_id))
            self._own(run_id)

    def take_back(self, run_id: str) -> None:
        """Let this process own a run that it works on, in a store that was made again meanwhile."""
        with self._transaction():
            self._own(run_id)

    def let_go(self, run_id: str) -> None:
        """This process works on the run no more, although no end of it could be written."""
        self._let_go.add(run_id)

    @staticmethod
    def check_cut_off(record: RunRecord) -> None:
        """Refuse a run that cannot be gone on with.

        Raises:
            InputError: It came to an end, or somebody works on it.
        """
        if record.goes_on:
            raise InputError(f"Run {record.run_id} goes on in a window or command.", "Look for it there.")
        if not record.was_cut_off:
            raise InputError(
                f"Run {record.run_id} has come to its end ({record.status}); there is nothing to resume.",
                "Branch from one of its rounds to go on from there.",
            )

    def has(self, run_id: str) -> bool:
        """Whether there is a run with this id."""
        return self._connection.execute("SELECT 1 FROM runs WHERE run_id = ?", (run_id,)).fetchone() is not None

    def runs(self) -> list[RunRecord]:
        """All runs but deleted ones, newest first; one whose process died without an end counts as crashed."""
        return [self._record(row) for row in self._select(f"1 {_NEWEST_FIRST}")]

    def annotate(self, run_id: str, *, title: str, note: str, tags: Sequence[str]) -> None:
        """Change what the user may change about a run.

        Raises:
            InputError: Unknown run, or a title of blanks.
        """
        if not title.strip():
            raise InputError("A run needs a name.", "Type at least one letter.")
        self._require(run_id)
        self._connection.execute(
            "UPDATE runs SET title = ?, note = ?, tags = ? WHERE run_id = ?",
            (title.strip(), note.strip(), json.dumps(list(tags), ensure_ascii=False), run_id),
        )

    def mark_deleted(self, run_id: str, when: float | None) -> RunRecord:
        """Take a run out of every list (None: put it back); returns it.

        Raises:
            InputError: Unknown run, or one that still goes on.
        """
        self._require(run_id)
        (row,) = self._connection.execute(f"SELECT {_COLUMNS} FROM runs WHERE run_id = ?", (run_id,)).fetchall()
        record = self._record(row)
        if when is not None and record.goes_on:
            raise InputError(f"Run {run_id} still goes on.", "Stop it first, then delete it.")
        self._connection.execute("UPDATE runs SET deleted = ? WHERE run_id = ?", (when, run_id))
        return record

    def deleted_before(self, when: float) -> list[tuple[str, Path]]:
        """Ids and folders of runs that were deleted before a Unix time."""
        rows = self._connection.execute("SELECT run_id, folder FROM runs WHERE deleted <= ?", (when,))
        return [(str(run_id), Path(folder)) for run_id, folder in rows.fetchall()]

    def remove(self, run_id: str) -> None:
        """Forget a run and its events for good."""
        self._connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))

    def find(self, name: str) -> RunRecord:
        """A run by its id, the beginning of its id, its folder, or "last".

        Raises:
            InputError: No run, or several, fit.
        """
        hint = "`atu runs` lists them."
        if has_halves(name):
            # A name of bytes that are no text, which no run has.
            raise InputError(f"There is no run “{shown(name)}”.", hint)
        if name == LAST:
            rows = self._select(f"1 {_NEWEST_FIRST} LIMIT 1")
            if not rows:
                raise InputError("There are no runs yet.", "Begin one with `atu run`.")
            return self._record(rows[0])
        rows = self._select("run_id = ?", name) or self._select("folder = ?", str(Path(name).absolute()))
        rows = rows or (self._select("substr(run_id, 1, ?) = ?", len(name), name) if name else [])
        if not rows:
            raise InputError(f"There is no run “{name}”.", hint)
        if len(rows) > 1:
            fitting = ", ".join(str(row[0]) for row in rows[:5])
            raise InputError(f"“{name}” fits {len(rows)} runs: {fitting}.", "Write more of the id.")
        return self._record(rows[0])

    def events_of(self, run_id: str) -> list[Event]:
        """Every recorded event of a run, in order.

        Raises:
            InputError: Unknown run.
        """
        self._require(run_id)
        rows = self._connection.execute("SELECT data FROM events WHERE run_id = ? ORDER BY seq", (run_id,))
        return [from_record(json.loads(data)) for (data,) in rows]

    def config_of(self, run_id: str) -> str:
        """The run's config as TOML.

        Raises:
            InputError: Unknown run.
        """
        return str(self._require(run_id, "config"))

    def versions_of(self, run_id: str) -> dict[str, str]:
        """The versions that the run began with, by name.

        Raises:
            InputError: Unknown run.
        """
        found: dict[str, str] = json.loads(str(self._require(run_id, "versions")))
        return found

    def stopped_because(self, run_id: str) -> str:
        """Why the run ended, empty while it goes on.

        Raises:
            InputError: Unknown run.
        """
        return str(self._require(run_id, "stopped_because"))

    def _own(self, run_id: str) -> None:
        pid, started = this_process()
        self._let_go.discard(run_id)
        self._connection.execute(
            "UPDATE runs SET status = 'running', pid = ?, process_started = ? WHERE run_id = ?", (pid, started, run_id)
        )

    def _enter(
        self, card: RunCard, config: RunConfig, folder: Path, owner: tuple[int, float], deleted: float | None
    ) -> None:
        values = row_of(card, config, folder, owner, deleted)
        marks = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT INTO runs ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))

    def _insert(self, run_id: str, rows: Sequence[EventRow], state: RunState) -> None:
        self._connection.executemany(
            "INSERT INTO events (run_id, seq, kind, step, data) VALUES (?, ?, ?, ?, ?)",
            [(run_id, row.seq, row.kind, row.step, row.data) for row in rows],
        )
        self._connection.execute(
            "UPDATE runs SET status = ?, seconds = ?, best_round = ?, stopped_because = ? WHERE run_id = ?",
            (state.status, state.seconds, state.best_round, state.stopped_because, run_id),
        )

    def _require(self, run_id: str, column: str = "run_id") -> object:
        row = self._connection.execute(f"SELECT {column} FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        if row is None:
            raise InputError(f"There is no run “{run_id}”.", "`atu runs` lists them.")
        return row[0]

    def _select(self, condition: str, *values: object) -> list[tuple[object, ...]]:
        query = f"SELECT {_COLUMNS} FROM runs WHERE deleted IS NULL AND {condition}"
        return self._connection.execute(query, values).fetchall()

    def _record(self, row: Sequence[object]) -> RunRecord:
        run_id, title, concepts, layers, status, started, seconds, best_round, folder, pid, process_started = row[:11]
        because, note, tags, parent_run, parent_round = row[11:]
        # Judged anew at every reading and never written: another window's run must not be marked by this one.
        alive = run_id not in self._let_go and is_alive(int(str(pid)), float(str(process_started)))
        dead = status in _OPEN and not alive
        now = "crashed" if dead else str(status)
        return RunRecord(
            run_id=str(run_id),
            title=str(title),
            concepts=tuple(json.loads(str(concepts))),
            layers=tuple(json.loads(str(layers))),
            status=now,
            started=float(str(started)),
            seconds=float(str(seconds)),
            best_round=int(str(best_round)),
            folder=str(folder),
            rounds=tuple(self._rounds(str(run_id))),
            stopped_because=str(because),
            note=str(note),
            tags=tuple(json.loads(str(tags))),
            parent=Weights(str(parent_run), int(str(parent_round))) if parent_run else UNTOUCHED,
            checkpoint=newest_written(Path(str(folder))) if now in CUT_OFF else None,
        )

    def _rounds(self, run_id: str) -> Iterator[RoundSummary]:
        query = "SELECT data FROM events WHERE run_id = ? AND kind = 'RoundScored' ORDER BY seq"
        for (data,) in self._connection.execute(query, (run_id,)).fetchall():
            scored = from_record(json.loads(data))
            assert isinstance(scored, RoundScored)
            yield RoundSummary(
                scored.round,
                scored.tau,
                scored.recall("forget", "test"),
                scored.recall("neighbour", "test"),
                scored.token_loss,
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
