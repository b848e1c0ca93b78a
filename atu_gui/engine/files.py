"""Checksums, syncing and removal of files; needs no torch."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from pathlib import Path

from atu_gui.core.errors import Cancelled

_CHUNK = 1 << 20


def file_sha256(path: Path, stop: threading.Event | None = None) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        Cancelled: `stop` was set meanwhile.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if stop is not None and stop.is_set():
                raise Cancelled
            digest.update(chunk)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before going on; folders only where the system can do that.

    Raises:
        OSError: The disk is full.
    """
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove a file or a folder; what is not there or in use stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
