from __future__ import annotations

import os

import pytest

from atu_gui.bench.faults import measure_faults

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has neither SIGKILL nor a fork server")


def test_killed_runs_end_as_if_nothing_had_happened() -> None:
    *_, found = measure_faults(2, seed=1)
    assert found.kills == 2
    assert found.identical == found.runs > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_runs_of_a_killed_window_end_as_if_nothing_had_happened() -> None:
    *_, found = measure_faults(2, seed=1, window=True)
    assert found.kills == 2
    assert found.identical == found.runs > 0
