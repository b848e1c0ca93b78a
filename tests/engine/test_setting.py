"""Which texts a run reads, and how they are split."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.events import Note
from atu_gui.core.materials import Materials, Passage
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import build_setting, with_layers
from atu_gui.engine.tiny import CORPUS
from tests.engine.draining import drain


def test_of_many_texts_the_run_reads_what_its_steps_take(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig
) -> None:
    config = with_layers(config, lm.depth)
    config.texts.passages = 5000
    many = replace(materials, concept_passages=tuple(Passage(f"{CORPUS[n % 2]} {n}") for n in range(600)))
    events, setting = drain(build_setting(config, lm, encoder, many))
    assert len(setting.concept) == 256 and len(setting.retain) == len(materials.retain_passages)
    said = [event.text for event in events if isinstance(event, Note) and "reads" in event.text]
    assert said == [
        "The run reads 256 of the 600 concept passages; its steps take no more, or the disk cache holds no more."
    ]
    again = drain(build_setting(config, lm, encoder, many))[1]
    ids = [[text.ids.tolist() for text in one.concept.texts] for one in (setting, again)]
    assert ids[0] == ids[1], "the seed draws them"
    other = drain(build_setting(config.model_copy(update={"seed": 7}), lm, encoder, many))[1]
    assert [text.ids.tolist() for text in other.concept.texts] != ids[0]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_every_text_is_trained_on_or_held_out(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, share: float
) -> None:
    config.align.held_out = share
    many = replace(materials, concept_passages=materials.concept_passages * 5)
    setting = drain(build_setting(with_layers(config, lm.depth), lm, encoder, many))[1]
    assert sorted(setting.concept_train + setting.concept_held) == list(range(40))
    assert len(setting.concept_held) == 40 * share
