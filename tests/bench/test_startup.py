"""The measurement of the first paint starts the real window."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from atu_gui.cli import app


def test_startup_measures_a_real_start() -> None:
    done = CliRunner().invoke(app, ["bench", "startup", "--repeats", "1", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["first_paint_s"] == told["runs"][0] > 0.05
    assert told["usable_s"] == told["usable_runs"][0] >= told["first_paint_s"]
    assert told["ready_s"] == told["ready_runs"][0] >= told["usable_s"]
    assert told["torch_loaded"] is False
