"""LoRA: the model's own weights are never touched, and nothing stays beside them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import GPT2Config, GPT2LMHeadModel

from atu_gui.core import events as ev
from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError
from atu_gui.core.materials import Materials
from atu_gui.core.schedule import LORA_RATE, settle
from atu_gui.engine.adapters import Adapters, folded
from atu_gui.engine.audits import ATTACKS
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.calibrate import measure_paces
from atu_gui.engine.export import Provenance, export
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder, linear_layers
from atu_gui.engine.pipeline import Run
from atu_gui.engine.setting import with_layers
from atu_gui.engine.snapshots import Snapshots, Start
from atu_gui.engine.tiny import tiny_tokenizer
from tests.engine.draining import drain

Weights = dict[str, torch.Tensor]


def weights(lm: LanguageModel) -> Weights:
    return {name: value.detach().clone() for name, value in lm.model.named_parameters()}


def same(one: Weights, other: Weights) -> bool:
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def logits(lm: LanguageModel) -> torch.Tensor:
    with torch.inference_mode():
        return lm.model(input_ids=torch.tensor([[5, 9, 33, 7, 61, 12]], device=lm.device)).logits.float()


def is_plain(lm: LanguageModel) -> bool:
    return not lm.adapters and not any(module._forward_hooks for module in lm.model.modules())


def let_speak(adapters: Adapters) -> None:
    """Give B values that change what the model says."""
    noise = torch.Generator().manual_seed(5)
    for one in adapters:
        one.b.data.copy_(0.1 * torch.randn(one.b.shape, generator=noise))


@pytest.fixture
def lora(config: RunConfig) -> RunConfig:
    config.unlearn.training = "lora"
    config.unlearn.rank = 2
    return config


@pytest.fixture
def transposed(tmp_path: Path) -> LanguageModel:
    """GPT-2, whose linear layers store their matrices the other way round."""
    folder, tokenizer = tmp_path / "gpt2", tiny_tokenizer()
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=3, n_head=4)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return drain(load_language_model(ModelConfig(source=str(folder), device="cpu")))[1]


def run_of(
    lm: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    config: RunConfig,
    folder: Path,
    start: Start | None = None,
) -> tuple[Run, list[ev.RoundScored]]:
    run = Run(config, lm, encoder, materials, RunControl(), run_id="r", folder=folder, start=start)
    return run, [event for event in run.events() if isinstance(event, ev.RoundScored)]


def test_silent_adapters_say_nothing_and_leave_nothing(lm: LanguageModel, lora: RunConfig) -> None:
    before, said = weights(lm), logits(lm)
    adapters = Adapters.new(lm, lora)
    assert {name.split(".")[2] for name in adapters.parameters} == {"0", "1"}
    assert len(adapters.parameters) == 2 * 2 * 7
    with adapters.attached():
        assert torch.equal(logits(lm), said)
        let_speak(adapters)
        assert not torch.allclose(logits(lm), said)
        assert same(weights(lm), before)
    assert is_plain(lm) and torch.equal(logits(lm), said)


@pytest.mark.parametrize("model", ["lm", "transposed"])
def test_folded_into_the_matrices_they_say_the_same(
    lora: RunConfig, model: str, request: pytest.FixtureRequest
) -> None:
    lm: LanguageModel = request.getfixturevalue(model)
    before, said = weights(lm), logits(lm)
    adapters = Adapters.new(lm, lora)
    let_speak(adapters)
    with adapters.attached():
        beside = logits(lm)
        with folded(lm):
            assert is_plain(lm)
            inside = logits(lm)
            changed = [name for name, value in weights(lm).items() if not torch.equal(value, before[name])]
        assert torch.equal(logits(lm), beside) and same(weights(lm), before)
    assert len(changed) == len(list(adapters))
    assert torch.allclose(inside, beside, atol=1e-5) and not torch.allclose(beside, said, atol=1e-2)


def test_a_run_trains_adapters_alone_and_leaves_a_plain_model(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, lora: RunConfig, tmp_path: Path
) -> None:
    before, said = weights(lm), logits(lm)
    run, scored = run_of(lm, encoder, materials, lora, tmp_path / "one")
    assert same(weights(lm), before), "the model's own weights are never touched"
    assert not torch.equal(logits(lm), said), "it has the weights of the best round"
    with run.snapshots.applied(0):
        assert torch.equal(logits(lm), said)
    hashes = [one.weights_hash for one in scored]
    assert hashes[0] == lm.weights_hash and len(set(hashes)) == 3
    with run.snapshots.applied(2), folded(lm):
        assert weights_hash(lm.model) == hashes[2], "the hash is that of what the weights amount to"
    with safe_open(tmp_path / "one" / "rounds" / "round-2.safetensors", framework="pt") as file:
        assert all(".lora_" in name for name in file.keys())  # noqa: SIM118
    run.snapshots.let_go()
    assert is_plain(lm) and same(weights(lm), before) and torch.equal(logits(lm), said)

    opened = Snapshots.open(tmp_path / "one", lm)
    assert is_plain(lm)
    with opened.applied(2):
        assert opened.weights_hash() == hashes[2]
    assert is_plain(lm) and torch.equal(logits(lm), said)

    full = lora.model_copy(deep=True)
    full.unlearn.training = "full"
    run_of(lm, encoder, materials, full, tmp_path / "two")
    assert is_plain(lm) and not same(weights(lm), before)


def test_two_runs_with_other_ranks_do_not_mix(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, lora: RunConfig, tmp_path: Path
) -> None:
    lora.rounds = lora.rounds[:1]
    first, (_, one) = run_of(lm, encoder, materials, lora, tmp_path / "one")
    first.snapshots.let_go()
    lora.unlearn.rank, lora.unlearn.alpha = 4, 2.0
    second, (_, two) = run_of(lm, encoder, materials, lora, tmp_path / "two")
    with second.snapshots.applied(0):
        other = Snapshots.open(tmp_path / "one", lm)
        with other.applied(1):
            assert other.weights_hash(second.snapshots) == one.weights_hash
    assert second.snapshots.weights_hash() == two.weights_hash != one.weights_hash


@pytest.mark.parametrize("training", ["full", "lora"])
def test_a_branch_begins_with_what_the_adapters_came_to(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, lora: RunConfig, tmp_path: Path, training: str
) -> None:
    untouched = weights(lm)
    parent, scored = run_of(lm, encoder, materials, lora, tmp_path / "parent")
    parent.snapshots.let_go()
    start = Start("r", 1, Snapshots.open(tmp_path / "parent", lm).whole(1))
    child = lora.model_copy(deep=True)
    child.unlearn.training = training  # type: ignore[assignment]
    child.rounds = [child.rounds[0].model_copy(update={"unlearn_steps": 0})]
    run, (_, first) = run_of(lm, encoder, materials, child, tmp_path / "child", start)
    assert first.weights_hash == scored[1].weights_hash, "nothing was trained, so these are the parent's weights"
    run.snapshots.let_go()
    assert is_plain(lm) and same(weights(lm), untouched)
    with Snapshots.open(tmp_path / "child", lm).applied(1), folded(lm):
        assert weights_hash(lm.model) == first.weights_hash


def test_an_export_has_them_in_its_matrices(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, lora: RunConfig, tmp_path: Path
) -> None:
    run, scored = run_of(lm, encoder, materials, lora, tmp_path / "run")
    source = Provenance("r", 2, run.config, scored[0], scored[2], materials.probes, materials.fluency_prompts)
    with run.snapshots.applied(2):
        said = logits(lm)
        done = drain(export(lm, source, tmp_path / "out", lambda: False))[1]
        assert torch.equal(logits(lm), said)
    written: LanguageModel = drain(load_language_model(ModelConfig(source=str(done.folder), device="cpu")))[1]
    assert written.weights_hash == scored[2].weights_hash
    assert torch.allclose(logits(written), said, atol=1e-5)
    assert (
        "LoRA, rank 2, α 16; what the adapters add is part of the matrices" in (done.folder / "README.md").read_text()
    )


@pytest.mark.parametrize("kind", ["quantize", "relearn", "ablate"])
def test_audits_attack_what_the_weights_amount_to(
    lm: LanguageModel,
    lora: RunConfig,
    materials: Materials,
    tmp_path: Path,
    kind: AuditKind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapters = Adapters.new(lm, lora)
    snapshots = Snapshots(lm, adapters.parameters, tmp_path, adapters)
    let_speak(adapters)
    snapshots.save(1)
    snapshots.let_go()
    with snapshots.applied(1), folded(lm):
        whole = weights(lm)
    settings = AuditSettings(steps=1, texts=2, batch=2, max_tokens=24, shots=1)
    subject = Subject(lm, snapshots, 1, "r", lora, materials, settings, lambda: False)
    attacked: list[torch.Tensor] = []
    quantize = import_module("atu_gui.engine.audits.quantize")
    nearest = quantize.nearest

    def noted(weight: torch.Tensor, bits: int, channel: int) -> torch.Tensor:
        attacked.append(weight.clone())
        return nearest(weight, bits, channel)

    monkeypatch.setattr(quantize, "nearest", noted)
    before = weights(lm)
    found = [event for event in drain(ATTACKS[kind](subject))[0] if isinstance(event, ev.AuditFound)]
    assert found and is_plain(lm) and same(weights(lm), before)
    if kind == "relearn":
        assert all(one.curve[0].attacked != one.curve[0].beside for one in found), "it begins with the round"
    if kind == "quantize":
        matrices = [layer.weight_name for layer in linear_layers(lm.model) if ".layers." in layer.name]
        rounded = attacked[len(matrices) : 2 * len(matrices)]
        assert all(torch.equal(value, whole[name]) for name, value in zip(matrices, rounded, strict=True))


def test_measuring_paces_leaves_nothing_beside_the_model(
    lm: LanguageModel, encoder: TextEncoder, lora: RunConfig
) -> None:
    said = logits(lm)
    work = measure_paces(with_layers(settle(lora), lm.depth), lm, encoder, lambda: False)
    next(work)
    assert lm.adapters and torch.equal(logits(lm), said), "whoever is answered meanwhile notices nothing"
    work.close()
    assert is_plain(lm)


def test_adapters_of_other_layers_are_refused(lm: LanguageModel) -> None:
    name = "model.layers.0.mlp.up_proj"
    for shapes in ({f"{name}.lora_a": (2, 31), f"{name}.lora_b": (64, 2)}, {"model.none.lora_a": (2, 32)}):
        with pytest.raises(InputError, match="do not fit"):
            Adapters.like(lm, shapes, 16.0)


def test_the_rate_follows_unless_it_was_set(lora: RunConfig) -> None:
    assert settle(lora).unlearn.learning_rate == LORA_RATE
    lora.unlearn.learning_rate = 5e-5
    assert settle(lora).unlearn.learning_rate == 5e-5
