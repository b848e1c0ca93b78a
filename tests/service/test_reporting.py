"""The report as a job: which runs it finds, what it gathers, what it refuses."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from atu_gui.core.config import STARTER, ModelConfig, parse_config
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.events import RunStarted
from atu_gui.core.ports import RunOutcome
from atu_gui.service import reporting
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine
from tests.store.samples import started

MODEL = ModelConfig(source=STARTER)


@pytest.fixture
def bench() -> Iterator[Workbench]:
    bench = Workbench(engine=FakeEngine())
    yield bench
    bench.close()


@pytest.fixture
def run(bench: Workbench) -> RunOutcome:
    config = parse_config(
        {"concepts": [{"name": "Ada <3"}], "rounds": [{"align_steps": 1, "unlearn_steps": 3, "tau": 0.3}] * 2}
    )
    return bench.run(config).result(10)


def test_the_page_of_a_run_is_written(bench: Workbench, run: RunOutcome, tmp_path: Path) -> None:
    file = bench.write_report(run.run_id, tmp_path / "report.html").result(10)
    page = file.read_text(encoding="utf-8")
    assert file == tmp_path / "report.html" and file.is_absolute()
    assert page.startswith("<!DOCTYPE html>") and page.count("Ada &lt;3") > 1 and "Ada <3" not in page
    assert f"Run {run.run_id}" in page
    summary = json.loads((run.folder / "summary.json").read_text(encoding="utf-8"))
    assert all(version in page for version in summary["versions"].values())


def test_a_run_that_is_only_a_folder_has_the_same_page(
    bench: Workbench, run: RunOutcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting.time, "time", lambda: 1.8e9)
    here = bench.write_report(run.run_id, tmp_path / "here.html").result(10)
    other = Workbench(tmp_path / "elsewhere.sqlite3", FakeEngine())
    try:
        there = other.write_report(str(run.folder), tmp_path / "there.html").result(10)
    finally:
        other.close()
    assert here.read_text(encoding="utf-8") == there.read_text(encoding="utf-8")


def test_a_file_is_replaced_only_when_that_is_asked_for(bench: Workbench, run: RunOutcome, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="exists already"):
        bench.write_report(run.run_id, file).result(10)
    assert file.read_text(encoding="utf-8") == "mine"
    bench.write_report(run.run_id, file, replace=True).result(10)
    assert "<!DOCTYPE html>" in file.read_text(encoding="utf-8")


def test_what_cannot_be_written_or_found_is_said(bench: Workbench, run: RunOutcome, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        bench.write_report(run.run_id, tmp_path).result(10)
    with pytest.raises(OutputError, match="cannot be written"):
        bench.write_report(run.run_id, tmp_path / "nowhere" / "report.html").result(10)
    with pytest.raises(InputError, match="no run “nothing”"):
        bench.write_report("nothing", tmp_path / "report.html").result(10)
    assert list(tmp_path.glob("*.html")) == []


def test_weights_are_known_by_what_was_recorded_or_by_the_round_that_was_kept(tmp_path: Path) -> None:
    start = started()
    assert isinstance(start, RunStarted)
    header = json.dumps({"__metadata__": {"weights_hash": "abc"}}).encode()
    content = len(header).to_bytes(8, "little") + header + b"weights"
    (tmp_path / "rounds").mkdir()
    (tmp_path / "rounds" / "round-2.safetensors").write_bytes(content)
    rows = dict(reporting._hashes(tmp_path, start, 2, "def"))
    assert (rows["Language model"], rows["Language model with round 2"]) == ("abc", "def")
    assert rows["Encoder"] == "not recorded"
    assert hashlib.sha256(content).hexdigest() in rows.values()
    told = dataclasses.replace(start, weights_hash="told", encoder_hash="too")
    assert dict(reporting._hashes(tmp_path, told, 0, "")) == {"Language model": "told", "Encoder": "too"}
    assert dict(reporting._hashes(tmp_path, told, 1, ""))["Language model with round 1"] == "not recorded"
    (tmp_path / "rounds" / "round-2.safetensors").write_bytes(b"damaged")
    assert dict(reporting._hashes(tmp_path, start, 2, ""))["Language model"] == "not recorded"
