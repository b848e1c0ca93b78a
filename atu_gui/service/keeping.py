"""What becomes of a run after its end: its texts read again, its files moved aside, brought back or removed."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from atu_gui.core import paths
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.service.folders import OF_A_RUN, TEXTS_FOLDER, aside_of
from atu_gui.store.cards import write_card
from atu_gui.store.runs import RunStore

# Another window may still offer to undo what it deleted a moment ago.
_KEPT_SECONDS = 3600.0


def read_texts(folder: Path) -> Materials:
    """What `write_texts` wrote: the very texts and questions of a run, so that another run can be compared with it.

    Raises:
        InputError: They are gone or damaged.
    """
    texts = folder / TEXTS_FOLDER
    try:
        pack = list(_lines(texts / "probes.jsonl"))
        concept = tuple(Passage(**record) for record in _lines(texts / "concept.jsonl"))
        retain = tuple(Passage(**record) for record in _lines(texts / "retain.jsonl"))
        return Materials(
            concept_passages=concept,
            retain_passages=retain,
            neutral_texts=tuple(str(record["text"]) for record in pack if record["kind"] == "neutral"),
            probes=tuple(Probe(**record) for record in pack if record["kind"] not in ("neutral", "instruction")),
            fluency_prompts=tuple(str(record["text"]) for record in pack if record["kind"] == "instruction"),
            neighbours=tuple(str(record["neighbour"]) for record in _lines(texts / "neighbours.jsonl")),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The texts of the run in {folder} cannot be read: {error}.", "Start a new run from the set-up instead."
        ) from None


def annotate(store: RunStore, run_id: str, *, title: str, note: str, tags: Sequence[str]) -> None:
    """Change what the user may change about a run, in the store and in the run's folder.

    Raises:
        InputError: Unknown run, or a title of blanks.
    """
    store.annotate(run_id, title=title, note=note, tags=tags)
    # The folder may be gone, or on a disk that cannot be written; the store has it.
    with contextlib.suppress(OSError):
        write_card(Path(store.find(run_id).folder), store.card_of(run_id))


def delete(store: RunStore, run_id: str) -> None:
    """Take a run out of the list and move its files aside, within the same disk.

    Raises:
        InputError: Unknown run, or one that still goes on.
        OutputError: Its files cannot be moved; the run stays.
    """
    record = store.mark_deleted(run_id, time.time())
    folder = Path(record.folder)
    try:
        if folder.is_dir():
            aside = aside_of(folder, run_id)
            aside.mkdir(exist_ok=True)
            for path in _own_files(folder):
                path.rename(aside / path.name)
            # A folder with something else in it is the user's.
            with contextlib.suppress(OSError):
                folder.rmdir()
    except OSError as error:
        undelete(store, run_id)
        message = f"The files of run {run_id} cannot be moved: {error.strerror}."
        raise OutputError(message, "Close what uses them, then try again.") from None


def undelete(store: RunStore, run_id: str) -> None:
    """Bring a deleted run back, files included.

    Raises:
        InputError: Unknown run.
        OutputError: Its files cannot be moved back.
    """
    record = store.mark_deleted(run_id, None)
    folder = Path(record.folder)
    aside = aside_of(folder, run_id)
    if not aside.is_dir():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in list(aside.iterdir()):
            path.rename(folder / path.name)
        aside.rmdir()
    except OSError as error:
        raise OutputError(
            f"The files of run {run_id} cannot be moved back: {error.strerror}.", f"They lie in {aside}."
        ) from None


def remove_deleted(store: RunStore, *, everything_of: frozenset[str] = frozenset()) -> None:
    """Remove deleted runs for good: those named, and those that were deleted more than an hour ago."""
    now = time.time()
    old = {run_id for run_id, _ in store.deleted_before(now - _KEPT_SECONDS)}
    for run_id, folder in store.deleted_before(now):
        if run_id in everything_of or run_id in old:
            shutil.rmtree(aside_of(folder, run_id), ignore_errors=True)
            store.remove(run_id)


def _own_files(folder: Path) -> list[Path]:
    """All of a folder that we made; of one that the user named only what a run writes."""
    if folder.parent == paths.runs_folder().absolute():
        return list(folder.iterdir())
    return [folder / name for name in OF_A_RUN if (folder / name).exists()]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
