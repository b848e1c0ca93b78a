"""RWKU target folders (`<number>_<Name>/<file>.json`) read as packs. Their passages are read by `texts`.

The questions are kept as published, exact repetitions and leaked answers included, so that scores stay comparable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atu_gui.core.errors import Fault, InputError
from atu_gui.core.materials import Group, Probe, ProbeKind
from atu_gui.engine.probes.packs import Pack
from atu_gui.engine.text_files import read_text
from atu_gui.engine.texts import load_json, raise_faults, text_field, too_many

_PROBES: tuple[tuple[str, Group, ProbeKind], ...] = (
    ("forget_level1.json", "forget", "cloze"),
    ("forget_level2.json", "forget", "question"),
    ("neighbor_level1.json", "neighbour", "cloze"),
    ("neighbor_level2.json", "neighbour", "question"),
)
_NEUTRAL = "retain_mia.json"
_FLUENCY = "fluency.json"


def is_rwku(folder: Path) -> bool:
    """Whether the folder has question files of an RWKU target."""
    return any((folder / name).is_file() for name, _, _ in _PROBES)


def read_rwku(folder: Path) -> Pack:
    """Read a target's questions (levels 1 and 2), its neutral texts and its fluency instructions.

    Raises:
        InputError: No question files, or files with faults, each with item and field.
    """
    if not is_rwku(folder):
        raise InputError(
            f"The folder {folder} holds no RWKU questions.",
            "It needs forget_level1.json, neighbor_level1.json or others.",
        )
    faults: list[Fault] = []
    missing: list[str] = []
    probes = [
        probe for name, group, kind in _PROBES for probe in _read_probes(folder, name, group, kind, faults, missing)
    ]
    neutral = _read_field(folder / _NEUTRAL, "text", faults, missing)
    instructions = _read_field(folder / _FLUENCY, "instruction", faults, missing)
    raise_faults(faults)
    if not probes:
        raise InputError(f"The question files in {folder} are empty.", "Get a fresh copy of the RWKU target.")
    notes = (f"{folder.name} has no {', '.join(missing)}.",) if missing else ()
    return Pack(tuple(probes), tuple(neutral), tuple(instructions), notes)


def _read_probes(
    folder: Path, name: str, group: Group, kind: ProbeKind, faults: list[Fault], missing: list[str]
) -> list[Probe]:
    path = folder / name
    probes = []
    about = "subject" if group == "forget" else "neighbor"
    for index, record in enumerate(_records(path, faults, missing)):
        if too_many(faults):
            break
        where = f"{path}, item {index + 1}"
        probes.append(
            Probe(
                id=f"{folder.name}/{path.stem}:{index}",
                group=group,
                kind=kind,
                query=text_field(record, "query", where, faults),
                answer=text_field(record, "answer", where, faults),
                about=text_field(record, about, where, faults, needed=False),
                source=f"{folder.name}/{name}",
            )
        )
    return probes


def _read_field(path: Path, field: str, faults: list[Fault], missing: list[str]) -> list[str]:
    return [
        text_field(record, field, f"{path}, item {index}", faults)
        for index, record in enumerate(_records(path, faults, missing), start=1)
        if not too_many(faults)
    ]


def _records(path: Path, faults: list[Fault], missing: list[str]) -> list[dict[str, Any]]:
    if not path.is_file():
        missing.append(path.name)
        return []
    value = load_json(path, read_text(path))
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        faults.append(Fault(str(path), "must be an array of objects"))
        return []
    return value
