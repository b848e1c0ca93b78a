"""Loading from folders and GGUF files, and one sentence for everything that cannot be loaded."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, LlamaModel, PreTrainedTokenizerFast, T5Config

from atu_gui.core import paths
from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import AtuError, ModelError, ResourceError
from atu_gui.core.events import Progress
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from tests.engine.draining import drain
from tests.engine.gguf_maker import make_gguf

CPU = torch.device("cpu")


def load(source: Path | str, **options: object) -> LanguageModel:
    config = ModelConfig(source=str(source), device="cpu", **options)  # type: ignore[arg-type]
    return drain(load_language_model(config))[1]


def encode(source: Path | str, model: str = "") -> TextEncoder:
    return drain(load_encoder(str(source), model, CPU))[1]


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may spoil."""
    return Path(shutil.copytree(tiny_model, tmp_path / "spoilt"))


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_folder(tiny_model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events, lm = drain(load_language_model(ModelConfig(source=str(tiny_model), device="cpu")))
    assert (lm.name, lm.source, lm.depth, lm.width) == ("tiny-llama", str(tiny_model), 4, 32)
    assert len(lm.blocks) == 4
    assert not lm.model.training
    assert lm.tokenizer.is_fast
    assert lm.tokenizer.padding_side == "left"
    assert lm.tokenizer.pad_token == "<|end|>"
    assert {parameter.dtype for parameter in lm.model.parameters()} == {torch.float32}
    assert all(isinstance(event, Progress) and event.job == "load" for event in events)
    assert [event.done for event in events] == sorted(event.done for event in events)  # type: ignore[attr-defined]
    assert capfd.readouterr() == ("", "")


def test_weights_round_trip(tiny_model: Path, tmp_path: Path) -> None:
    first = load(tiny_model)
    first.model.save_pretrained(tmp_path / "again")
    first.tokenizer.save_pretrained(tmp_path / "again")
    second = load(tmp_path / "again")
    assert second.weights_hash == first.weights_hash
    assert second.name == "again"


def test_half_precision_files_become_float32(tiny_model: Path, tmp_path: Path) -> None:
    lm = load(tiny_model)
    lm.model.to(torch.bfloat16).save_pretrained(tmp_path / "half")
    lm.tokenizer.save_pretrained(tmp_path / "half")
    half = load(tmp_path / "half", dtype="bfloat16")
    assert {parameter.dtype for parameter in half.model.parameters()} == {torch.float32}
    assert half.compute_dtype == torch.bfloat16


def test_a_gguf_file(tiny_model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = make_gguf(tiny_model, tmp_path / "tiny.gguf")
    capfd.readouterr()
    lm = load(path)
    assert capfd.readouterr() == ("", "")
    assert (lm.name, lm.depth, lm.width) == ("Tiny Llama", 4, 32)
    expected = load(tiny_model).model.get_input_embeddings().weight
    assert torch.equal(lm.model.get_input_embeddings().weight, expected)
    assert lm.tokenizer("Ada", return_offsets_mapping=True)["offset_mapping"][-1][1] == 3
    lm.model(input_ids=torch.tensor([[1, 2, 3]])).logits.sum().backward()
    assert lm.blocks[0].self_attn.q_proj.weight.grad is not None  # type: ignore[union-attr]
    lm.model.save_pretrained(tmp_path / "saved")
    lm.tokenizer.save_pretrained(tmp_path / "saved")
    assert load(tmp_path / "saved").weights_hash == lm.weights_hash


def test_a_pad_token_is_set(folder: Path) -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), eos_token="<|end|>")
    tokenizer.save_pretrained(folder)
    lm = load(folder)
    assert lm.tokenizer.pad_token == "<|end|>"
    assert lm.model.generation_config.pad_token_id == lm.tokenizer.pad_token_id  # type: ignore[union-attr]


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def _remote(folder: Path) -> None:
    change_config(folder, model_type="whale", auto_map={"AutoModelForCausalLM": "modeling_whale.Whale"})


def _sharded(folder: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def _headless(folder: Path) -> None:
    change_config(folder, tie_word_embeddings=False)
    LlamaModel.from_pretrained(folder).save_pretrained(folder)
    change_config(folder, architectures=["LlamaForCausalLM"], tie_word_embeddings=False)


def _slow_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "ByT5Tokenizer"}))


def _small_vocabulary(folder: Path) -> None:
    data = json.loads((folder / "tokenizer.json").read_text())
    data["model"]["vocab"]["zzz"] = 999
    (folder / "tokenizer.json").write_text(json.dumps(data))


def _bert(folder: Path) -> None:
    _empty(folder)
    BertForMaskedLM(
        BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=20)
    ).save_pretrained(folder)


def _t5(folder: Path) -> None:
    T5Config().save_pretrained(folder)


def _cut_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


