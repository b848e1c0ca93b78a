"""Every row of the step measurement, on the tiny model; losses must agree, times are only there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from atu_gui.bench import floors
from atu_gui.bench.pairs import Size
from atu_gui.bench.published import published_windows
from atu_gui.bench.step import (
    NAMES,
    SHAPED_ROWS,
    SHAPES,
    Sources,
    load_models,
    measure_shaped,
    measure_steps,
    profile_steps,
)
from atu_gui.cli import app
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError, ResourceError
from atu_gui.core.schedule import settle
from atu_gui.engine.head import build_head


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
    told = {"name", "ratio", "spread", "published_s", "ours_s", "loss_gap"}
    assert set(row) == told | {"floor_s", "most", "operations", "traffic", "peak_bytes"}
    assert row["ratio"] > 1
    # Nothing but what changes is held.
    assert row["floor_s"] == row["ours_s"] and row["most"] == row["ratio"]


def test_windows_cannot_be_had_without_tokenising(tiny_model: Path, tiny_encoder: Path) -> None:
    (row,) = measure_steps(["windows_582"], Sources(str(tiny_model), str(tiny_encoder)), repeats=1)
    assert row.loss_gap == 0.0
    assert 0 < row.floor_s < row.published_s and row.most == row.published_s / row.floor_s


def test_a_floor_is_counted_by_hand(tiny_model: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "matrix_rate", lambda _device, _dtype: 1e9)
    monkeypatch.setattr(floors, "memory_rate", lambda _device: 1e8)
    sources = Sources(str(tiny_model), str(tiny_encoder))
    align, unlearn = measure_steps(["align_default_minilm", "unlearn_l10"], sources, repeats=1)
    lm, encoder = load_models(sources)
    head = build_head(settle(RunConfig()).head, lm.width, encoder.width, seed=0)
    predicting = sum(weight.numel() for weight in head.parameters() if weight.dim() > 1)
    layer = max(1, round(lm.depth / 3))
    blocks = [weight for block in lm.blocks[:layer] for weight in block.parameters() if weight.dim() > 1]
    trained, positions = sum(weight.numel() for weight in blocks), 8 * 128
    assert align.operations == 6 * predicting * positions and align.traffic == 36 * predicting
    assert unlearn.operations == (6 * trained + 4 * predicting) * positions and unlearn.traffic == 36 * trained
    assert unlearn.floor_s == pytest.approx(unlearn.operations / 1e9 + unlearn.traffic / 1e8)


def test_a_profile_names_what_a_step_is_made_of(tiny_model: Path, tiny_encoder: Path) -> None:
    options = ["--model", str(tiny_model), "--encoder", str(tiny_encoder), "--mpnet", str(tiny_encoder), "--profile"]
    rows = ["--only", "align_default_mpnet", "--only", "unlearn_l10"]
    done = CliRunner().invoke(app, ["bench", "step", *options, *rows, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["profiles"]
    assert [(one["name"], one["way"]) for one in found] == [
        (name, way) for name in ("align_default_mpnet", "unlearn_l10") for way in ("ours", "published")
    ]
    for one in found:
        assert sum(one["groups"].values()) == pytest.approx(1.0)
        assert one["groups"]["matrices"] > 0 and one["groups"]["optimizer"] > 0
        # Ours has encoded before the first step; the published way encodes in every align step.
        assert (one["groups"]["encoder"] > 0) == (one["way"] == "published" and one["name"].startswith("align"))
        shares = [operator["share"] for operator in one["operators"]]
        assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1
    told = CliRunner().invoke(app, ["bench", "step", *options, "--only", "unlearn_l10"])
    assert "unlearn_l10, ours:" in told.output and "aten::mm" in told.output, told.output
    refused = CliRunner().invoke(app, ["bench", "step", "--profile", "--shape", "tiny"])
    assert refused.exit_code == 2
    with pytest.raises(InputError, match="no row “windows_582”"):
        list(profile_steps(["windows_582"], Sources()))


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
        assert 0 < row.floor_s < row.ours_s


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
