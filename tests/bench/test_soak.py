"""The soak: what is compared, and that a short one really uses the window."""

from __future__ import annotations

import pytest

from atu_gui.bench.soak import Sample, judged, measure_soak
from atu_gui.core.errors import ResourceError


def _sample(at: float, memory: int, threads: int = 9) -> Sample:
    return Sample(at, memory, threads, 20, 5.0, 1.0)


def test_growth_is_that_after_the_warm_up() -> None:
    samples = tuple(_sample(at, 100 if at < 20 else 200 + at) for at in range(101))
    found = judged(samples, 1.0, 3, 4, "offscreen")
    assert found.memory_mb == pytest.approx((230e-6, 290e-6))
    assert found.memory_growth == pytest.approx(60 / 230)
    assert (found.runs, found.chats, found.wishes, found.threads) == (101, 3, 4, (9, 9))


def test_too_few_runs_are_no_measurement() -> None:
    with pytest.raises(ResourceError, match="Too few runs"):
        judged((), 1.0, 0, 0, "offscreen")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_short_one() -> None:
    found = measure_soak(2.5)
    assert found.runs >= 2 and found.chats and found.wishes
    assert found.threads[1] <= found.threads[0] + 1
    assert found.handles[1] <= found.handles[0] + 2
