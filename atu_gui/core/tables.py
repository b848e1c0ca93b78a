"""Tables as files: CSV for spreadsheets and programs, Markdown for reading."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from atu_gui.core.errors import OutputError
from atu_gui.core.files import write_whole


def as_csv(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Comma-separated, quoted where needed, one line per row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return out.getvalue()


def as_markdown(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A heading and a table; what would break a cell is escaped."""
    lines = [f"# {title}", "", _line(headings), _line(["---"] * len(headings)), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def write_text(path: Path, words: str) -> None:
    """Write a file that the user named; one that is there stays whole where this fails.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        write_whole(path, words)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", "Choose another place.") from None


def _line(cells: Sequence[str]) -> str:
    plain = (" ".join(cell.split()).replace("\\", "\\\\").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(plain)} |"
