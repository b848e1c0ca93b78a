"""From a run on the tiny model to an exported folder, through the service and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui import cli
from atu_gui.core.config import parse_config
from atu_gui.core.errors import OutputError
from atu_gui.core.events import Progress
from atu_gui.core.materials import Materials
from atu_gui.core.ports import Weights
from atu_gui.service.workbench import Workbench
from tests.engine.conftest import materials as _materials

materials = _materials


@pytest.mark.slow
def test_a_round_is_exported_and_answers_the_same(
    tiny_model: Path, tiny_encoder: Path, materials: Materials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = parse_config(
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
