from __future__ import annotations

from dataclasses import replace

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.estimate import Estimate, estimate, run_seconds
from atu_gui.core.paces import Paces
from atu_gui.core.schedule import settle
from tests.ui.fake_run import LOADED, PLANNED


def _priced(config: RunConfig) -> dict[str, float]:
    found = estimate(settle(config), LOADED)
    assert found is not None
    return {use.name: use.bytes for use in found.uses}


def test_every_use_of_the_starter_model() -> None:
    uses = _priced(RunConfig())
    block = 3_540_096 * 4
    assert uses["Model"] == 538_060_032 and uses["Encoder"] == 90_852_864
    assert uses["Untouched values"] == uses["Gradients"] == 10 * block
    assert uses["Optimizer"] == 20 * block
    # Measured with saved-tensor hooks: 340.7 MB for 8 × 96 tokens and 10 blocks.
    assert 340.7e6 < uses["Activations"] < 1.25 * 340.7e6
    assert uses["Questions"] == 0, "scores over 49,152 words take less than gradients and activations"


def test_what_costs_more_is_priced_higher() -> None:
    usual = _priced(RunConfig())
    assert _priced(RunConfig(layers=[20]))["Gradients"] == 2 * usual["Gradients"]
    assert _priced(RunConfig(layers=[5, 10]))["Heads"] == 2 * usual["Heads"]
    sgd = RunConfig()
    sgd.unlearn.optimizer = "sgd"
    assert _priced(sgd)["Optimizer"] == 0
    embeddings = RunConfig()
    embeddings.unlearn.train_embeddings = True
    assert _priced(embeddings)["Gradients"] - usual["Gradients"] == 4 * 28_311_552
    last = RunConfig()
    last.unlearn.blocks = 4
    assert _priced(last)["Gradients"] == 0.4 * usual["Gradients"]
    assert _priced(last)["Activations"] < 0.6 * usual["Activations"]
    wide = RunConfig()
    wide.windows.batch = 16
    assert _priced(wide)["Activations"] == 2 * usual["Activations"]


def test_lora_needs_little_for_what_it_trains() -> None:
    lora = RunConfig()
    lora.unlearn.training = "lora"
    uses, usual = _priced(lora), _priced(RunConfig())

    adapters = 10 * 8 * LOADED.block_activations * 4
    assert uses["Adapters"] == uses["Untouched values"] == uses["Gradients"] == adapters < usual["Gradients"] / 20
    assert uses["Optimizer"] == 2 * adapters and uses["Activations"] == usual["Activations"]
    found = estimate(settle(lora), LOADED)
    assert found is not None and found.disk == 8 * adapters


def test_weights_held_in_16_bits_get_masters() -> None:
    found = estimate(settle(RunConfig()), replace(LOADED, dtype="bfloat16", device="cuda:0", weight_bytes=2.0))
    assert found is not None
    uses = {use.name: use.bytes for use in found.uses}
    block = 3_540_096
    assert uses["Untouched values"] == 10 * block * 2
    # Of float32 beside the 16 bits that the model takes already, and as many again to compute with.
    assert uses["Masters"] == 10 * block * (2 + 2)
    assert uses["Gradients"] == 10 * block * 4 and uses["Optimizer"] == 20 * block * 4
    assert "Masters" not in _priced(RunConfig())


def test_what_is_loaded_needs_no_more() -> None:
    found = estimate(settle(PLANNED), LOADED)
    assert isinstance(found, Estimate)
    assert found.memory - found.more == 538_060_032 + 90_852_864
    assert found.disk == 3 * 10 * 3_540_096 * 4


def test_texts_lie_on_the_disk_as_many_as_are_read() -> None:
    def texts(config: RunConfig) -> float:
        found = estimate(settle(config), LOADED)
        assert found is not None
        return found.texts

    assert texts(RunConfig()) == 320 * 96 * 4 * (576 + 384)
    last = RunConfig()
    last.unlearn.blocks = 4
    assert texts(last) == 320 * 96 * 4 * (2 * 576 + 384), "the output of the constant blocks is kept as well"
    many = RunConfig()
    many.texts.passages = many.texts.retain_passages = 50_000
    assert texts(RunConfig()) < texts(many) < 10 * texts(RunConfig())


def test_a_large_vocabulary_is_asked_about() -> None:
    # Gemma 3 270M: 262,144 words at width 640.
    gemma = replace(LOADED, width=640, embedding_parameters=262_144 * 640, program_bytes=400_000_000)
    found = estimate(settle(RunConfig(layers=[6])), gemma)
    assert found is not None
    uses = {use.name: use for use in found.uses}
    assert uses["Questions"].bytes + uses["Gradients"].bytes + uses["Activations"].bytes == 2 * 4 * 1024 * 262_144
    assert uses["Program"].loaded and uses["Program"].bytes == 400_000_000


def test_without_a_count_of_blocks_nothing_is_said() -> None:
    assert estimate(settle(RunConfig()), replace(LOADED, block_parameters=())) is None


def test_time_needs_every_pace() -> None:
    paces = Paces({"first align": 0.1, "align": 0.2, "unlearn": 1.0, "probe": 0.5, "between": 2.0})
    paces.questions = 10
    steps = 250 * 0.1 + 12 * 0.2 + 36 * 1.0
    assert run_seconds(PLANNED, paces) == pytest.approx(steps + 4 * 10 * 0.5 + 3 * 2.0)
    assert run_seconds(PLANNED, Paces()) is None
