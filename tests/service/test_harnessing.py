"""The standard harness as a job: asked before and after, refused before a model is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from atu_gui.core.config import parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.harness import HarnessRequest
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine


@pytest.fixture
def bench() -> Iterator[Workbench]:
    bench = Workbench(engine=FakeEngine())
    yield bench
    bench.close()


def test_a_round_is_asked_before_and_after(bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: f"1.2 of {name}")
    config = parse_config(
        {"concepts": [{"name": "Ada"}], "rounds": [{"align_steps": 1, "unlearn_steps": 3, "tau": 0.3}] * 2}
    )
    run = bench.run(config).result(10)
    found = bench.ask_harness(HarnessRequest(("piqa", "boolq"), run.run_id, 1)).result(10)
    assert (found.version, found.weights) == ("1.2 of lm-eval", f"fake model, run {run.run_id}, round 1")
    assert [(one.before.task, one.before.value, one.after.value) for one in found.scores] == [
        ("piqa", 10.0, 7.0), ("boolq", 10.0, 7.0)
    ]  # fmt: skip
    for wrong in (HarnessRequest(("piqa",), run.run_id, 0), HarnessRequest(("piqa",), run.run_id, 1, tmp_path / "no")):
        with pytest.raises(InputError):
            bench.ask_harness(wrong).result(10)
