"""What the store knows and nobody else says, kept where it outlives the store: `run.json` in a run's folder, and a list
of the folders beside the store."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from atu_gui.core.files import write_whole
from atu_gui.core.ports import UNTOUCHED, Weights
from atu_gui.core.records import parse, restore

CARD_FILE = "run.json"
_FOLDERS_FILE = "run-folders.txt"


@dataclass(frozen=True, slots=True)
class RunCard:
    """What would be lost with the store.

    Attributes:
        run_id: The run.
        title: What the user calls it now.
        started: Unix time in seconds.
        versions: Of everything that may change a result, as pairs of name and version.
        note, tags: What the user wrote about it.
        parent: The round with whose weights it began.
    """

    run_id: str
    title: str
    started: float
    versions: tuple[tuple[str, str], ...] = ()
    note: str = ""
    tags: tuple[str, ...] = ()
    parent: Weights = UNTOUCHED


def write_card(folder: Path, card: RunCard) -> None:
    """Write it, whole or not at all.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    write_whole(folder / CARD_FILE, json.dumps(dataclasses.asdict(card), ensure_ascii=False, indent=1) + "\n")


def read_card(folder: Path) -> RunCard | None:
    """The card in a folder; None where there is none, or a damaged one (runs of earlier versions have none)."""
    try:
        card = restore(RunCard, parse((folder / CARD_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    fits = isinstance(card, RunCard) and isinstance(card.run_id, str) and isinstance(card.title, str)
    return card if fits and isinstance(card.started, int | float) else None


def note_folder(store_file: Path, folder: Path) -> None:
    """Note beside the store that a run lies in a folder.

    Raises:
        OSError: It cannot be written.
    """
    with store_file.with_name(_FOLDERS_FILE).open("a", encoding="utf-8") as file:
        file.write(f"{folder}\n")


def noted_folders(store_file: Path) -> list[Path]:
    """Folders of runs that the store knew, or one that lay in its place before, oldest first."""
    try:
        lines = store_file.with_name(_FOLDERS_FILE).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    return [Path(line) for line in dict.fromkeys(lines) if line]
