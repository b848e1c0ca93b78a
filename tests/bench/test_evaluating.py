"""The evaluation measured on the tiny model: answers must be the same; times are only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atu_gui.cli import app
from tests.engine.rwku_maker import make_target


# Seven seconds alone; many tiny steps on two threads crawl where other work holds one of two cores.
@pytest.mark.timeout(600)
def test_the_two_ways_give_the_same_answers(tmp_path: Path) -> None:
    folder = make_target(tmp_path / "7_Ada_Lovelace")
    for name in ("forget_level1", "neighbor_level1"):
        queries = [
            {"query": f"Question {number} has {'many ' * (number % 7)}words ___.", "answer": "x"}
            for number in range(20)
        ]
        (folder / f"{name}.json").write_text(json.dumps(queries), encoding="utf-8")
    done = CliRunner().invoke(app, ["bench", "eval", "--rwku", str(folder), "--tiny", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    # Only where rounding decides may an answer differ, and hardly ever does it.
    assert all(one["tie"] for one in found["differing"])
    assert found["first_line_differing"] <= len(found["differing"])
    assert (found["probes"], found["distinct"]) == (44, 24)
    assert found["least_tokens"] <= found["ours"]["tokens"] < found["published"]["tokens"]
    assert found["first_line"]["tokens"] <= found["ours"]["tokens"]


def test_the_words_name_the_floor(tmp_path: Path) -> None:
    folder = make_target(tmp_path / "7_Ada_Lovelace")
    done = CliRunner().invoke(app, ["bench", "eval", "--rwku", str(folder), "--tiny"])
    assert done.exit_code == 0, done.output
    assert "no way needs fewer than" in " ".join(done.stdout.split())
