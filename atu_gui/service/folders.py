"""The folder of a run: where it is, whether it can be used, and the texts that are kept in it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from atu_gui.core import paths
from atu_gui.core.checkpoints import CHECKPOINTS_FOLDER
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import OutputError
from atu_gui.core.events import Note
from atu_gui.core.locks import FileLock, occupy
from atu_gui.core.materials import Materials
from atu_gui.store.cards import CARD_FILE
from atu_gui.store.recorder import EVENTS_FILE
from atu_gui.store.summary import SUMMARY_FILE

CONFIG_FILE = "config.toml"
TEXTS_FOLDER = "texts"
CHATS_FILE = "chats.jsonl"
ASKED_FILE = "asked.jsonl"
LOOKS_FILE = "looks.jsonl"
AUDITS_FILE = "audits.jsonl"
EVALUATIONS_FOLDER = "evaluations"
_DELETED = ".deleted-"
# All that a run writes into its folder.
OF_A_RUN = (
    CONFIG_FILE,
    CARD_FILE,
    EVENTS_FILE,
    SUMMARY_FILE,
    TEXTS_FOLDER,
    CHATS_FILE,
    ASKED_FILE,
    LOOKS_FILE,
    AUDITS_FILE,
    EVALUATIONS_FOLDER,
    CHECKPOINTS_FOLDER,
    "rounds",
    "heads",
)
# The record of a small run; what its rounds take is known once the model is loaded.
LEAST_BYTES = 32 * 2**20
_OTHER = "Choose another folder."


def run_folder(config: RunConfig, now: float | None = None) -> Path:
    """The folder that a config names, or a new one below the user's runs."""
    if config.out is not None:
        return paths.expanded(config.out).absolute()
    stamp = time.strftime("%Y-%m-%d-%H%M%S", time.localtime(now))
    base = paths.runs_folder() / f"{stamp}-{slug(config.title)}"
    folder, number = base, 2
    while folder.exists():
        folder, number = base.with_name(f"{base.name}-{number}"), number + 1
    return folder.absolute()


def slug(title: str) -> str:
    """A title as part of a file name that every system takes."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40].strip("-") or "run"


def claim(folder: Path) -> FileLock:
    """Make the folder where it is missing and find out by trying whether a run can live there. It is the caller's until
    the lock is released.

    Raises:
        OutputError: It cannot be made or written, is full, in use, or holds a run already.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except FileExistsError:
        raise OutputError(f"{folder} is a file, not a folder.", _OTHER) from None
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be written: {error.strerror}.", _OTHER) from None
    lock = occupy(folder)
    try:
        if _holds_a_run(folder):
            raise OutputError(f"The folder {folder} holds a run already.", _OTHER)
        require_space(folder, LEAST_BYTES)
    except BaseException:
        lock.release()
        raise
    return lock


def aside_of(folder: Path, run_id: str) -> Path:
    """Where the files of a deleted run lie until they are removed for good."""
    return folder.with_name(f".{folder.name}{_DELETED}{run_id}")


def original_of(folder: Path) -> Path:
    """The folder of a run, given that or where its files lie since it was deleted."""
    name, _, run_id = folder.name.rpartition(_DELETED)
    return folder.with_name(name[1:]) if run_id and name.startswith(".") else folder


def clear(folder: Path) -> None:
    """Remove what a run of which nothing came left in the folder; nothing else."""
    for name in OF_A_RUN:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def require_space(folder: Path, needed: int) -> None:
    """Refuse a folder whose disk is too full.

    Raises:
        OutputError: There is less space than `needed` bytes.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"There is no space left for the run in {folder}: it needs about {_megabytes(needed)}, "
            f"and {_megabytes(free)} are free.",
            "Free some space or choose another folder.",
        )


def add_line(folder: Path, name: str, line: str, what: str) -> Iterator[Note]:
    """Add a line to a file of a run; where that fails no work ends, but a note says that `what` is not kept."""
    try:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        yield Note("warning", f"{what} not kept in {folder}: {error.strerror}.")


def write_texts(folder: Path, materials: Materials) -> None:
    """Keep what the run works on, in the formats that `--texts`, `--retain` and `--probes` read."""
    target = folder / TEXTS_FOLDER
    target.mkdir(exist_ok=True)
    for name, passages in (("concept", materials.concept_passages), ("retain", materials.retain_passages)):
        _write_lines(target / f"{name}.jsonl", (asdict(passage) for passage in passages))
    pack = [
        *(asdict(probe) for probe in materials.probes),
        *({"kind": "neutral", "text": text} for text in materials.neutral_texts),
        *({"kind": "instruction", "text": text} for text in materials.fluency_prompts),
    ]
    _write_lines(target / "probes.jsonl", pack)
    _write_lines(target / "neighbours.jsonl", ({"neighbour": name} for name in materials.neighbours))


def _write_lines(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _holds_a_run(folder: Path) -> bool:
    """Whether anything would be lost: a scored round, or the record of a run that goes on or was torn off."""
    summary = folder / SUMMARY_FILE
    if not summary.exists():
        return (folder / EVENTS_FILE).exists()
    try:
        return bool(json.loads(summary.read_text(encoding="utf-8"))["rounds"])
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"
