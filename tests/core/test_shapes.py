"""Shapes against what their makers say of the models, and against a model that is really built."""

from __future__ import annotations

import pytest

from atu_gui.bench.shapes import LANGUAGE_MODELS
from atu_gui.core.config import RunConfig
from atu_gui.core.estimate import estimate
from atu_gui.core.schedule import settle
from atu_gui.core.shapes import PUBLISHED, Shape
from tests.ui.fake_run import LOADED

# In millions, from the models' cards.
_SAID = {
    "SmolLM2-135M": 134.5,
    "Gemma-3-270M": 268,
    "Llama-3.2-1B": 1_236,
    "Llama-3.2-3B": 3_213,
    "Phi-3-mini (3.8B)": 3_821,
    "Llama-3-8B": 8_030,
    "Qwen2.5-14B": 14_770,
    "Llama-3-70B": 70_554,
}


@pytest.mark.parametrize("shape", PUBLISHED, ids=lambda shape: shape.name)
def test_the_parameters_are_those_of_the_model(shape: Shape) -> None:
    assert shape.parameters / 1e6 == pytest.approx(_SAID[shape.name], rel=0.002)


def test_the_shapes_that_are_measured_are_these() -> None:
    by_name = {shape.name: shape for shape in PUBLISHED}
    for ours, theirs in (("Phi-3-mini (3.8B)", "phi-3-mini"), ("Llama-3-8B", "llama-3-8b")):
        config, shape = LANGUAGE_MODELS[theirs](), by_name[ours]
        keys = shape.queries * config.num_key_value_heads // config.num_attention_heads
        assert (shape.layers, shape.width, shape.inner) == (
            config.num_hidden_layers,
            config.hidden_size,
            config.intermediate_size,
        )
        assert (shape.keys, shape.vocabulary) == (keys, config.vocab_size)


def test_a_shape_tells_what_loading_tells() -> None:
    facts = PUBLISHED[0].facts(embedding_width=384, encoder_bytes=LOADED.encoder_bytes, device="cpu", dtype="float32")
    for name in ("layers", "width", "parameters", "memory_bytes", "block_activations", "embedding_parameters"):
        assert getattr(facts, name) == getattr(LOADED, name), name
    assert facts.block_parameters == LOADED.block_parameters
    assert estimate(settle(RunConfig()), facts) is not None
