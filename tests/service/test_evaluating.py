"""Evaluating as a job: which weights are asked, what is loaded for it, what is refused, cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import pytest

from atu_gui.core.config import STARTER, ModelConfig, parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.evaluation import EvaluationRequest
from atu_gui.core.events import Event, Progress
from atu_gui.core.ports import RunOutcome
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine

MODEL = ModelConfig(source=STARTER)
OF_MODEL = EvaluationRequest(("1_Ada",), model=MODEL)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def bench(engine: FakeEngine) -> Iterator[Workbench]:
    bench = Workbench(engine=engine)
    yield bench
    bench.close()


@pytest.fixture
def run(bench: Workbench) -> RunOutcome:
    """Two rounds of three steps: the value goes from 10 over 7 to 4."""
    config = parse_config(
        {"concepts": [{"name": "Ada"}], "rounds": [{"align_steps": 1, "unlearn_steps": 3, "tau": 0.3}] * 2}
    )
    return bench.run(config).result(10)


def test_an_untouched_model_is_loaded_without_an_encoder_and_only_once(bench: Workbench, engine: FakeEngine) -> None:
    encoders = []
    load = engine.load
    engine.load = lambda model, encoder: encoders.append(encoder) or load(model, encoder)  # type: ignore[method-assign, func-returns-value, assignment]
    found = bench.evaluate(OF_MODEL).result(10)
    assert (found.weights, found.weights_hash, found.targets) == ("fake model, untouched weights", "10", ("1_Ada",))
    bench.evaluate(replace(OF_MODEL, reading="corrected")).result(10)
    assert encoders == [None]
    # A run needs the encoder, an evaluation takes what is held.
    bench.load(MODEL, STARTER).result(10)
    bench.evaluate(OF_MODEL).result(10)
    assert encoders == [None, STARTER]


def test_the_starter_kit_is_fetched_first(bench: Workbench, engine: FakeEngine) -> None:
    engine.ready = False
    assert bench.evaluate(OF_MODEL).result(10).weights_hash == "10"
    assert engine.fetched == 1


def test_a_round_is_asked_with_its_weights_and_nothing_stays_changed(bench: Workbench, run: RunOutcome) -> None:
    request = EvaluationRequest(("1_Ada",), run=run.run_id)
    for round_, value in ((None, "4"), (1, "7"), (2, "4"), (0, "10")):
        found = bench.evaluate(replace(request, round=round_)).result(10)
        assert found.weights_hash == value
        words = f"run {run.run_id}, round {2 if round_ is None else round_}" if round_ != 0 else "untouched weights"
        assert found.weights == f"fake model, {words}"
    assert bench.evaluate(OF_MODEL).result(10).weights_hash == "10"


def test_cancelling_ends_it_and_the_next_evaluation_works(bench: Workbench, engine: FakeEngine) -> None:
    engine.prompts, engine.step_seconds = 10_000, 0.001

    def cancel_when_asking(event: Event) -> None:
        if isinstance(event, Progress) and event.job == "ask":
            bench.cancel()

    unsubscribe = bench.subscribe(cancel_when_asking)
    with pytest.raises(CancelledError):
        bench.evaluate(OF_MODEL).result(10)
    unsubscribe()
    engine.prompts = 2
    assert bench.evaluate(OF_MODEL).result(10).weights_hash == "10"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"parts": ("fb", "wisdom")}, "no part “wisdom”"),
        ({"parts": ()}, "no part"),
        ({"reading": "kind"}, "no reading “kind”"),
        ({"targets": ()}, "No RWKU target"),
        ({"limit": 0}, "at least 1"),
        ({"run": "last"}, "Either a model or a run"),
        ({"model": None}, "Either a model or a run"),
        ({"model": None, "run": "nothing"}, "nothing"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_is_loaded(
    bench: Workbench, engine: FakeEngine, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        bench.evaluate(replace(OF_MODEL, **wrong)).result(10)
    assert engine.loads == 0


def test_a_round_that_does_not_exist_is_refused(bench: Workbench, run: RunOutcome) -> None:
    with pytest.raises(InputError, match="Round 7"):
        bench.evaluate(EvaluationRequest(("1_Ada",), run=run.run_id, round=7)).result(10)


def test_the_report_on_a_round_is_kept_with_its_run_and_the_same_one_only_once(
    bench: Workbench, run: RunOutcome
) -> None:
    assert bench.evaluations_of(run.run_id).result(10) == ()
    request = EvaluationRequest(("1_Ada",), run=run.run_id, round=1)
    first = bench.evaluate(request).result(10)
    second = bench.evaluate(replace(request, reading="corrected")).result(10)
    assert bench.evaluations_of(run.run_id).result(10) == (first, second)
    again = bench.evaluate(request).result(10)
    assert bench.evaluations_of(run.run_id).result(10) == (second, again)
    (run.folder / "evaluations" / "damaged.json").write_text("[", encoding="utf-8")
    bench.evaluate(OF_MODEL).result(10)
    assert len(bench.evaluations_of(run.run_id).result(10)) == 2
    assert all(path.suffix == ".json" for path in (run.folder / "evaluations").iterdir())
