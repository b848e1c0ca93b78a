"""A finished run, found by what a user calls it: an id, the beginning of one, a folder, or "last"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from atu_gui.core import paths
from atu_gui.core.config import RunConfig, load_config, parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, from_record
from atu_gui.core.records import lines_of, parse
from atu_gui.service.folders import CONFIG_FILE
from atu_gui.store.recorder import EVENTS_FILE
from atu_gui.store.runs import RunStore
from atu_gui.store.summary import SUMMARY_FILE


@dataclass(frozen=True, slots=True)
class FoundRun:
    """What is needed to ask a run again.

    Attributes:
        run_id: What `Weights.run_id` takes: the id, or the folder of a run that this machine's store does not know.
        folder: Where its rounds lie.
        config: Its exact config.
        best_round: The round it ended with; 0 where no round was good.
    """

    run_id: str
    folder: Path
    config: RunConfig
    best_round: int


def find_run(store: RunStore, name: str) -> FoundRun:
    """Find a run in the store, or by its folder alone.

    Raises:
        InputError: No run, or several, fit.
    """
    folder = paths.expanded(name).absolute()
    try:
        record = store.find(str(folder) if (folder / CONFIG_FILE).is_file() else name)
    except InputError:
        if (folder / CONFIG_FILE).is_file():
            return _in_folder(folder)
        raise
    config = parse_config(tomlkit.parse(store.config_of(record.run_id)).unwrap())
    return FoundRun(record.run_id, Path(record.folder), config, record.best_round)


def folder_of(store: RunStore, run_id: str) -> Path:
    """The folder of a run, by id or by itself.

    Raises:
        InputError: No such run.
    """
    folder = Path(run_id)
    if folder.is_absolute() and (folder / CONFIG_FILE).is_file():
        return folder
    return Path(store.find(run_id).folder)


def events_of(store: RunStore, run_id: str) -> Sequence[Event]:
    """Every recorded event of a run, in order, by its id or from its folder.

    Raises:
        InputError: No such run, or its record is gone or damaged.
    """
    if not Path(run_id).is_absolute():
        return store.events_of(run_id)
    file = folder_of(store, run_id) / EVENTS_FILE
    try:
        return [from_record(parse(line)) for line in lines_of(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "Name a run whose record is whole.") from None


def _in_folder(folder: Path) -> FoundRun:
    """A run whose folder came from another machine."""
    try:
        summary = parse((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
        best = int(summary["best_round"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{folder} holds no finished run: {SUMMARY_FILE} is missing or damaged.", "Name a run that has ended."
        ) from None
    return FoundRun(str(folder), folder, parse_config(load_config(folder / CONFIG_FILE)), best)