REFUSALS: list[tuple[Callable[[Path], object], str]] = [
    (_empty, "The folder .*spoilt is empty."),
    (lambda folder: (folder / "config.json").unlink(), "holds no model: there is no config.json."),
    (lambda folder: (folder / "config.json").write_text("{"), "config.json, line 1 is damaged."),
    (lambda folder: (folder / "config.json").write_bytes(b"\xff\xfe"), "config.json is damaged."),
    (lambda folder: (folder / "model.safetensors").unlink(), "spoilt holds no weights."),
    (
        lambda folder: (folder / "model.safetensors").write_bytes(b"nothing"),
        "model.safetensors are damaged or incomplete.",
    ),
    (_cut_weights, "model.safetensors are damaged or incomplete."),
    (_pickled, r"stores its weights as pickle \(pytorch_model.bin\), which can run any program."),
    (_remote, "can only be loaded by running Python code that comes with it."),
    (_sharded, "lacks 1 of its weight files, such as model-00001-of-00002.safetensors."),
    (_headless, "lack 1 tensors that the model needs, such as lm_head.weight."),
    (_slow_tokenizer, "The tokenizer of spoilt is not a fast one"),
    (_small_vocabulary, "The tokenizer of spoilt knows .* tokens, but the model only"),
    (_bert, "spoilt is of the kind “bert”, which is no causal language model."),
    (_t5, "spoilt is of the kind “t5”, which is no causal language model."),
    (
        lambda folder: change_config(folder, hidden_size=16),
        "The tensor model.embed_tokens.weight of spoilt has the shape 400 × 32 where config.json asks for 400 × 16.",
    ),
    (
        lambda folder: change_config(folder, model_type="whale"),
        "of the kind “whale”, which is no causal language model.",
    ),
]


@pytest.mark.parametrize(("spoil", "words"), REFUSALS)
def test_refused_folders(
    spoil: Callable[[Path], object], words: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil(folder)
    capfd.readouterr()
    with pytest.raises(ModelError, match=words) as caught:
        load(folder)
    assert caught.value.message.endswith(".")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_pickle_is_read_when_allowed(folder: Path) -> None:
    expected = load(folder).weights_hash
    state = {name: tensor for name, tensor in load(folder).model.state_dict().items() if name != "lm_head.weight"}
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    assert load(folder, allow_pickle=True).weights_hash == expected


def test_built_in_architectures_never_need_their_code(folder: Path) -> None:
    change_config(folder, auto_map={"AutoModelForCausalLM": "modeling_evil.Evil"})
    (folder / "modeling_evil.py").write_text("raise SystemExit('this must not run')")
    assert load(folder).depth == 4


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "No model is named."),
        ("/no/such/folder", "There is no folder or file /no/such/folder."),
        ("./missing", "There is no folder or file missing."),
        ("a b c", "There is no folder or file a b c."),
        ("starter", "SmolLM2-135M-Instruct, a part of the starter kit, is not on this machine."),
    ],
)
def test_sources_that_are_nothing(source: str, words: str) -> None:
    with pytest.raises(ModelError, match=re.escape(words)) as caught:
        load(source)
    assert caught.value.hint


def test_the_hint_for_a_missing_starter_names_the_command() -> None:
    with pytest.raises(ModelError) as caught:
        load("starter")
    assert "atu starter" in caught.value.hint


def test_a_file_that_is_no_model(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is no model."):
        load(folder / "config.json")


def test_an_absent_device_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ResourceError):
        drain(load_language_model(ModelConfig(source="nothing", device="cuda")))


def test_no_memory(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr("atu_gui.engine.loading.read_language_model", fail)
    with pytest.raises(ResourceError, match="tiny-llama does not fit into the memory of CPU"):
        load(tiny_model)


def test_the_starter(tiny_model: Path, tiny_encoder: Path) -> None:
    shutil.copytree(tiny_model, paths.starter_model())
    shutil.copytree(tiny_encoder, paths.starter_encoder())
    assert load("starter").name == "SmolLM2-135M-Instruct"
    assert encode("auto", "starter").name == "all-MiniLM-L6-v2"
    assert encode("starter", "other").name == "all-MiniLM-L6-v2"


def test_an_encoder(tiny_encoder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    encoder = encode(tiny_encoder)
    assert (encoder.name, encoder.width) == ("tiny-encoder", 24)
    assert encoder.tokenizer.is_fast
    assert not encoder.model.training
    assert not any(parameter.requires_grad for parameter in encoder.model.parameters())
    assert {parameter.dtype for parameter in encoder.model.parameters()} == {torch.float32}
    assert len(encoder.weights_hash) == 12
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_empty, "is empty."),
        (_pickled, "stores its weights as pickle"),
        (_cut_weights, "are damaged or incomplete."),
        (lambda folder: (folder / "modules.json").write_text("[]"), "modules.json is damaged."),
        (lambda folder: (folder / "modules.json").write_text('[{"path": "../x"}]'), "points outside its folder"),
        (
            lambda folder: (folder / "modules.json").write_text('[{"path": "", "type": "os.system"}]'),
            "cannot be loaded",
        ),
        (lambda folder: (folder / "config.json").unlink(), "there is no config.json."),
    ],
)
def test_refused_encoders(spoil: Callable[[Path], object], words: str, tiny_encoder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "spoilt"))
    spoil(folder)
    with pytest.raises(AtuError, match=words) as caught:
        encode(folder)
    assert isinstance(caught.value, ModelError)


def test_what_becomes_of_the_files_after_loading_changes_nothing(
    tiny_model: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    """safetensors maps the files into memory: without a copy their content is the model's."""
    for source in (tiny_model, tiny_encoder):
        shutil.copytree(source, tmp_path / source.name)
    lm, encoder = load(tmp_path / tiny_model.name), encode(tmp_path / tiny_encoder.name, "other")
    before = [weights_hash(one.model) for one in (lm, encoder)]
    for file in tmp_path.rglob("*.safetensors"):
        with file.open("r+b") as content:
            content.seek(2000)
            content.write(b"\x11" * (file.stat().st_size - 2000))
    assert [weights_hash(one.model) for one in (lm, encoder)] == before
    tied = lm.model.get_input_embeddings().weight is lm.model.get_output_embeddings().weight
    assert tied == bool(lm.model.config.tie_word_embeddings)
