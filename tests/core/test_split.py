"""The split of probes into those that steer and those that judge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core.materials import Probe
from atu_gui.core.split import on_side, split


def _probes(count: int, group: str = "forget") -> list[Probe]:
    return [Probe(f"{group}-{n}", group, "question", f"Question {n}?", f"Answer {n}") for n in range(count)]  # type: ignore[arg-type]


def test_words_decide_whatever_the_id_and_the_order() -> None:
    probes = _probes(40)
    sides = split(probes, 0.5)
    renamed = [replace(probe, id=f"other-{probe.id}") for probe in reversed(probes)]
    assert {key.removeprefix("other-"): side for key, side in split(renamed, 0.5).items()} == sides
    assert 8 <= list(sides.values()).count("dev") <= 32
    more = split(_probes(60), 0.5)
    assert all(more[key] == side for key, side in sides.items()), "more questions move none of those there were"


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
@pytest.mark.parametrize("count", [2, 3, 9])
def test_no_side_is_empty(share: float, count: int) -> None:
    sides = split([*_probes(count), *_probes(count, "neighbour")], share)
    for group in ("forget", "neighbour"):
        assert {side for key, side in sides.items() if key.startswith(group)} == {"dev", "test"}


def test_one_question_is_on_both_sides_and_repetitions_on_one() -> None:
    (probe,) = _probes(1)
    assert split([probe], 0.5) == {"forget-0": "both"}
    twice = [*_probes(3), replace(_probes(3)[0], id="again")]
    assert split(twice, 0.5)["again"] == split(twice, 0.5)["forget-0"]


def test_verbatim_probes_steer_nothing_and_old_records_count_everywhere() -> None:
    assert split([Probe("v", "forget", "verbatim", "The pin is", "1234")], 0.5) == {"v": "test"}
    assert [on_side(side, "dev") for side in ("dev", "test", "both", "")] == [True, False, True, True]
