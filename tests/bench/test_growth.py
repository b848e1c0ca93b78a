"""How cost grows, measured on tiny models: the figures are there, the files are written, and nothing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atu_gui.bench.growth import PARTS, Plan, foresee, measure_growth, new_growth
from atu_gui.bench.growth_report import require_place
from atu_gui.bench.growth_runs import TINY, RunSpec, real_run
from atu_gui.bench.scratch_texts import long_texts
from atu_gui.cli import app
from atu_gui.core.errors import InputError, ResourceError
from atu_gui.core.rates import Rates
from tests.ui.fake_run import LOADED


def test_steps_are_measured_and_foretold(tiny_model: Path, tiny_encoder: Path) -> None:
    found = new_growth("cpu")
    plan = Plan((str(tiny_model),), str(tiny_encoder), axes=("layer", "concepts"), quick=True)
    said = [event.what for event in measure_growth(plan, found) if event.job == "growth"]
    assert said == [f"{found.steps[0].model}: {axis}" for axis in ("layer", "layer", "concepts")]
    assert [(one.axis, one.value, one.part) for one in found.steps] == [
        (axis, value, part) for axis, value in (("layer", 1), ("layer", 1), ("concepts", 8)) for part in PARTS
    ]
    assert all(0 < one.low <= one.seconds <= one.high and one.n == 2 and one.predicted > 0 for one in found.steps)
    assert found.complete and set(found.rates) == {found.steps[0].model}
    (row,) = (one for one in found.foreseen if one.name == "Llama-3-70B")
    assert row.all_steps > max(other.all_steps for other in found.foreseen if other is not row)


def test_larger_models_are_foretold_by_the_estimate_of_the_window() -> None:
    rows = foresee(Rates(1e-11, 1e-10, 1e-3), LOADED)
    starter = next(one for one in rows if one.name == "SmolLM2-135M")
    assert dict(starter.uses)["Gradients"] == 10 * 3_540_096 * 4
    assert starter.steps[0] < starter.steps[1] < starter.steps[2]
    assert starter.all_steps == pytest.approx(sum(n * s for n, s in zip((250, 84, 48), starter.steps, strict=True)))


def test_a_real_run_on_many_texts_reads_what_it_takes() -> None:
    cost = real_run(RunSpec(TINY, "", "cpu", 400, 0, 4, 32, 3, 2), threads=1)
    assert cost.read == 2 * 256, "few steps read no more, and no fewer"
    assert 0 < cost.loaded_bytes < cost.peak_bytes and cost.prepare_s > 0 and cost.unlearn_s > 0
    # Embeddings and states of 512 texts of 32 tokens, widths 24 and 32.
    assert cost.disk_bytes > 0.9 * 512 * 32 * 4 * 24
    assert 0.5 * cost.peak_bytes < cost.estimated_bytes < 2 * cost.peak_bytes


def test_a_run_that_fails_says_why() -> None:
    with pytest.raises(ResourceError, match="400 texts failed: ModelError"):
        real_run(RunSpec("/no/such/model", "starter", "cpu", 400, 0, 4, 32, 3, 2), threads=1)


def test_the_command_writes_two_files_and_overwrites_none(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    words = ["bench", "growth", "--to", str(tmp_path / "new"), "--quick", "--only", "tokens"]
    words += ["--model", str(tiny_model), "--encoder", str(tiny_encoder)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    data = json.loads((tmp_path / "new" / "growth.json").read_text(encoding="utf-8"))
    assert data["complete"] and data["versions"]["torch"] and data["machine"]["cores"] >= 1
    assert {point["value"] for point in data["steps"]} == {32, 64}
    page = (tmp_path / "new" / "growth.md").read_text(encoding="utf-8")
    assert "## A step" in page and "## Larger models" in page and "## Texts" not in page
    before = (tmp_path / "new" / "growth.json").read_bytes()
    assert isinstance(CliRunner().invoke(app, words).exception, InputError)
    assert (tmp_path / "new" / "growth.json").read_bytes() == before
    require_place(tmp_path / "new", force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        require_place(tmp_path / "file", force=False)
    assert CliRunner().invoke(app, [*words[:-4], "--only", "nothing"]).exit_code == 2


def test_no_two_texts_are_the_same() -> None:
    texts = list(long_texts(300, 200))
    assert len(set(texts)) == 300 and min(map(len, texts)) >= 200
