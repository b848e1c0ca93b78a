"""Matrices packed to 4 bits, wherever bitsandbytes works; adapters are trained beside them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from atu_gui.core import events as ev
from atu_gui.core.audits import AuditSettings
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError, ResourceError
from atu_gui.core.materials import Materials
from atu_gui.core.schedule import settle
from atu_gui.engine.adapters import folded
from atu_gui.engine.audits import ATTACKS
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.export import Provenance, export
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder, linear_layers
from atu_gui.engine.packing import PackedLinear, nf4, no_nf4
from atu_gui.engine.pipeline import Run
from atu_gui.engine.snapshots import Snapshots
from tests.engine.draining import drain

_WHY = no_nf4(torch.device("cpu"))
needs_nf4 = pytest.mark.skipif(bool(_WHY), reason=f"NF4: {_WHY}")


def _load(folder: Path, weights: str) -> LanguageModel:
    config = ModelConfig.model_validate({"source": str(folder), "device": "cpu", "weights": weights})
    loaded: LanguageModel = drain(load_language_model(config))[1]
    return loaded


def _logits(lm: LanguageModel) -> torch.Tensor:
    with torch.inference_mode(), lm.autocast():
        return lm.model(input_ids=torch.tensor([[5, 9, 33, 7, 61, 12]])).logits.float()


@pytest.fixture
def packed(config: RunConfig) -> RunConfig:
    config.model.weights = "nf4"
    config.unlearn.rank = 2
    return config


def test_packed_weights_are_trained_with_lora_only(packed: RunConfig) -> None:
    assert settle(packed).unlearn.training == "lora"
    packed.unlearn.training = "full"
    with pytest.raises(InputError, match="cannot be trained in full"):
        settle(packed)


def test_without_the_extra_one_sentence_says_so(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "bitsandbytes" else find(name, *rest)
    )
    with pytest.raises(ResourceError, match=r"cannot be packed to 4 bits: the package bitsandbytes is not installed"):
        _load(tiny_model, "nf4")


@needs_nf4
def test_a_packed_model_computes_with_the_rounded_matrices(tiny_model: Path) -> None:
    plain, lm = _load(tiny_model, "full"), _load(tiny_model, "nf4")
    layers = list(linear_layers(lm.blocks))
    assert lm.packed and len(layers) == 4 * 7
    assert all(isinstance(layer.module, PackedLinear) and layer.weight.dtype == torch.uint8 for layer in layers)
    assert lm.block_parameters == plain.block_parameters and lm.block_activations == plain.block_activations
    assert lm.weights_hash != plain.weights_hash
    for layer in linear_layers(plain.blocks):
        layer.weight.data = nf4(layer.weight.data)
    assert torch.allclose(_logits(lm), _logits(plain), atol=1e-5)
    with folded(lm):
        assert torch.allclose(_logits(lm), _logits(plain), atol=1e-5)
        assert weights_hash(lm.model) == weights_hash(plain.model)
    assert all(layer.weight.dtype == torch.uint8 for layer in linear_layers(lm.blocks))


@needs_nf4
def test_gradients_go_through_packed_matrices(tiny_model: Path) -> None:
    plain, lm = _load(tiny_model, "full"), _load(tiny_model, "nf4")
    for layer in linear_layers(plain.blocks):
        layer.weight.data = nf4(layer.weight.data)
    found = []
    for model in (plain.model, lm.model):
        states = torch.linspace(-1, 1, 5 * 32).reshape(1, 5, 32).requires_grad_()
        model(inputs_embeds=states).logits.square().sum().backward()
        found.append(states.grad)
    assert found[0] is not None and found[1] is not None
    assert torch.allclose(found[1], found[0], rtol=1e-3, atol=1e-5 * float(found[0].abs().max()))


@needs_nf4
def test_a_run_on_a_packed_model(
    tiny_model: Path, encoder: TextEncoder, materials: Materials, packed: RunConfig, tmp_path: Path
) -> None:
    lm = _load(tiny_model, "nf4")
    said = _logits(lm)
    run = Run(packed, lm, encoder, materials, RunControl(), run_id="r", folder=tmp_path / "run")
    scored = [event for event in run.events() if isinstance(event, ev.RoundScored)]
    assert scored[0].weights_hash == lm.weights_hash and len({one.weights_hash for one in scored}) == 3
    with run.snapshots.applied(0):
        assert torch.equal(_logits(lm), said)

    source = Provenance("r", 2, run.config, scored[0], scored[2], materials.probes, materials.fluency_prompts)
    with run.snapshots.applied(2):
        unlearned = _logits(lm)
        done = drain(export(lm, source, tmp_path / "out", lambda: False))[1]
    written = _load(done.folder, "full")
    assert not written.packed and torch.allclose(_logits(written), unlearned, atol=1e-5)
    assert "4 bits" in (done.folder / "README.md").read_text()

    run.snapshots.let_go()
    assert torch.equal(_logits(lm), said)
    snapshots = Snapshots.open(tmp_path / "run", lm)
    with pytest.raises(InputError, match="packed to 4 bits"):
        snapshots.whole(1)
    settings = AuditSettings(steps=1, texts=2, batch=2, max_tokens=24, shots=1)
    for kind in ("quantize", "relearn"):
        subject = Subject(lm, snapshots, 2, "r", run.config, materials, settings, lambda: False)
        assert any(isinstance(event, ev.AuditFound) for event in drain(ATTACKS[kind](subject))[0])
    assert torch.equal(_logits(lm), said)
    with pytest.raises(InputError, match="was run on other weights"):
        Snapshots.open(tmp_path / "run", _load(tiny_model, "full"))
