"""Files that are written whole or not at all, and read as far as they are of a size to be read."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write under a name of its own beside the file, then rename: whoever reads finds the old content or the new, also
    where two processes write at once. What was there stays where this fails.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    partial = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        with partial.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def read_at_most(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes; devices without an end count as larger.

    Raises:
        OSError: It is larger (`EFBIG`), or cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise too_large(path, most)
    return data


def too_large(path: Path, most: int) -> OSError:
    """What is raised for a file of more than `most` bytes."""
    return OSError(errno.EFBIG, f"it is larger than {most / 1e6:.0f} MB", str(path))
