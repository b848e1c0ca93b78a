"""As many texts at once as fit, and recomputed blocks where hardly any do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from atu_gui.engine.gpu_room import Room, find_room, memory_of

CAPACITY = 1000


class Trial:
    """A device on which a text takes so many bytes, and fewer where blocks are recomputed."""

    def __init__(self, each: int, recomputed: int, fixed: int = 100) -> None:
        self._each, self._recomputed, self._fixed = each, recomputed, fixed
        self._held = 0
        self.done: list[tuple[int, bool]] = []

    def rehearse(self, count: int, recompute: bool) -> None:
        self.done.append((count, recompute))
        self._held = self._fixed + count * (self._recomputed if recompute else self._each)
        if self._held > CAPACITY:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    def most(self, work: Callable[[], None]) -> int:
        work()
        return self._held

    def capacity(self) -> int:
        return CAPACITY

    def room(self, batch: int = 16, mode: str = "auto", to_come: int = 40) -> Room:
        return find_room(self.rehearse, self, batch=batch, mode=mode, to_come=to_come)


def test_a_batch_that_fits_is_computed_whole() -> None:
    assert Trial(50, 10).room() == Room(0, False)


def test_a_batch_that_does_not_fit_is_computed_in_even_parts() -> None:
    # 0.94 × 1000 − 40 − 100 leaves 800: 8 texts of 100, or 7 of 110.
    assert Trial(100, 10).room() == Room(8, False)
    assert Trial(110, 10).room() == Room(6, False)
    assert Trial(200, 10).room() == Room(4, False)


def test_where_less_than_a_quarter_fits_blocks_are_recomputed() -> None:
    assert Trial(201, 10).room() == Room(0, True)
    assert Trial(201, 100).room() == Room(8, True)
    assert Trial(2000, 600).room() == Room(1, True)


def test_wishes_are_followed() -> None:
    assert Trial(201, 10).room(mode="off") == Room(3, False)
    assert Trial(700, 10).room(mode="off") == Room(1, False)
    trial = Trial(10, 5)
    assert trial.room(mode="on") == Room(0, True)
    assert trial.done == [(1, True), (2, True)]


def test_where_nothing_fits_one_text_is_tried() -> None:
    assert Trial(2000, 2000).room() == Room(1, True)


def test_other_faults_are_not_taken_for_a_full_memory() -> None:
    def fail(_count: int, _recompute: bool) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        find_room(fail, Trial(1, 1), batch=4, mode="auto", to_come=0)


def test_a_processor_is_not_measured() -> None:
    assert memory_of(torch.device("cpu")) is None
