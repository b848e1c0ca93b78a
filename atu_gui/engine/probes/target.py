"""An RWKU target folder with all parts of the benchmark, checked and ready to be asked.

`rwku` reads the questions of a run from the same folder; this is the whole benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atu_gui.core.errors import Fault, InputError
from atu_gui.core.rephrasing import AttackKind
from atu_gui.engine.text_files import read_text
from atu_gui.engine.texts import load_json, raise_faults, text_field, too_many

FILES: dict[str, tuple[str, ...]] = {
    "fb": ("forget_level1.json",),
    "qa": ("forget_level2.json",),
    "aa": ("forget_level3.json",),
    "neighbour-fb": ("neighbor_level1.json",),
    "neighbour-qa": ("neighbor_level2.json",),
    "mia": ("forget_mia.json", "retain_mia.json"),
    "mmlu": ("retain_mmlu.json",),
    "bbh": ("retain_bbh.json",),
    "truthfulqa": ("truthful.json",),
    "triviaqa": ("triviaqa.json",),
    "fluency": ("fluency.json",),
}
# What the files call some of the attacks.
_KINDS: dict[str, AttackKind] = {"context hint": "background hint", "incontext learning": "in-context learning"}
_NEEDED = {
    "fb": ("query", "answer"),
    "qa": ("query", "answer"),
    "aa": ("query", "answer", "type"),
    "neighbour-fb": ("query", "answer"),
    "neighbour-qa": ("query", "answer"),
    "mia": ("text",),
    "mmlu": ("task", "question"),
    "bbh": ("task", "question", "answer", "cot"),
    "truthfulqa": ("question",),
    "triviaqa": ("question",),
    "fluency": ("instruction",),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a part: its place in the file, the file's stem, and its fields."""

    index: int
    source: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A target's name (that of its folder), the entries of each part, and the parts whose files are not there."""

    name: str
    parts: dict[str, tuple[Entry, ...]]
    missing: tuple[str, ...]


def read_target(folder: Path, parts: Sequence[str], limit: int | None = None) -> Target:
    """Read the wanted parts of a target.

    Raises:
        InputError: None of the files is there, or some have faults, each with item and field.
    """
    faults: list[Fault] = []
    entries: dict[str, tuple[Entry, ...]] = {}
    missing = []
    for part in parts:
        found: list[Entry] = []
        for name in FILES[part]:
            if (folder / name).is_file():
                found += _spread(_read(folder / name, part, faults), limit)
            else:
                missing.append(name)
        if found:
            entries[part] = tuple(found)
    raise_faults(faults)
    if not entries:
        raise InputError(
            f"The folder {folder} holds none of the RWKU files asked for.",
            "A target folder is called like 1_Stephen_King and holds forget_level1.json and others.",
        )
    return Target(folder.resolve().name, entries, tuple(missing))


def attack_kind(kind: str) -> str:
    """The attack of a level-3 record, by its name in the paper; the languages of cross-lingual ones are one kind."""
    return "cross-lingual" if kind.startswith("cross lingual") else _KINDS.get(kind, kind)


def _spread(entries: list[Entry], limit: int | None) -> list[Entry]:
    """At most `limit` entries, evenly over the file: its tasks stand one after the other."""
    if limit is None or limit >= len(entries):
        return entries
    return [entries[place * len(entries) // limit] for place in range(limit)]


def _read(path: Path, part: str, faults: list[Fault]) -> list[Entry]:
    value = load_json(path, read_text(path))
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        faults.append(Fault(str(path), "must be an array of objects"))
        return []
    for index, record in enumerate(value, start=1):
        if too_many(faults):
            break
        where = f"{path}, item {index}"
        for field in _NEEDED[part]:
            text_field(record, field, where, faults)
        for field, fits in _SHAPES.get(part, ()):
            if not _holds(fits, record.get(field)):
                faults.append(Fault(f"{where}, field “{field}”", "has not the form of RWKU's files"))
    return [Entry(index, path.stem, record) for index, record in enumerate(value)]


def _holds(fits: Callable[[Any], bool], value: Any) -> bool:
    try:
        return fits(value)
    except (TypeError, KeyError):
        return False


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _labelled(value: Any) -> bool:
    return _texts(value["choices"]) and len(value["choices"]) == len(value["labels"]) and 1 in value["labels"]


_SHAPES: dict[str, tuple[tuple[str, Callable[[Any], bool]], ...]] = {
    "mmlu": (
        ("choices", lambda value: _texts(value) and len(value) == 4),
        ("answer", lambda value: value in range(4)),
        ("examples", lambda value: all(_texts(one["choices"]) and one["answer"] in range(4) for one in value)),
    ),
    "truthfulqa": (("mc1_targets", _labelled), ("mc2_targets", _labelled)),
    "triviaqa": (("answers", _texts),),
}
