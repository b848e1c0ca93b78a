"""The tiny models, loaded once for the engine's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from atu_gui.core.config import ModelConfig, RunConfig, parse_config
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.tiny import CORPUS
from tests.engine.draining import drain


@pytest.fixture
def lm(tiny_model: Path) -> LanguageModel:
    """A freshly loaded tiny model: tests change its weights."""
    return drain(load_language_model(ModelConfig(source=str(tiny_model), device="cpu")))[1]


@pytest.fixture
def encoder(tiny_encoder: Path) -> TextEncoder:
    return drain(load_encoder(str(tiny_encoder), "", torch.device("cpu")))[1]


@pytest.fixture
def materials() -> Materials:
    """Enough of everything for a run of seconds."""
    return Materials(
        concept_passages=tuple(Passage(text) for text in CORPUS[:2] * 4),
        retain_passages=(
            *(Passage(text) for text in CORPUS[2:]),
            Passage(CORPUS[3], prompt="How do plants eat?"),
            Passage(CORPUS[6], prompt="How is bread made?"),
        ),
        neutral_texts=CORPUS[4:6],
        probes=(
            Probe("f1", "forget", "question", "Who wrote the first program?", "Ada Lovelace"),
            Probe("f2", "forget", "cloze", "Ada Lovelace was an English ___", "mathematician"),
            Probe("n1", "neighbour", "question", "Who built the first compiler?", "Grace Hopper"),
        ),
        fluency_prompts=("Write about bread.",),
    )


@pytest.fixture
def config() -> RunConfig:
    """Two short rounds with a small head."""
    return parse_config(
        {
            "concepts": [{"name": "Ada Lovelace"}],
            "layers": [2],
            "head": {"layers": 1, "width": 16, "heads": 2},
            "windows": {"k": 4, "max_tokens": 48, "batch": 4},
            "guards": dict.fromkeys(("neighbour_floor", "utility_limit", "fluency_floor", "active_share"), "off"),
            "rounds": [
                {"align_steps": 4, "unlearn_steps": 3, "tau": 0.05},
                {"align_steps": 2, "unlearn_steps": 3, "quantile": 0.5},
            ],
        }
    )


@pytest.fixture
def destructive(config: RunConfig) -> RunConfig:
    """A config whose first round certainly breaks the utility limit.

    Random blocks leave random logits as small as they were; only large embeddings, which are the LM head too, make the
    loss of neutral text rise on every machine.
    """
    config.guards.utility_limit = 1.0
    config.unlearn.train_embeddings = True
    config.unlearn.learning_rate = 0.5
    config.unlearn.retain_weight = 0.0
    config.rounds[0].tau = -0.9
    return config


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, so that equal seeds give equal bits whatever the machine is doing."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
