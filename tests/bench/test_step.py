"""Every row of the step measurement, on the tiny model; losses must agree, times are only there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from atu_gui.bench.published import published_windows
from atu_gui.bench.step import NAMES, SHAPED_ROWS, SHAPES, Size, Sources, measure_shaped, measure_steps
from atu_gui.cli import app
from atu_gui.core.errors import InputError, ResourceError


def test_losses_are_those_of_the_published_way(tiny_model: Path, tiny_encoder: Path) -> None:
    sources = Sources(str(tiny_model), str(tiny_encoder), str(tiny_encoder))
    names = [name for name in SHAPES if "6x768" not in name]
    for row in measure_steps(names, sources, repeats=1):
        assert row.loss_gap is not None and row.loss_gap < 1e-4, row
        assert row.ratio == pytest.approx(row.published_s / row.ours_s)


def test_the_command_prints_rows(tiny_model: Path, tiny_encoder: Path) -> None:
    options = ["--model", str(tiny_model), "--encoder", str(tiny_encoder), "--repeats", "1", "--json"]
    done = CliRunner().invoke(app, ["bench", "step", "--only", "before_after_memory", *options])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["rows"]
    assert set(row) == {"name", "ratio", "spread", "published_s", "ours_s", "loss_gap", "peak_bytes", "floor_s"}
    assert row["ratio"] > 1


def test_an_unknown_row_is_refused() -> None:
    with pytest.raises(InputError, match=r"no row “nothing”") as caught:
        list(measure_steps(["nothing"], Sources()))
    assert NAMES[0] in str(caught.value)


def test_published_windows_by_hand() -> None:
    assert published_windows([2, 5, 9], [2, 4, 6, 9], [10, 11, 12, 13], 2) == [(11, 12), (12, 13), ()]


def test_a_shape_with_random_weights_agrees_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(SHAPED_ROWS, "unlearn_l2", replace(SHAPED_ROWS["unlearn_l10"], layer=2))
    monkeypatch.setitem(
        SHAPED_ROWS, "align_default_minilm_l2", replace(SHAPED_ROWS["align_default_minilm_l10"], layer=2)
    )
    rows = measure_shaped("tiny", ["unlearn_l2", "align_default_minilm_l2"], "cpu", 1, Size(2, 16))
    for row in rows:
        assert row.loss_gap is not None and row.loss_gap < 1e-4, row
        assert row.peak_bytes is None
        assert row.floor_s is not None and 0 < row.floor_s < row.ours_s


def test_a_layer_beyond_the_shape_is_refused() -> None:
    with pytest.raises(InputError, match="Layer 10 does not exist"):
        list(measure_shaped("tiny", ["unlearn_l10"], "cpu", 1))
    with pytest.raises(InputError, match="no shape “huge”"):
        list(measure_shaped("huge", ["unlearn_l10"], "cpu", 1))


def test_compiled_blocks_are_measured_or_said_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPED_ROWS, "unlearn_l2", replace(SHAPED_ROWS["unlearn_l10"], layer=2))
    asked: list[Any] = []

    def compile_(forward: Any, **_options: object) -> Any:
        asked.append(forward)
        return forward

    monkeypatch.setattr(torch, "compile", compile_)
    (row,) = measure_shaped("tiny", ["unlearn_l2"], "cpu", 1, Size(2, 16), compiled=True)
    assert row.loss_gap is not None and row.loss_gap < 1e-4
    assert len(asked) == 2
    monkeypatch.setattr(torch, "compile", lambda *_, **__: lambda *_, **__: 1 / 0)
    with pytest.raises(ResourceError, match="could not be compiled here"):
        list(measure_shaped("tiny", ["unlearn_l2"], "cpu", 1, Size(2, 16), compiled=True))
