"""Which probes steer a run and which judge it: a split by hash, the same in every run on the same questions.

A round that is stopped at, or picked among others, by a score looks better on that score than it is. So goals, floors
and the choice of a round look at the *dev* side only, and what is reported is the *test* side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal

from atu_gui.core.materials import Probe

Side = Literal["dev", "test", "both"]


def split(probes: Sequence[Probe], dev_share: float) -> dict[str, Side]:
    """The side of every probe by its id; each group is split apart.

    The words decide, not the id or the place in a file: a question stands on the same side in every run, and exact
    repetitions never stand on both. A group of which one side would be empty gives it the question nearest to the
    limit; one with a single question cannot be split and stands on both. Verbatim probes steer nothing: all are test.
    """
    sides: dict[str, Side] = {}
    for group in ("forget", "neighbour"):
        own = [probe for probe in probes if probe.group == group and probe.kind != "verbatim"]
        dev = _dev_places({_place(probe) for probe in own}, dev_share)
        for probe in own:
            sides[probe.id] = "both" if dev is None else "dev" if _place(probe) in dev else "test"
    return {probe.id: sides.get(probe.id, "test") for probe in probes}


def on_side(side: str, wanted: str) -> bool:
    """Whether a probe counts for a side; those of records without sides ("") count for every one."""
    return side in (wanted, "both", "")


def _place(probe: Probe) -> float:
    """Where the words of a probe hash to, 0 to 1."""
    digest = hashlib.sha256(f"{probe.query}\0{probe.answer}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _dev_places(places: Iterable[float], share: float) -> set[float] | None:
    """The places on the dev side; None where there are too few to split."""
    ordered = sorted(places)
    if len(ordered) < 2:
        return None
    cut = sum(place < share for place in ordered)
    return set(ordered[: min(max(cut, 1), len(ordered) - 1)])
