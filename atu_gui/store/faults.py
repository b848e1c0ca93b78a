"""What SQLite complains of, in sentences."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from atu_gui.core.errors import OutputError

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_LACKING = ("no such table", "no such column")


class DamagedStore(OutputError):  # noqa: N818 - a state of the file, told as a sentence
    """The file is no database any more, or a part of it is not."""


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault, so that no other attempt can succeed."""
    # Extended codes have the primary one in their lowest byte.
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    return code in _DAMAGED or str(error).startswith(_LACKING)


def explained_store(error: sqlite3.Error, path: Path | None = None) -> OutputError:
    """The error that tells the user what to do about it."""
    store = f"The run store {path}" if path else "The run store"
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    words = str(error)
    if is_damaged(error):
        return DamagedStore(
            f"{store} is damaged: {words}.", "Try again: it is made again from the folders of the runs."
        )
    if code in _BUSY or "locked" in words:
        return OutputError(
            f"{store} is kept busy by another window or command.",
            "Try again in a moment; if it stays so, close the other one.",
        )
    if "full" in words:
        return OutputError("The disk of the run store is full.", "Free some space or set ATU_DATA to another folder.")
    return OutputError(f"{store} cannot be used: {words}.", "Set ATU_DATA to a folder that can be written.")
