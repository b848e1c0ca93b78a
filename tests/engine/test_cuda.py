"""On a GPU: steps are those of the processor up to rounding, wait once, fit, and give the weights back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.materials import Materials, Passage
from atu_gui.engine.align import Aligner
from atu_gui.engine.formats import HALVES
from atu_gui.engine.generate import generate_batch
from atu_gui.engine.gpu_room import find_room, let_go, memory_of
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import Setting, build_setting
from atu_gui.engine.snapshots import Snapshots
from atu_gui.engine.tiny import CORPUS, tiny_encoder_tokenizer
from atu_gui.engine.unlearn import Unlearner, trained_parameters
from tests.engine.draining import drain

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
TAU, RATE, WEIGHT = -0.5, 1e-4, 10.0


@pytest.fixture
def stored(tiny_model: Path, tmp_path: Path) -> Path:
    """The tiny model in a file of bfloat16."""
    lm = load(tiny_model, "cpu", "float32")
    lm.model.to(torch.bfloat16).save_pretrained(tmp_path / "stored")
    lm.tokenizer.save_pretrained(tmp_path / "stored")
    return tmp_path / "stored"


@pytest.fixture
def texts() -> Materials:
    """Enough for steps."""
    return Materials(
        concept_passages=tuple(Passage(text) for text in CORPUS[:2] * 4),
        retain_passages=tuple(Passage(text) for text in CORPUS[2:]),
    )


def load(source: Path, device: str, dtype: str = "auto") -> LanguageModel:
    config = ModelConfig.model_validate({"source": str(source), "device": device, "dtype": dtype})
    return drain(load_language_model(config))[1]


def tiny_bert(device: torch.device) -> TextEncoder:
    """An encoder without sentence-transformers."""
    tokenizer = tiny_encoder_tokenizer()
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=24, num_hidden_layers=1, num_attention_heads=4, intermediate_size=48
    )
    model = BertModel(config).eval().requires_grad_(False)
    return TextEncoder(model.to(device), tokenizer, "tiny", 24, device, weights_hash(model))


def prepared(lm: LanguageModel, config: RunConfig, texts: Materials) -> tuple[Setting, Unlearner]:
    lm.model.requires_grad_(False)
    setting = drain(build_setting(config, lm, tiny_bert(lm.device), texts))[1]
    return setting, Unlearner(setting, trained_parameters(lm, config.layers, config.unlearn))


def close(found: float, expected: float, part: float) -> bool:
    return found == pytest.approx(expected, rel=part, abs=part)


def test_the_device_and_its_format(stored: Path) -> None:
    lm, other = load(stored, "cuda"), load(stored, "cpu")
    assert lm.device.type == "cuda" and lm.compute_dtype == torch.bfloat16
    assert lm.weights_hash == other.weights_hash == weights_hash(lm.model)
    assert {one.dtype for name, one in lm.model.named_parameters() if "_proj" in name} == {torch.bfloat16}
    assert {one.dtype for name, one in lm.model.named_parameters() if "_proj" not in name} == {torch.float32}
    assert {one.dtype for one in load(stored, "cuda", "float32").model.parameters()} == {torch.float32}


@pytest.mark.parametrize(("dtype", "part"), [("float32", 2e-3), ("bfloat16", 0.1)])
@pytest.mark.parametrize("kind", ["causal", "published"])
def test_steps_are_those_of_a_processor(
    stored: Path, config: RunConfig, texts: Materials, dtype: str, part: float, kind: str
) -> None:
    config.head.kind = kind  # type: ignore[assignment]
    said: list[list[float]] = []
    for device, format_ in (("cpu", "float32"), ("cuda", dtype)):
        lm = load(stored, device, format_)
        setting, unlearner = prepared(lm, config, texts)
        # Dropout draws other numbers on every device.
        for module in setting.heads[2].modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
            elif isinstance(module, torch.nn.MultiheadAttention):
                module.dropout = 0.0
        aligner = Aligner(setting)
        steps: list[float] = []
        for _ in range(3):
            step = aligner.step(RATE, untouched=True)
            steps += [step.loss, step.similarity_mean]
        for _ in range(3):
            done = unlearner.step(TAU, RATE, WEIGHT)
            assert done.finite and done.retain_loss is not None
            steps += [done.loss, done.similarity_mean, done.similarity_p95]
        aligned = aligner.step(RATE, untouched=False)
        said.append([*steps, aligned.loss])
    assert all(close(one, other, part) for one, other in zip(said[1], said[0], strict=True)), said


def test_a_step_waits_once(stored: Path, config: RunConfig, texts: Materials, recwarn: pytest.WarningsRecorder) -> None:
    setting, unlearner = prepared(load(stored, "cuda"), config, texts)
    aligner = Aligner(setting)
    steps: list[Callable[[], object]] = [
        lambda: aligner.step(RATE, untouched=True),
        lambda: unlearner.step(TAU, RATE, WEIGHT),
    ]
    counts = []
    for step in steps:
        step()
        recwarn.clear()
        torch.cuda.set_sync_debug_mode("warn")
        try:
            step()
        finally:
            torch.cuda.set_sync_debug_mode("default")
        counts.append(sum("synchronizing CUDA" in str(one.message) for one in recwarn))
    recwarn.clear()
    # transformers looks once at the beginning of either pass of an unlearn step whether there is padding.
    assert counts[0] == 1 and counts[1] <= 3, counts


def test_weights_that_are_no_numbers_change_nothing(stored: Path, config: RunConfig, texts: Materials) -> None:
    lm = load(stored, "cuda")
    setting, unlearner = prepared(lm, config, texts)
    setting.concept_vectors.fill_(float("nan"))
    before = weights_hash(lm.model)
    assert not unlearner.step(TAU, RATE, WEIGHT).finite
    assert weights_hash(lm.model) == before


def test_a_checkpoint_goes_on_and_rounds_are_swapped(
    stored: Path, config: RunConfig, texts: Materials, tmp_path: Path
) -> None:
    lm = load(stored, "cuda")
    lm.model.requires_grad_(False)
    parameters = trained_parameters(lm, config.layers, config.unlearn)
    snapshots = Snapshots(lm, parameters, tmp_path / "run")
    setting, unlearner = prepared(lm, config, texts)
    untouched = lm.weights_hash
    unlearner.step(TAU, RATE, WEIGHT)
    snapshots.save(1)
    first = weights_hash(lm.model)
    state = copy.deepcopy(unlearner.state())
    tensors = {name: value.detach().cpu().clone() for name, value in unlearner.tensors().items()}
    expected = unlearner.step(TAU, RATE, WEIGHT)
    with snapshots.applied(0):
        assert weights_hash(lm.model) == untouched
    with snapshots.applied(1):
        assert weights_hash(lm.model) == first != untouched
    other = Unlearner(setting, parameters)
    other.restore(state, tensors)
    assert weights_hash(lm.model) == first
    again = other.step(TAU, RATE, WEIGHT)
    assert close(again.loss, expected.loss, 1e-3) and close(again.gradient_norm, expected.gradient_norm, 1e-2)
    snapshots.restore(0)
    assert weights_hash(lm.model) == untouched
    assert {one.dtype for name, one in lm.model.named_parameters() if "_proj" in name} <= set(HALVES)


def test_recomputed_blocks_and_smaller_parts_do_the_same(stored: Path, config: RunConfig, texts: Materials) -> None:
    losses = []
    for rows, recompute in ((0, False), (0, True), (1, True)):
        setting, unlearner = prepared(load(stored, "cuda"), config, texts)
        setting.recompute = recompute
        step = unlearner.step(TAU, RATE, WEIGHT, rows)
        losses.append((step.loss, step.gradient_norm))
    for loss, norm in losses[1:]:
        assert close(loss, losses[0][0], 2e-2) and close(norm, losses[0][1], 5e-2)


# As errors, the compiler's own warnings would make it fail.
@pytest.mark.filterwarnings("ignore")
def test_compiled_blocks_do_the_same(stored: Path, config: RunConfig, texts: Materials) -> None:
    steps = []
    for mode in ("off", "on"):
        config.unlearn.compile = mode  # type: ignore[assignment]
        setting, unlearner = prepared(load(stored, "cuda"), config, texts)
        steps.append([unlearner.step(TAU, RATE, WEIGHT) for _ in range(3)])
        assert (setting.compiled is not None) == (mode == "on")
        assert setting.compiled is None or not setting.compiled.failure
    for plain, compiled in zip(*steps, strict=True):
        assert close(compiled.loss, plain.loss, 2e-2) and close(compiled.gradient_norm, plain.gradient_norm, 5e-2)


def test_room_is_measured_and_a_full_memory_leaves_everything(
    stored: Path, config: RunConfig, texts: Materials
) -> None:
    lm = load(stored, "cuda")
    _, unlearner = prepared(lm, config, texts)
    memory = memory_of(lm.device)
    assert memory is not None
    wide = find_room(unlearner.rehearse, memory, batch=4, mode="auto", to_come=unlearner.bytes_to_come)
    assert (wide.rows, wide.recompute) == (0, False)
    one = memory.most(lambda: unlearner.rehearse(1, False))
    many = memory.most(lambda: unlearner.rehearse(64, False))
    assert many > one > 0
    assert memory.most(lambda: unlearner.rehearse(64, True)) < many
    before, order = weights_hash(lm.model), unlearner.state()
    total = torch.cuda.get_device_properties(lm.device).total_memory
    let_go()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved(lm.device) + (1 << 20)) / total)
    hoard = []
    try:
        with pytest.raises(torch.OutOfMemoryError):
            while True:
                hoard.append(torch.empty(1 << 18, dtype=torch.uint8, device=lm.device))
        with pytest.raises(torch.OutOfMemoryError):
            unlearner.step(TAU, RATE, WEIGHT)
    finally:
        hoard.clear()
        torch.cuda.set_per_process_memory_fraction(1.0)
        let_go()
    assert weights_hash(lm.model) == before and unlearner.state() == order
    assert unlearner.step(TAU, RATE, WEIGHT).finite


def test_an_answer(stored: Path) -> None:
    lm = load(stored, "cuda")
    answers = drain(generate_batch(lm, ["Who wrote the first program?"], max_new_tokens=6, cancelled=lambda: False))[1]
    assert len(answers) == 1 and isinstance(answers[0], str)
