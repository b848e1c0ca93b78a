"""Weights held in 16 bits compute, train, hash and come back as those held in 32."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from atu_gui.core import events as ev
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import ModelError
from atu_gui.core.materials import Materials
from atu_gui.core.schedule import settle
from atu_gui.engine.calibrate import measure_paces
from atu_gui.engine.export import Provenance, export
from atu_gui.engine.footprint import footprint
from atu_gui.engine.formats import HALVES, computing_wide, hold, holds_halves
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run
from atu_gui.engine.snapshots import Snapshots
from atu_gui.engine.truncate import hidden_at
from tests.engine.draining import drain

CPU = torch.device("cpu")


@pytest.fixture
def halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor does as a GPU does."""
    for module in ("formats", "footprint"):
        monkeypatch.setattr(f"atu_gui.engine.{module}.holds_halves", lambda _device, compute: compute in HALVES)


@pytest.fixture
def stored(lm: LanguageModel, tmp_path: Path) -> Path:
    """The tiny model in a file of bfloat16."""
    half = copy.deepcopy(lm.model).to(torch.bfloat16)
    half.save_pretrained(tmp_path / "stored")
    lm.tokenizer.save_pretrained(tmp_path / "stored")
    return tmp_path / "stored"


def load(source: Path, dtype: str = "bfloat16") -> LanguageModel:
    return drain(load_language_model(ModelConfig(source=str(source), device="cpu", dtype=dtype)))[1]  # type: ignore[arg-type]


def dtypes(lm: LanguageModel) -> dict[str, torch.dtype]:
    return {name: parameter.dtype for name, parameter in lm.model.named_parameters()}


@pytest.fixture
def wide(stored: Path) -> LanguageModel:
    return load(stored)


@pytest.fixture
def narrow(wide: LanguageModel, halves: None, stored: Path) -> LanguageModel:
    return load(stored)


def test_only_a_gpu_that_computes_in_16_bits_holds_them() -> None:
    cuda = torch.device("cuda", 0)
    assert holds_halves(cuda, torch.bfloat16) and holds_halves(cuda, torch.float16)
    assert not holds_halves(cuda, torch.float32)
    assert not holds_halves(CPU, torch.bfloat16)


def test_matrices_stay_as_they_are_stored_and_all_else_is_float32(narrow: LanguageModel, wide: LanguageModel) -> None:
    found = dtypes(narrow)
    for name, dtype in found.items():
        assert dtype == (torch.bfloat16 if "_proj" in name else torch.float32), name
    assert sum(dtype == torch.bfloat16 for dtype in found.values()) == 4 * 7
    assert set(dtypes(wide).values()) == {torch.float32}
    assert narrow.weights_hash == wide.weights_hash == weights_hash(narrow.model)
    assert narrow.weight_bytes < 2.1 and wide.weight_bytes == 4


def test_only_what_loses_nothing_is_narrowed(halves: None) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    matrices = [module.weight for module in model if isinstance(module, nn.Linear)]
    matrices[1].data = matrices[1].data.bfloat16().float()
    matrices[2].data = matrices[2].data.half().float()
    matrices[3].data = torch.full((4, 4), 0.5, dtype=torch.float16)
    before = [matrix.data.float() for matrix in matrices]
    hold(model, CPU, torch.bfloat16)
    assert [one.dtype for one in matrices] == [torch.float32, torch.bfloat16, torch.float16, torch.float16]
    assert all(torch.equal(one.float(), other) for one, other in zip(matrices, before, strict=True))


def test_what_is_computed_is_the_same(narrow: LanguageModel, wide: LanguageModel) -> None:
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    for layer in (2, 4):
        states = [hidden_at(lm, [layer], ids, torch.ones_like(ids))[layer] for lm in (narrow, wide)]
        assert torch.equal(*states)


