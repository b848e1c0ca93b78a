"""Everything a run reads from the user's files, read and checked before a model is loaded. No torch."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Fault, InputError
from atu_gui.core.materials import Passage, Probe
from atu_gui.core.paths import resource
from atu_gui.engine.probes.packs import Pack, read_pack
from atu_gui.engine.probes.rwku import is_rwku, read_rwku
from atu_gui.engine.texts import each_passage, paragraphs

# Passages that are held once they are read; more of them stay in their files, and are read again where they are used.
HELD = 10_000
T = TypeVar("T")


class Texts:
    """The passages of files, of which no memory need hold all: they are looked through in their order, and picked.

    Args:
        paths: Files and folders, each once.
        count: How many passages they hold.
        held: All of them, where they are few.
    """

    def __init__(self, paths: Sequence[Path] = (), count: int = 0, held: Sequence[Passage] | None = ()) -> None:
        self._paths, self._count, self._held = paths, count, held

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Passage]:
        if self._held is not None:
            return iter(self._held)
        return (passage for path in self._paths for passage in each_passage(path))

    def pick(self, places: Sequence[int]) -> tuple[Passage, ...]:
        """Those at ascending places.

        Raises:
            InputError: The files changed since they were counted.
        """
        wanted = set(places)
        last = max(places, default=-1)
        found = tuple(one for place, one in enumerate(itertools.islice(self, last + 1)) if place in wanted)
        if len(found) < len(places):
            raise InputError("The texts changed while they were read.", "Try again once they are written.")
        return found


@dataclass(frozen=True, slots=True)
class Inputs:
    """The content of the files that a config names; empty where it names none."""

    concept: Texts = field(default_factory=Texts)
    retain: Texts = field(default_factory=Texts)
    pack: Pack = field(default_factory=Pack)


def validate_inputs(config: RunConfig) -> None:
    """Read every file that the config names and forget it again.

    Raises:
        InputError: No concept, or faults in the files: all of them, of all files, together.
    """
    read_inputs(config)


def read_inputs(config: RunConfig) -> Inputs:
    """Read every file that the config names.

    Raises:
        InputError: No concept, or faults in the files: all of them, of all files, together.
    """
    if not config.concepts:
        raise InputError("No concept is named.", "Name a person, a book or a topic that the model should forget.")
    errors: list[InputError] = []
    texts = config.texts
    concept = _texts(texts.concept, errors)
    retain = _texts(texts.retain, errors)
    packs = _packs(texts.probes, errors)
    if errors:
        raise _joined(errors)
    return Inputs(concept, retain, _merged(packs))


def draw(items: Sequence[T], limit: int, seed: int, label: str) -> tuple[T, ...]:
    """At most `limit` items in their order, drawn by seed and label: the same whatever else is drawn."""
    if len(items) <= limit:
        return tuple(items)
    chosen = random.Random(f"{seed}:{label}").sample(range(len(items)), limit)
    return tuple(items[index] for index in sorted(chosen))


def bundled(name: str) -> list[str]:
    """The paragraphs of a text file that comes with the program."""
    return paragraphs(resource("texts", name).read_text(encoding="utf-8"))


def bundled_lines(name: str) -> list[str]:
    """The lines of a text file that comes with the program."""
    return resource("texts", name).read_text(encoding="utf-8").split("\n")[:-1]


def _texts(paths: Sequence[Path], errors: list[InputError]) -> Texts:
    once = tuple(dict.fromkeys(paths))
    count, held = 0, []
    for path in once:
        try:
            for passage in each_passage(path):
                count += 1
                if count <= HELD:
                    held.append(passage)
        except InputError as error:
            errors.append(error)
    return Texts(once, count, held if count <= HELD else None)


def _packs(paths: Sequence[Path], errors: list[InputError]) -> list[Pack]:
    packs = []
    for path in dict.fromkeys(paths):
        try:
            packs.append(read_rwku(path) if is_rwku(path) else read_pack(path))
        except InputError as error:
            errors.append(error)
    return packs


def _joined(errors: Sequence[InputError]) -> InputError:
    if len(errors) == 1:
        return errors[0]
    faults = [fault for error in errors for fault in (error.faults or (Fault("", error.message),))]
    return InputError(" ".join(error.message for error in errors), errors[0].hint, faults)


def _merged(packs: Sequence[Pack]) -> Pack:
    return Pack(
        _with_unique_ids([probe for pack in packs for probe in pack.probes]),
        tuple(text for pack in packs for text in pack.neutral_texts),
        tuple(text for pack in packs for text in pack.instructions),
        tuple(note for pack in packs for note in pack.notes),
    )


def _with_unique_ids(probes: Sequence[Probe]) -> tuple[Probe, ...]:
    """Two packs of the same name in different folders would share ids."""
    seen: dict[str, int] = {}
    unique = []
    for probe in probes:
        seen[probe.id] = count = seen.get(probe.id, 0) + 1
        unique.append(probe if count == 1 else replace(probe, id=f"{probe.id}#{count}"))
    return tuple(unique)
