"""Where the checkpoints of a run lie, as far as whoever lists runs has to know."""

from __future__ import annotations

import contextlib
from pathlib import Path

CHECKPOINTS_FOLDER = "checkpoints"
STATE_FILE = "state.json"


def numbers_in(folder: Path) -> list[int]:
    """The numbers of the whole checkpoints of the run in a folder, newest first."""
    found = [path.parent for path in (folder / CHECKPOINTS_FOLDER).glob(f"*/{STATE_FILE}")]
    return sorted((int(path.name) for path in found if path.name.isascii() and path.name.isdigit()), reverse=True)


def newest_written(folder: Path) -> float | None:
    """When the newest checkpoint was written, Unix time in seconds; None where there is none."""
    for number in numbers_in(folder):
        with contextlib.suppress(OSError):
            return (folder / CHECKPOINTS_FOLDER / str(number) / STATE_FILE).stat().st_mtime
    return None