def test_a_module_computes_in_float32_where_asked(narrow: LanguageModel, wide: LanguageModel) -> None:
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    before = [parameter.data_ptr() for parameter in narrow.model.parameters()]
    with computing_wide(narrow.model):
        assert torch.equal(narrow.model(input_ids=ids).logits, wide.model(input_ids=ids).logits)
        with pytest.raises(RuntimeError):
            narrow.model(inputs_embeds=torch.zeros(1, 1, 5))
    assert [parameter.data_ptr() for parameter in narrow.model.parameters()] == before


def record(
    lm: LanguageModel, encoder: TextEncoder, materials: Materials, config: RunConfig, folder: Path
) -> tuple[Run, list[float | str | None]]:
    torch.manual_seed(0)
    run = Run(copy.deepcopy(config), lm, encoder, materials, RunControl(), run_id="r", folder=folder)
    said: list[float | str | None] = []
    for event in run.events():
        match event:
            case ev.StepDone():
                said += [event.loss, event.gradient_norm, event.retain_loss, event.similarity_p95]
            case ev.RoundScored():
                said.append(event.weights_hash)
    return run, said


def test_a_run_does_the_same_and_gives_the_weights_back(
    narrow: LanguageModel,
    wide: LanguageModel,
    encoder: TextEncoder,
    materials: Materials,
    config: RunConfig,
    tmp_path: Path,
) -> None:
    before = dtypes(narrow)
    run, said = record(narrow, encoder, materials, config, tmp_path / "a")
    _, expected = record(wide, encoder, materials, config, tmp_path / "b")
    assert said == expected
    assert weights_hash(narrow.model) == weights_hash(wide.model) != narrow.weights_hash
    trained = {name for name, dtype in dtypes(narrow).items() if dtype != before[name]}
    assert trained == {name for name in before if "_proj" in name and name.split(".")[2] in "01"}
    with run.snapshots.applied(0):
        assert dtypes(narrow) == before and weights_hash(narrow.model) == narrow.weights_hash
    run.snapshots.restore(0)
    assert dtypes(narrow) == before and weights_hash(narrow.model) == narrow.weights_hash
    opened = Snapshots.open(tmp_path / "a", narrow)
    with opened.applied(2):
        assert weights_hash(narrow.model) == weights_hash(wide.model)
    opened.restore(2)
    assert weights_hash(narrow.model) == weights_hash(wide.model)
    opened.let_go()
    assert dtypes(narrow) == before and weights_hash(narrow.model) == narrow.weights_hash


def test_a_measurement_leaves_them_as_they_are(narrow: LanguageModel, encoder: TextEncoder, config: RunConfig) -> None:
    before = {name: parameter.data_ptr() for name, parameter in narrow.model.named_parameters()}
    drain(measure_paces(settle(config), narrow, encoder, lambda: False))
    assert {name: parameter.data_ptr() for name, parameter in narrow.model.named_parameters()} == before
    assert weights_hash(narrow.model) == narrow.weights_hash


def test_they_are_exported(narrow: LanguageModel, config: RunConfig, tmp_path: Path) -> None:
    source = Provenance("r", 0, config, None, None, (), ())
    folder = drain(export(narrow, source, tmp_path / "out", lambda: False))[1].folder
    assert load(folder, "float32").weights_hash == narrow.weights_hash


def test_headers_tell_what_they_take(narrow: LanguageModel, stored: Path, tiny_encoder: Path) -> None:
    config = ModelConfig(source=str(stored), device="cpu", dtype="bfloat16")
    found = footprint(config, str(tiny_encoder))
    held = sum(parameter.numel() * parameter.element_size() for parameter in narrow.model.parameters())
    assert found.memory - 4 * found.encoder_parameters == held
    config.dtype = "float32"
    assert footprint(config, str(tiny_encoder)).halves == 0


def test_weights_that_compute_no_numbers_are_still_refused(halves: None, stored: Path) -> None:
    tensors = load_file(stored / "model.safetensors")
    tensors["model.norm.weight"].fill_(3e38)
    save_file(tensors, stored / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="no numbers"):
        load(stored)
