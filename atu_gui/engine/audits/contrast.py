"""Texts to hold those about the concept against: of the same source, so that style and form tell nothing.

Given passages against ones that the model wrote itself are told apart at every layer by their style alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.materials import WRITTEN, Materials, Passage
from atu_gui.engine.inputs import draw
from atu_gui.engine.probes.rwku import is_rwku
from atu_gui.engine.texts import read_passages


@dataclass(frozen=True, slots=True)
class Contrast:
    """Texts of both kinds, as they are, and whom or what the others are about.

    Attributes:
        whose: Words for the others, after “against”.
        names: Of those whom the others are known to be about.
    """

    concept: tuple[str, ...]
    others: tuple[str, ...]
    whose: str
    names: tuple[Concept, ...] = ()


def contrast(config: RunConfig, materials: Materials, limit: int, seed: int) -> Contrast | None:
    """At most `limit` texts of either kind, none twice; None where nothing of the same source is at hand.

    Passages of RWKU targets meet those of the targets beside them, other given passages the given texts to keep, and
    what the model wrote meets what else it wrote.
    """
    given = [one for one in materials.concept_passages if one.source != WRITTEN]
    if not given:
        concept, others = _same_form(materials.concept_passages, materials.retain_passages)
        return Contrast(_drawn(concept, limit, seed), _drawn(others, limit, seed), "other texts that the model wrote")
    targets = list(_targets_beside(config))
    if targets:
        each = -(-limit // len(targets))
        texts = tuple(text for _, passages in targets for text in _drawn(passages, each, seed))
        names = tuple(Concept(name=name) for name, _ in targets)
        return Contrast(_drawn(given, limit, seed), texts[:limit], "passages of the RWKU targets beside it", names)
    concept, others = _same_form(given, [one for one in materials.retain_passages if one.source != WRITTEN])
    if not others:
        return None
    return Contrast(_drawn(concept, limit, seed), _drawn(others, limit, seed), "the given texts to keep")


def _targets_beside(config: RunConfig) -> Iterator[tuple[str, list[Passage]]]:
    """Other RWKU targets that have a file of the same name as the run's, with the passages in it."""
    own = {path.parent for path in config.texts.concept}
    seen = set(own)
    for path in config.texts.concept:
        if not is_rwku(path.parent):
            continue
        for folder in sorted(path.parent.parent.iterdir()):
            if folder in seen or not is_rwku(folder):
                continue
            try:
                passages = read_passages(folder / path.name)
            except InputError:
                # Not every target need be whole.
                continue
            seen.add(folder)
            yield folder.name.partition("_")[2].replace("_", " "), passages


def _same_form(concept: Sequence[Passage], others: Sequence[Passage]) -> tuple[list[Passage], list[Passage]]:
    """Plain passages against plain ones, as far as both kinds have any: form is no concept."""
    plain = [[one for one in kind if not one.prompt] for kind in (concept, others)]
    return (plain[0], plain[1]) if all(plain) else (list(concept), list(others))


def _drawn(passages: Sequence[Passage], limit: int, seed: int) -> tuple[str, ...]:
    return draw(list(dict.fromkeys(one.text for one in passages)), limit, seed, "probe")
