"""The run store as the service has it: opened when it is first asked for, and made again where it is damaged.

A damaged file is kept aside under a name that tells, and a new store is filled from the folders of the runs, which hold
all of it: the config, the events, the summary and the card (`atu_gui.store.cards`).
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from atu_gui.core import paths
from atu_gui.core.config import load_config, parse_config
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.events import Event, RunStarted, StoreMended, from_record
from atu_gui.core.locks import LOCK_FILE, FileLock
from atu_gui.core.ports import UNTOUCHED, Weights
from atu_gui.core.processes import process_of
from atu_gui.core.records import parse
from atu_gui.service.folders import CONFIG_FILE, original_of
from atu_gui.store.cards import RunCard, noted_folders, read_card
from atu_gui.store.faults import DamagedStore, is_damaged
from atu_gui.store.recorder import EVENTS_FILE, recorded_lines, replayed
from atu_gui.store.rows import RunState
from atu_gui.store.runs import RunStore
from atu_gui.store.summary import SUMMARY_FILE

T = TypeVar("T")
_NOBODY = (0, 0.0)


class Archive:
    """Lives on the worker's thread.

    Args:
        file: The store's file.
        tell: Hears a `StoreMended`.
    """

    def __init__(self, file: Path, tell: Callable[[Event], None]) -> None:
        self._file = file
        self._tell = tell
        self._store: RunStore | None = None

    def opened(self) -> RunStore:
        """The store.

        Raises:
            OutputError: It cannot be written, is kept busy by another process, or is from a newer version.
        """
        if self._store is None:
            if self._is_gone():
                return self.mended()
            try:
                self._store = RunStore.open(self._file)
            except DamagedStore:
                return self.mended()
        return self._store

    def _is_gone(self) -> bool:
        """Whether there is none, or an empty file, although there are runs. What a store of another place knew is
        unknown."""
        if self._file != paths.store_file() or _has_content(self._file):
            return False
        return any(map(_seems_a_run, _folders(self._file)))

    def ask(self, question: Callable[[RunStore], T]) -> T:
        """What the store says; where it turns out to be damaged, what the one made again says.

        Raises:
            OutputError: As `opened`.
        """
        try:
            return question(self.opened())
        except sqlite3.Error as error:
            if not is_damaged(error):
                raise
        return question(self.mended())

    def mended(self) -> RunStore:
        """A whole store in place of one that is damaged or gone.

        Raises:
            OutputError: The damaged file cannot be moved, or another process is mending it.
        """
        self.close()
        lock = FileLock(self._file.with_name(f"{self._file.name}.lock"))
        try:
            if not lock.take():
                raise OutputError("Another window or command is mending the run store.", "Try again in a moment.")
            store = _whole(self._file) if _has_content(self._file) else None
            if store is None:
                aside = _put_aside(self._file)
                store = RunStore.open(self._file)
                self._tell(_filled(store, self._file, aside))
            self._store = store
        except OSError as error:
            raise OutputError(
                f"The run store {self._file} is damaged and cannot be moved aside: {error.strerror}.",
                "Close other windows, then try again.",
            ) from None
        finally:
            lock.release()
        return store

    def close(self) -> None:
        """Close the store, where it is open."""
        store, self._store = self._store, None
        if store is not None:
            store.close()


def _has_content(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError:
        # Whoever opens it says why that fails.
        return True


def _whole(file: Path) -> RunStore | None:
    """The store, where another process has mended it already."""
    try:
        store = RunStore.open(file)
    except DamagedStore:
        return None
    if store.is_whole():
        return store
    store.close()
    return None


def _put_aside(file: Path) -> Path:
    """Move the damaged file, where there is one, and what belongs to it; gives its new place.

    Raises:
        OSError: It cannot be moved.
    """
    base = file.with_name(f"{file.name}.damaged-{time.strftime('%Y-%m-%d-%H%M%S')}")
    aside, number = base, 2
    while aside.exists():
        aside, number = base.with_name(f"{base.name}-{number}"), number + 1
    # What was not yet in the file itself first: beside a new store it would be read as its own.
    for ending in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + ending).rename(aside.with_name(aside.name + ending))
    return aside


def _filled(store: RunStore, file: Path, aside: Path) -> StoreMended:
    """Every run that can be found goes into a new store, the oldest first."""
    folders = _folders(file)
    cards = [(card, folder) for folder in folders if (card := _card(folder)) is not None]
    unread = [str(folder) for folder in folders if _seems_a_run(folder) and folder not in {one for _, one in cards}]
    for card, folder in sorted(cards, key=lambda one: one[0].started):
        try:
            _bring_back(store, card, folder)
        except (InputError, OSError, ValueError):
            unread.append(str(folder))
    kept = str(aside) if aside.exists() else ""
    return StoreMended(kept, len(cards) - sum(str(folder) in unread for _, folder in cards), tuple(unread))


def _folders(file: Path) -> list[Path]:
    """Where runs may lie."""
    return list(dict.fromkeys((*noted_folders(file), *_children(paths.runs_folder()))))


def _children(folder: Path) -> list[Path]:
    try:
        return [path.absolute() for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def _seems_a_run(folder: Path) -> bool:
    return (folder / EVENTS_FILE).is_file() and (folder / CONFIG_FILE).is_file()


def _card(folder: Path) -> RunCard | None:
    """The card of a run; runs of earlier versions have none, and say the same at their beginning."""
    card = read_card(folder)
    if card is not None:
        return card
    with contextlib.suppress(OSError):
        for line in recorded_lines(folder):
            event = from_record(parse(line))
            if isinstance(event, RunStarted):
                parent = Weights(event.parent_run, event.parent_round) if event.parent_run else UNTOUCHED
                return RunCard(event.run_id, event.title, event.started, _versions(folder), parent=parent)
    return None


def _bring_back(store: RunStore, card: RunCard, folder: Path) -> None:
    """Enter one run.

    Raises:
        InputError: Its config is damaged.
        OSError: Its record cannot be read.
    """
    config = parse_config(load_config(folder / CONFIG_FILE))
    rows, state = replayed(recorded_lines(folder))
    owner = _owner(folder)
    if owner == _NOBODY and state.status in ("running", "paused"):
        state = _end_told_elsewhere(folder, state)
    original = original_of(folder)
    deleted = None if original == folder else folder.stat().st_mtime
    store.bring_back(card, config, folder=original, owner=owner, rows=rows, state=state, deleted=deleted)


def _owner(folder: Path) -> tuple[int, float]:
    """The process that works on the run in a folder."""
    path = folder / LOCK_FILE
    if not path.exists():
        return _NOBODY
    lock = FileLock(path)
    if lock.take():
        lock.release()
        return _NOBODY
    return process_of(int(lock.owner() or 0))


def _end_told_elsewhere(folder: Path, state: RunState) -> RunState:
    """How the run ended where no event tells: it was left, which its summary says. Else it counts as crashed."""
    summary = _summary(folder)
    if summary.get("status") != "interrupted":
        return state
    return RunState("interrupted", state.seconds, state.best_round, str(summary.get("stopped_because", "")))


def _versions(folder: Path) -> tuple[tuple[str, str], ...]:
    found = _summary(folder).get("versions")
    return tuple((str(name), str(value)) for name, value in found.items()) if isinstance(found, dict) else ()


def _summary(folder: Path) -> dict[str, object]:
    try:
        summary = parse((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return summary if isinstance(summary, dict) else {}
