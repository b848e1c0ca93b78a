"""Measurements of the untouched model, on a workbench that has run before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from atu_gui.core.config import RunConfig, parse_config
from atu_gui.core.errors import ModelError
from atu_gui.core.events import ChatAnswered, Event, JobFailed, LayerScored, Progress
from atu_gui.core.footprint import Footprint
from atu_gui.core.ports import CURRENT, ChatRequest
from tests.service.fakes import MATERIALS
from tests.service.test_workbench import Bench

CONFIG = parse_config({"concepts": [{"name": "Ada Lovelace"}], "schedule": "gentle"})


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.workbench.close(5)


def test_layers_are_scanned_on_the_untouched_weights_and_the_current_ones_come_back(bench: Bench) -> None:
    bench.workbench.run(CONFIG).result(10)
    model = bench.workbench._holding.loaded.lm
    current = model.value  # type: ignore[attr-defined]
    assert current != 10.0
    found = bench.workbench.scan_layers(CONFIG, MATERIALS).result(10)
    assert [score.cosine for score in found.scores] == [10.0]
    assert bench.of(LayerScored) == list(found.scores)
    assert model.value == current  # type: ignore[attr-defined]


def test_a_scan_that_fails_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(bench.engine, "scan_layers", broken)
    assert "memory is full" in str(bench.workbench.scan_layers(CONFIG, MATERIALS).exception(10))
    assert [event.job for event in bench.of(JobFailed)] == ["scan"]


def test_questions_are_asked_of_the_untouched_weights(bench: Bench) -> None:
    bench.workbench.run(CONFIG).result(10)
    found = bench.workbench.check_knowledge(CONFIG, MATERIALS).result(10)
    assert [one.answer for one in found.forget] == ["10.0"]


def test_paces_are_measured_on_untouched_weights_while_chats_find_the_current_ones(bench: Bench) -> None:
    bench.workbench.run(CONFIG).result(10)
    current = bench.workbench._holding.loaded.lm.value  # type: ignore[attr-defined]
    chats = []

    def ask_once(event: Event) -> None:
        if isinstance(event, Progress) and event.job == "calibrate" and not chats:
            chats.append(bench.workbench.chat(ChatRequest("Who?", sides=(CURRENT,))))

    bench.workbench.subscribe(ask_once)
    found = bench.workbench.measure_paces(CONFIG).result(10)
    assert found.paces == {"unlearn": 10.0} and found.steps == 3
    said = [event for event in bench.of(Progress) if event.job == "calibrate"]
    assert [event.what for event in said] == ["1 0 10"] * 3, "no text of the user's is read"
    order = [type(event) for event in bench.events if event in said or isinstance(event, ChatAnswered)]
    assert order == [Progress, ChatAnswered, Progress, Progress], "the chat was answered between two steps"
    assert bench.of(ChatAnswered)[0].text.endswith(f"{current:g}")
    assert bench.workbench._holding.loaded.lm.value == current  # type: ignore[attr-defined]


def test_paces_need_no_concept_and_end_when_the_future_is_cancelled(bench: Bench) -> None:
    bench.workbench.load(CONFIG.model, CONFIG.encoder).result(10)
    assert bench.workbench.measure_paces(RunConfig(schedule="gentle")).result(10).steps == 3
    futures = []
    bench.workbench.subscribe(
        lambda event: futures[0].cancel() if isinstance(event, Progress) and event.job == "calibrate" else None
    )
    futures.append(bench.workbench.measure_paces(CONFIG))
    with pytest.raises(CancelledError):
        futures[0].result(10)
    bench.workbench.runs().result(10)
    assert len([event for event in bench.of(Progress) if event.job == "calibrate"]) == 4


def test_a_footprint_is_told_while_nothing_is_loaded_and_a_fault_is_no_failed_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Footprint("m", 3, 8, 1000, 4000, "cpu", "float32", "e", 10)
    monkeypatch.setattr(bench.engine, "footprint", lambda _model, _encoder: found)
    assert bench.workbench.footprint(CONFIG.model, "auto").result(10) == found
    assert bench.engine.loads == 0

    def unknown(*_: object) -> object:
        raise ModelError("There is no folder or file x.")

    monkeypatch.setattr(bench.engine, "footprint", unknown)
    assert isinstance(bench.workbench.footprint(CONFIG.model, "auto").exception(10), ModelError)
    assert not bench.of(JobFailed)
