"""A few steps of each kind on a tiny real model: they are real, and nothing of them stays."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import torch

from atu_gui.core import paths
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event, Progress
from atu_gui.core.materials import Probe
from atu_gui.core.paces import PARTS
from atu_gui.core.schedule import settle
from atu_gui.engine import calibrate
from atu_gui.engine.align import Aligner
from atu_gui.engine.calibrate import in_place, measure_paces, scratch_probes, scratch_setting
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.probes.score import ask_probes
from atu_gui.engine.setting import with_layers
from atu_gui.engine.unlearn import Unlearner, trained_parameters
from tests.engine.draining import drain


@pytest.mark.parametrize("kind", ["causal", "published"])
def test_no_weight_is_changed_at_any_event(
    lm: LanguageModel, encoder: TextEncoder, config: RunConfig, kind: str
) -> None:
    config.head.kind = kind  # type: ignore[assignment]
    config.unlearn.blocks, config.unlearn.learning_rate = 1, 0.5
    before = {name: value.clone() for name, value in lm.model.state_dict().items()}
    places = {name: value.data_ptr() for name, value in lm.model.state_dict().items()}
    random = torch.random.get_rng_state()
    work = measure_paces(with_layers(settle(config), lm.depth), lm, encoder, lambda: False)
    events = []
    try:
        while True:
            events.append(next(work))
            now = lm.model.state_dict()
            assert all(torch.equal(before[name], value) for name, value in now.items())
            assert not any(parameter.requires_grad for parameter in lm.model.parameters())
    except StopIteration as end:
        found = end.value
    assert set(found.paces) == set(PARTS)
    assert all(found.paces[part] > 0 for part in ("first align", "align", "unlearn", "asides", "between"))
    assert found.paces["probe"] >= 0 and found.steps == 20
    assert {name: value.data_ptr() for name, value in lm.model.state_dict().items()} == places
    assert torch.equal(torch.random.get_rng_state(), random), "a run that follows draws what it would have drawn"
    assert all(isinstance(event, Progress) and event.job == "calibrate" for event in events)
    assert not (paths.cache_folder() / "tensors").exists(), "made-up states are not kept"


def test_the_steps_are_those_of_a_run(lm: LanguageModel, encoder: TextEncoder, config: RunConfig) -> None:
    config = with_layers(settle(config), lm.depth)
    setting = scratch_setting(config, lm, encoder)
    for corpus in (setting.concept, setting.retain):
        assert [len(text.ids) for text in corpus.texts] == [config.windows.max_tokens] * config.windows.batch
        assert all(text.full.all() for text in corpus.texts), "every position has its window"
    parameters = trained_parameters(lm, config.layers, config.unlearn)
    copies = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    with in_place(parameters, copies):
        step = Unlearner(setting, parameters).step(-0.9, 1e-2, 1.0)
    assert step.finite and step.active_fraction > 0 and step.retain_loss is not None
    assert any(not torch.equal(parameters[name], copy) for name, copy in copies.items()), "the copies were trained"
    assert Aligner(setting).step(1e-3, untouched=True).gradient_norm > 0


def test_it_ends_when_it_is_told_to(lm: LanguageModel, encoder: TextEncoder, config: RunConfig) -> None:
    config = with_layers(settle(config), lm.depth)
    before = {name: value.clone() for name, value in lm.model.named_parameters()}
    for asked in (0, 3, 18, 25):
        answers = iter([False] * asked)
        with pytest.raises(Cancelled):
            drain(measure_paces(config, lm, encoder, lambda answers=answers: next(answers, True)))  # type: ignore[misc]
    assert all(torch.equal(before[name], value) for name, value in lm.model.named_parameters())


def test_slow_questions_are_asked_a_few_times_only(
    lm: LanguageModel, encoder: TextEncoder, config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def ask(lm: LanguageModel, probes: list[Probe], **rest: Any) -> Generator[Event, None, Any]:
        asked.append(len(probes))
        return (yield from ask_probes(lm, probes, **rest))

    monkeypatch.setattr(calibrate, "ask_probes", ask)
    config = with_layers(settle(config), lm.depth)
    drain(measure_paces(config, lm, encoder, lambda: False))
    monkeypatch.setattr(calibrate, "_PATIENCE", 0.0)
    events, found = drain(measure_paces(config, lm, encoder, lambda: False))
    assert asked == [4, 12, 4], "with patience a few and many, without it the few alone"
    assert found.paces["probe"] > 0 and found.steps == 6, "two steps of each kind"
    parts = [event.done for event in events if isinstance(event, Progress) and event.unit == "parts"]
    assert parts == sorted(parts) and set(parts) == {1, 3, 4}


def test_scratch_questions_have_answers_and_wrong_ones() -> None:
    probes = scratch_probes(12)
    assert len({probe.id for probe in probes}) == 12
    assert len({probe.answer for probe in probes}) == 12 and all(probe.query for probe in probes)
