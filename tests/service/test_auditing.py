from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from atu_gui import cli
from atu_gui.core.audits import AuditSettings
from atu_gui.core.config import parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.events import AuditFound, Progress
from atu_gui.core.materials import Materials
from atu_gui.core.ports import Weights
from atu_gui.service.auditing import audits_in, keep
from atu_gui.service.folders import AUDITS_FILE
from atu_gui.service.workbench import Workbench
from atu_gui.store.summary import SUMMARY_FILE
from tests.engine.conftest import materials as _materials

materials = _materials


def test_findings_are_kept_and_replace_earlier_ones_of_the_same_audit_and_round(tmp_path: Path) -> None:
    lens = AuditFound("r", 1, "lens", "layer 2", AuditSettings(), ())
    other = dataclasses.replace(lens, round=2)
    keep(tmp_path, [lens])
    keep(tmp_path, [other])
    anew = dataclasses.replace(lens, attack="layer 3")
    keep(tmp_path, [anew])
    assert audits_in(tmp_path) == (other, anew)
    assert [path.name for path in tmp_path.iterdir()] == [AUDITS_FILE]


def test_damaged_lines_cost_no_others(tmp_path: Path) -> None:
    found = AuditFound("r", 1, "lens", "layer 2", AuditSettings(), ())
    keep(tmp_path, [found])
    with (tmp_path / AUDITS_FILE).open("a", encoding="utf-8") as file:
        file.write('{"event": "AuditFound"}\nnot json\n')
    assert audits_in(tmp_path) == (found,)
    assert audits_in(tmp_path / "nowhere") == ()


@pytest.mark.slow
def test_an_audit_is_computed_once_and_told_again_from_the_run(
    tiny_model: Path, tiny_encoder: Path, materials: Materials, capsys: pytest.CaptureFixture[str]
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
    jobs: list[str] = []
    bench.subscribe(lambda event: jobs.append(event.job) if isinstance(event, Progress) else None)
    try:
        run = bench.run(config, materials).result(60)
        weights = Weights(run.run_id, 1)
        first = bench.audit(weights, ("lens", "quantize"), AuditSettings()).result(60)
        assert {one.audit for one in first} == {"lens", "quantize"} and "audit" in jobs
        assert bench.audits_of(run.run_id).result(60) == first
        jobs.clear()
        assert bench.audit(weights, ("lens", "quantize"), AuditSettings()).result(60) == first
        assert not jobs
        path = run.folder / SUMMARY_FILE
        summary = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**summary, "verdicts": "old"}), encoding="utf-8")
        bench.audit(weights, ("lens",), AuditSettings()).result(60)
        assert json.loads(path.read_text(encoding="utf-8")) == summary, "the verdict is told anew"
        # The folder alone says the same, as it does on another machine.
        assert bench.events_of(str(run.folder)).result(60) == bench.events_of(run.run_id).result(60)
        with pytest.raises(InputError, match="Round 0"):
            bench.audit(Weights(run.run_id, 0), ("lens",), AuditSettings()).result(60)
    finally:
        bench.close()
    with pytest.raises(SystemExit) as left:
        cli.main(["audit", f"{run.run_id}:1", "--only", "lens", "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdicts"] == summary["verdicts"]
    assert told["round"] == 1 and [one["audit"] for one in told["findings"]] == ["lens"]
    with pytest.raises(SystemExit) as left:
        cli.main(["audit", f"{run.run_id}:1", "--only", "hypnosis"])
    assert left.value.code == 2
