from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import LayerScored, Progress
from atu_gui.core.materials import Materials, Passage
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.scan import Sample, layers_to_scan, probe_layer, scan_layers
from tests.engine.draining import drain

CPU = torch.device("cpu")


def _sample(states: torch.Tensor, references: torch.Tensor, concept: torch.Tensor) -> Sample:
    held = torch.arange(len(states)) % 3 == 2
    return Sample({1: states}, references, held, concept)


def test_a_layer_that_holds_the_answer_is_told_from_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    references = torch.randn(300, 8, generator=generator)
    concept = torch.arange(300) < 150
    vectors = torch.randn(1, 8, generator=generator)
    references[concept] += 2 * vectors
    mixing = torch.randn(8, 16, generator=generator)
    knowing = _sample(references @ mixing, references, concept)
    noise = _sample(torch.randn(300, 16, generator=generator), references, concept)
    cosine, area = probe_layer(knowing, 1, vectors, CPU)
    assert cosine > 0.8 and area is not None and area > 0.9
    assert probe_layer(noise, 1, vectors, CPU)[1] == pytest.approx(0.5, abs=0.15)


def test_without_other_texts_there_is_no_auc() -> None:
    states = torch.randn(30, 4)
    everything = torch.ones(30, dtype=torch.bool)
    assert probe_layer(_sample(states, torch.randn(30, 4), everything), 1, torch.randn(1, 4), CPU)[1] is None


def test_every_layer_of_a_model_is_measured(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig
) -> None:
    before = {name: value.clone() for name, value in lm.model.named_parameters()}
    events, found = drain(scan_layers(config, lm, encoder, materials, lambda: False))
    scores = [event for event in events if isinstance(event, LayerScored)]
    assert [score.layer for score in scores] == [1, 2, 3, 4] and tuple(scores) == found.scores
    assert all(-1 <= score.cosine <= 1 and score.auc is not None and 0 <= score.auc <= 1 for score in scores)
    assert found.suggested in (1, 2) and found.reason.startswith("AUC ")
    progress = [event for event in events if isinstance(event, Progress) and event.job == "scan"]
    assert progress[-1].done == progress[-1].total == 4
    assert all(torch.equal(before[name], value) for name, value in lm.model.named_parameters())


def test_it_can_be_cancelled_and_refuses_too_little(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig
) -> None:
    with pytest.raises(Cancelled):
        drain(scan_layers(config, lm, encoder, materials, lambda: True))
    with pytest.raises(InputError, match="too few texts"):
        few = replace(materials, concept_passages=(Passage("Ada."),))
        drain(scan_layers(config, lm, encoder, few, lambda: False))


def test_deep_models_are_scanned_in_strides() -> None:
    assert layers_to_scan(4) == [1, 2, 3, 4]
    assert layers_to_scan(80) == list(range(2, 81, 2))
