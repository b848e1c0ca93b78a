"""The measurement of the window's responsiveness, on the tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.bench.responsiveness import bench_config, measure_responsiveness
from atu_gui.core.errors import InputError


@pytest.mark.slow
def test_both_kinds_of_run_are_measured(tiny_model: Path, tiny_encoder: Path) -> None:
    config = bench_config(tiny_model, tiny_encoder, align=40, unlearn=20)
    found = measure_responsiveness(config, repeats=1)
    assert found.delays > 0
    assert 0 <= found.loop_delay_p99_ms <= found.loop_delay_max_ms
    assert len(found.alone_s) == len(found.with_window_s) == 1
    assert found.steps_lost == pytest.approx(1 - found.alone_s[0] / found.with_window_s[0])
    assert 0 < found.window_share < 1


def test_without_the_starter_kit_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ATU_DATA", str(tmp_path))
    with pytest.raises(InputError, match="starter kit"):
        measure_responsiveness(bench_config(), repeats=1)
