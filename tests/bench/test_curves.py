"""The measurement of the curves paints the real panel."""

from __future__ import annotations

import json

import pytest
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from atu_gui.bench.curves import long_run
from atu_gui.cli import app
from atu_gui.core.events import StepDone


def test_every_kind_of_picture_is_timed(qtbot: QtBot) -> None:
    done = CliRunner().invoke(app, ["bench", "curves", "--points", "2000", "--frames", "9", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["points"] == 2000
    for kind in ("pan", "zoom", "grow"):
        assert told[kind]["count"] == 9
        assert 0 < told[kind]["median_ms"] <= told[kind]["p99_ms"] <= told["worst_p99_ms"]


def test_the_run_has_as_many_steps_as_were_asked_for() -> None:
    steps = [event for event in long_run(101) if isinstance(event, StepDone)]
    assert [one.step for one in steps] == list(range(1, 102))
    assert {one.stage for one in steps} == {"align", "unlearn"}
    assert steps[0].tau is None and steps[-1].tau == pytest.approx(0.3)
