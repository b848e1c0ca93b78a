"""Notes of crashes: a file that only a process that died leaves behind, for the next start to offer.

While a process lives it has the file `running-ID-MOMENT.txt`. Python's fault handler writes into it where every thread
stood when the process is ended by a signal of the system (a bad memory access, an abort). An orderly end removes the
file. A process that was killed from outside can write nothing: its empty note is removed by the next start.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from atu_gui.core.processes import lived_at
from atu_gui.core.redaction import redacted

_KEPT = 5
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class CrashNote:
    """What a process that died left: when it wrote its last word, in Unix time (s), and where its threads stood."""

    file: Path
    died: float
    words: str


class CrashWatch:
    """Leaves a note should this process die, until it is closed. A folder that cannot be written costs nothing."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._file = folder / f"running-{os.getpid()}-{now():.0f}.txt"
        # Whoever asked for Python's own report (PYTHONFAULTHANDLER) gets it back afterwards.
        self._was_on = faulthandler.is_enabled()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_APPEND, 0o600)
        except OSError:
            self._handle = -1
            return
        faulthandler.enable(self._handle, all_threads=True)

    def write(self, words: str) -> None:
        """Last words of a process that is about to be aborted."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.write(self._handle, f"{words}\n".encode())

    def close(self) -> None:
        """An orderly end: there is nothing to offer."""
        if self._handle < 0:
            return
        faulthandler.disable()
        if self._was_on:
            with contextlib.suppress(OSError, RuntimeError, ValueError, AttributeError):
                faulthandler.enable()
        os.close(self._handle)
        self._handle = -1
        with contextlib.suppress(OSError):
            self._file.unlink()


def take_notes(folder: Path) -> tuple[CrashNote, ...]:
    """The notes that nobody has been told of, the newest first; they stay in the folder as `crash-….txt`."""
    found = []
    for file in folder.glob("running-*.txt"):
        process, _, moment = file.stem.removeprefix("running-").partition("-")
        if not (process.isdigit() and moment.isdigit()) or int(process) == os.getpid():
            continue
        if lived_at(int(process), float(moment)):
            continue
        with contextlib.suppress(OSError):
            if not file.read_text(encoding="utf-8", errors="replace").strip():
                file.unlink()
                continue
            kept = file.with_name(f"crash-{moment}-{process}.txt")
            file.replace(kept)
            found.append(_read(kept))
    for old in _kept(folder)[_KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return tuple(sorted(found, key=lambda note: note.died, reverse=True))


def last_note(folder: Path) -> CrashNote | None:
    """The newest note that is kept, told or not; None where there is none."""
    for file in _kept(folder):
        with contextlib.suppress(OSError):
            return _read(file)
    return None


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("crash-*-*.txt"), key=lambda file: file.name, reverse=True)


def _read(file: Path) -> CrashNote:
    words = file.read_text(encoding="utf-8", errors="replace")[:_LONGEST]
    return CrashNote(file, file.stat().st_mtime, redacted(words.strip()))
