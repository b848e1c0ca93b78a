"""Presets of the user's own: a schedule with its settings under a name, one TOML file each in the config folder.

A preset says how a run goes, not what it is about: no model, no concept, no file of texts, and neither seed nor budget.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from atu_gui.core import paths
from atu_gui.core.config import RoundPlan, RunConfig, dump_config, load_config, parse_config
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.files import write_whole
from atu_gui.core.schedule import CUSTOM, PRESETS, settle

LONGEST_NAME = 60
_WHOLE = ("recipe", "windows", "head", "align", "unlearn", "rounds", "guards", "probing")
# Of the texts only how many are used; which ones belongs to the concept.
_OF_TEXTS = ("passages", "retain_passages", "probes_limit")


@dataclass(frozen=True, slots=True)
class Preset:
    """One of them.

    Attributes:
        values: The parts of a config that it says, as plain data.
        rounds: Its rounds.
    """

    name: str
    path: Path
    values: dict[str, Any]
    rounds: tuple[RoundPlan, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """All presets of the user's own by name, and a sentence for every file that is none."""

    presets: tuple[Preset, ...] = ()
    faults: tuple[str, ...] = ()

    def find(self, name: str) -> Preset | None:
        """The preset of a name, however it is capitalised."""
        return next((one for one in self.presets if one.name.casefold() == name.strip().casefold()), None)


def presets_folder() -> Path:
    """Where they are kept."""
    return paths.config_folder() / "presets"


def load_presets() -> Shelf:
    """Read them all; a file that cannot be used costs only itself."""
    made: dict[str, Preset] = {}
    faults = []
    try:
        files = sorted(presets_folder().glob("*.toml"))
    except OSError as error:
        return Shelf(faults=(f"The presets in {presets_folder()} cannot be read: {error.strerror}.",))
    for path in files:
        try:
            preset = _read(path)
            if preset.name.casefold() in made:
                raise InputError(f"{path}: there is another preset “{preset.name}”.")
            made[preset.name.casefold()] = preset
        except InputError as error:
            faults.append(f"A preset is left out. {error.message} Mend or remove {path.name} in {path.parent}.")
    return Shelf(tuple(made[key] for key in sorted(made)), tuple(faults))


def find_preset(name: str) -> Preset:
    """The preset of a name.

    Raises:
        InputError: There is none; names those that there are.
    """
    shelf = load_presets()
    found = shelf.find(name)
    if found is None:
        names = ", ".join((*PRESETS, *(one.name for one in shelf.presets)))
        raise InputError(f"There is no schedule “{name}”.", " ".join((f"Choose one of {names}.", *shelf.faults)))
    return found


def name_fault(name: str) -> str:
    """Why a name cannot be a preset's, as a sentence; "" where it can."""
    plain = name.strip()
    if not plain or not plain.isprintable():
        return "A preset needs a name of printable characters."
    if len(plain) > LONGEST_NAME:
        return f"The name has {len(plain)} characters; {LONGEST_NAME} are the most."
    if plain.casefold() in (*PRESETS, CUSTOM):
        return f"“{plain}” comes with the program; choose another name."
    return ""


def save_preset(name: str, config: RunConfig) -> Preset:
    """Keep schedule and settings of a config under a name, instead of what the name stood for before.

    Raises:
        InputError: The name cannot be used.
        OutputError: The file cannot be written.
    """
    if fault := name_fault(name):
        raise InputError(fault)
    # Settled, so that it means the same when the defaults are others.
    settled = settle(config)
    data = tomlkit.parse(dump_config(settled)).unwrap()
    values = {part: data[part] for part in _WHOLE if part in data}
    values["texts"] = {key: data["texts"][key] for key in _OF_TEXTS}
    known = load_presets().find(name)
    path = known.path if known is not None else _free_path(name)
    preset = Preset(name.strip(), path, values, tuple(settled.rounds))
    write_preset(preset)
    return preset


def write_preset(preset: Preset) -> None:
    """Write its file: anew, after it was renamed, or to undo that it was deleted.

    Raises:
        OutputError: The file cannot be written.
    """
    document = tomlkit.document()
    document.update({"name": preset.name, **preset.values})
    try:
        preset.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(preset.path, tomlkit.dumps(document))
    except OSError as error:
        raise OutputError(
            f"The preset “{preset.name}” cannot be kept: {error.strerror}.", f"Check the folder {preset.path.parent}."
        ) from None


def delete_preset(preset: Preset) -> None:
    """Remove its file; one that is gone already is no fault.

    Raises:
        OutputError: The file cannot be removed.
    """
    try:
        preset.path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"The preset “{preset.name}” cannot be removed: {error.strerror}.", f"Check {preset.path}."
        ) from None


def _read(path: Path) -> Preset:
    """One file.

    Raises:
        InputError: It is no preset.
    """
    data = load_config(path)
    name = data.pop("name", None)
    fault = name_fault(name) if isinstance(name, str) else "A preset needs a name."
    if fault:
        raise InputError(f"{path}: {fault}")
    texts = data.get("texts", {})
    strange = [key for key in data if key not in (*_WHOLE, "texts")]
    strange += [f"texts.{key}" for key in texts if key not in _OF_TEXTS] if isinstance(texts, dict) else []
    if strange:
        raise InputError(f"{path}: {_listed(strange)} cannot be part of a preset.")
    try:
        rounds = parse_config(data).rounds
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from None
    if not rounds:
        raise InputError(f"{path}: it has no rounds.")
    return Preset(name.strip(), path, data, tuple(rounds))


def _free_path(name: str) -> Path:
    stem = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "preset"
    folder, number = presets_folder(), 1
    while (path := folder / (f"{stem}.toml" if number == 1 else f"{stem}-{number}.toml")).exists():
        number += 1
    return path


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"“{name}”" for name in names)
