"""Tiny models of many architectures go through a whole run; a few in the suite, all of them among the slow tests."""

from __future__ import annotations

import pytest

from atu_gui.bench.architectures import STATIONS, measure_architectures
from atu_gui.bench.tiny_architectures import ARCHITECTURES

# Learned positions, attention over a few places with scaled embeddings, experts.
QUICK = ("GPT-2", "Gemma 2, window of 8", "Mixtral (MoE)")


def _goes_through(name: str) -> None:
    (row,) = measure_architectures([name])
    assert row.failed == {}
    assert row.passed == STATIONS
    assert row.parameters > 0


@pytest.mark.parametrize("name", QUICK)
def test_an_architecture_goes_through_a_whole_run(name: str) -> None:
    _goes_through(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in QUICK])
def test_every_architecture_goes_through_a_whole_run(name: str) -> None:
    _goes_through(name)


def test_there_are_at_least_twelve_architectures() -> None:
    assert len({one.kind for one in ARCHITECTURES.values()}) >= 12
