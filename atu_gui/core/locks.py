"""One owner at a time of a folder or file: a lock of the system's on a small file that names who holds it.

The system lets go of the lock when its process ends, however it ends; so a file that a dead process left locks nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

from atu_gui.core.errors import OutputError

LOCK_FILE = "in-use.lock"

if sys.platform == "win32":
    import msvcrt

    # Beyond the content, which others must be able to read.
    _FAR = 1 << 30

    def _lock(file: IO[bytes]) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Held from `take` to `release`, or until the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Whether this is the owner from now on; False where somebody else is.

        Raises:
            OSError: The file cannot be made.
        """
        while True:
            file = self._path.open("a+b", buffering=0)
            try:
                _lock(file)
                # Whoever held it may have removed the file between the two.
                if os.name == "nt" or os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                    file.truncate(0)
                    file.write(str(os.getpid()).encode())
                    self._file = file
                    return True
                file.close()
            except FileNotFoundError:
                file.close()
            except (BlockingIOError, PermissionError):
                file.close()
                return False
            except BaseException:
                file.close()
                raise

    def owner(self) -> str:
        """The process id of whoever holds it, as far as it can be read; else ""."""
        with contextlib.suppress(OSError):
            words = self._path.read_bytes()[:20].decode("ascii", "replace")
            return words if words.isdigit() else ""
        return ""

    def release(self) -> None:
        """Let go; nothing happens where it is not held."""
        file, self._file = self._file, None
        if file is None:
            return
        with contextlib.suppress(OSError):
            if os.name == "nt":
                file.close()
            # Before the lock is gone: else another's file would be removed.
            self._path.unlink()
        with contextlib.suppress(OSError):
            file.close()


def occupy(folder: Path, file: Path | None = None) -> FileLock:
    """Let no other process write into a folder until the lock is released, or this process ends.

    Args:
        folder: The folder.
        file: The lock, where it must not lie in the folder itself.

    Raises:
        OutputError: Another window or command does, or the folder cannot be written.
    """
    lock = FileLock(file or folder / LOCK_FILE)
    try:
        if lock.take():
            return lock
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be written: {error.strerror}.", "Choose another folder."
        ) from None
    owner = lock.owner()
    who = f" (process {owner})" if owner else ""
    raise OutputError(
        f"Another window or command{who} writes into {folder}.", "Wait until it has ended, or choose another folder."
    )
