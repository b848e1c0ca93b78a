"""What becomes of a run on the tiny model after its end: exported, returned to, branched from; through the service."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from atu_gui import cli
from atu_gui.core.config import RunConfig, parse_config
from atu_gui.core.errors import OutputError
from atu_gui.core.events import Progress, RoundScored
from atu_gui.core.materials import Materials
from atu_gui.core.ports import Weights
from atu_gui.service.workbench import Workbench
from tests.engine.conftest import materials as _materials

materials = _materials


def _config(tiny_model: Path, tiny_encoder: Path) -> RunConfig:
    return parse_config(
        {
            "concepts": [{"name": "Ada Lovelace"}],
            "model": {"source": str(tiny_model), "device": "cpu"},
            "encoder": str(tiny_encoder),
            "layers": [2],
            "head": {"layers": 1, "width": 16, "heads": 2},
            "windows": {"k": 4, "max_tokens": 48, "batch": 4},
            "rounds": [{"align_steps": 2, "unlearn_steps": 2, "tau": 0.05}],
            "guards": dict.fromkeys(("forget_goal", "neighbour_floor", "utility_limit", "fluency_floor"), "off"),
        }
    )


@pytest.mark.slow
def test_a_round_is_exported_and_answers_the_same(
    tiny_model: Path, tiny_encoder: Path, materials: Materials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = _config(tiny_model, tiny_encoder)
    bench = Workbench()
    heard: list[str] = []
    bench.subscribe(lambda event: heard.append(event.what) if isinstance(event, Progress) else None)
    try:
        run = bench.run(config, materials).result(60)
        done = bench.export_round(Weights(run.run_id, 1), tmp_path / "out").result(60)
        assert done.answers == 4 and "Loading the written model" in heard
        with pytest.raises(OutputError, match="is not empty"):
            bench.export_round(Weights(run.run_id, 1), tmp_path / "out").result(60)
    finally:
        bench.close()
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert f"run {run.run_id}" in card and "| forget recall |" in card and str(tmp_path) not in card
    with pytest.raises(SystemExit) as left:
        cli.main(["export", f"{run.run_id}:1", str(tmp_path / "again")])
    assert left.value.code == 0
    assert "gives the same answers to 4 questions" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        cli.main(["export", f"{run.run_id}:0", str(tmp_path / "zero")])
    assert left.value.code == 2


@pytest.mark.slow
def test_a_round_becomes_current_and_the_start_of_another_run(
    tiny_model: Path, tiny_encoder: Path, materials: Materials
) -> None:
    config = _config(tiny_model, tiny_encoder)
    bench = Workbench()
    try:
        first = bench.run(config, materials).result(60)
        second = bench.run(config.model_copy(update={"seed": 1}), materials).result(60)
        current = _weights(bench)
        assert bench.return_to(Weights(first.run_id, 1)).result(60) == f"run {first.run_id}, round 1"
        assert any(not torch.equal(value, current[name]) for name, value in _weights(bench).items())
        assert bench.return_to(Weights(second.run_id, 1)).result(60) == f"run {second.run_id}, round 1"
        assert all(torch.equal(value, current[name]) for name, value in _weights(bench).items())
        kept = bench.materials_of(first.run_id).result(60)
        branch = bench.run(config, kept, Weights(first.run_id, 1)).result(60)
        assert bench.runs().result(60)[0].parent == Weights(first.run_id, 1)
        told = [bench.events_of(run.run_id).result(60) for run in (first, branch)]
        untouched = [next(event for event in events if isinstance(event, RoundScored)) for events in told]
        assert untouched[0].forget_logprob == untouched[1].forget_logprob
    finally:
        bench.close()


def _weights(bench: Workbench) -> dict[str, torch.Tensor]:
    model = bench._holding.loaded.lm.model
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
