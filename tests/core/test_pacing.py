"""A run leaves its paces behind, and the next one begins with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.events import Event, RunContinued, RunFinished, RunStarted
from atu_gui.core.pace_memory import PaceMemory
from atu_gui.core.paces import Paces
from atu_gui.core.pacing import Pacing
from tests.core.test_paces import CPU, DEFAULT, timeline
from tests.core.test_workload import of
from tests.ui.fake_run import LOADED

CONFIG = RunConfig(rounds=DEFAULT, schedule="custom")


def _run(pacing: Pacing) -> None:
    events: list[Event] = [LOADED, *timeline(DEFAULT, CPU, ready=3.0)]
    for event in [*events, RunFinished("r", "all rounds done", 8, 8, 600.0, "")]:
        pacing.handle(event)
        pacing.progress.handle(event)


def test_the_next_run_knows_from_its_first_event_on(tmp_path: Path) -> None:
    memory = PaceMemory(tmp_path / "paces.json")
    first = Pacing(memory)
    first.expect(CONFIG)
    _run(first)
    kept = memory.recall(of(CONFIG))
    assert kept.words == "from your last run"
    assert kept.paces["unlearn"] == pytest.approx(CPU["unlearn"])
    assert kept.paces["probe"] == pytest.approx(CPU["probe"]) and kept.paces["asides"] == 0.0
    second = Pacing(memory)
    second.expect(CONFIG)
    second.handle(LOADED)
    for event in timeline(DEFAULT, CPU, ready=3.0):
        second.progress.handle(event)
        if isinstance(event, RunStarted):
            break
    assert second.progress.run_left() is not None
    third = Pacing(memory)
    third.expect(CONFIG, LOADED)
    assert third.progress.paces.of("unlearn") == pytest.approx(CPU["unlearn"])


def test_a_run_that_was_not_announced_or_is_resumed_leaves_nothing(tmp_path: Path) -> None:
    memory = PaceMemory(tmp_path / "paces.json")
    _run(Pacing(memory))
    resumed = Pacing(memory)
    resumed.expect(CONFIG, LOADED)
    resumed.handle(RunContinued("r", 1, 250))
    for event in [*timeline(DEFAULT, CPU, ready=3.0), RunFinished("r", "all rounds done", 8, 8, 600.0, "")]:
        resumed.handle(event)
        resumed.progress.handle(event)
    assert memory.recall(of(CONFIG)).paces == {}


def test_asides_that_were_measured_stay_apart_from_the_questions() -> None:
    paces = Paces({"probe": 0.1, "asides": 8.0})
    paces.questions = 40
    assert paces.of("probe") == pytest.approx(0.3)
    paces.measure("probe", 0.6)
    assert paces.split() == pytest.approx({"probe": 0.2, "asides": 16.0})
    fewer = Paces(paces.split())
    fewer.questions = 8
    assert fewer.of("probe") == pytest.approx(0.2 + 2.0)


def test_one_part_that_is_remembered_prices_the_others() -> None:
    paces = Paces({"unlearn": 3.0})
    assert paces.of("first align") == pytest.approx(0.2) and paces.of("align") == pytest.approx(0.7)
    paces.measure("unlearn", 6.0)
    assert paces.of("align") == pytest.approx(1.4)
