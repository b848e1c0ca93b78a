"""Models that are damaged, or compute otherwise than a run counts on, are refused with the tensor or reason named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, BertConfig, BertLMHeadModel

from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import ModelError, ResourceError
from atu_gui.engine import soundness
from atu_gui.engine.decoding import SharedPrefix
from atu_gui.engine.generate import answer_logprobs
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.soundness import check_computes
from atu_gui.engine.tiny import make_encoder, make_language_model, tiny_tokenizer
from tests.engine.draining import drain

NORM = "model.layers.1.input_layernorm.weight"


def load(folder: Path) -> LanguageModel:
    return drain(load_language_model(ModelConfig(source=str(folder), device="cpu")))[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_language_model(tmp_path / "spoilt", layers=2)


def _change(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


def _put(value: float) -> Callable[[dict[str, Tensor]], object]:
    return lambda tensors: tensors[NORM].__setitem__(3, value)


SPOILT: list[tuple[Callable[[dict[str, Tensor]], object], str]] = [
    (lambda tensors: tensors.pop(NORM), f"The weights of spoilt lack 1 tensors that the model needs, such as {NORM}."),
    (
        lambda tensors: tensors.update({NORM: torch.ones(7)}),
        f"The tensor {NORM} of spoilt has the shape 7 where config.json asks for 32.",
    ),
    (_put(float("nan")), f"The tensor {NORM} of spoilt holds values that are no numbers (NaN or infinite)."),
    (_put(float("-inf")), f"The tensor {NORM} of spoilt holds values that are no numbers (NaN or infinite)."),
    (
        lambda tensors: tensors.update({"model.layers.2.input_layernorm.weight": torch.ones(32)}),
        "The weights of spoilt hold model.layers.2.input_layernorm.weight, a tensor of a layer that config.json does "
        "not know.",
    ),
    (
        # Their sum is infinite, they are not.
        lambda tensors: tensors[NORM].fill_(3e38),
        "spoilt computes values that are no numbers, although its weights are numbers.",
    ),
]


@pytest.mark.parametrize(("spoil", "words"), SPOILT)
def test_damaged_tensors_are_named(spoil: Callable[[dict[str, Tensor]], object], words: str, folder: Path) -> None:
    _change(folder, spoil)
    with pytest.raises(ModelError) as caught:
        load(folder)
    assert caught.value.message == words
    assert caught.value.hint


def test_tensors_of_no_layer_do_no_harm(folder: Path) -> None:
    expected = load(folder).weights_hash
    _change(folder, lambda tensors: tensors.update({"vision.patch.weight": torch.ones(3)}))
    assert load(folder).weights_hash == expected


def test_an_encoder_with_nan(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "encoder")
    _change(folder, lambda tensors: tensors["embeddings.word_embeddings.weight"].__setitem__((5, 0), float("nan")))
    with pytest.raises(ModelError, match=r"The tensor embeddings\.word_embeddings\.weight of encoder holds values"):
        drain(load_encoder(str(folder), "", torch.device("cpu")))


SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
# They keep a state that every token changes, or have a cache of their own; each was seen to answer wrongly or to break.
UNFOLLOWED = ["mamba", "rwkv", "recurrent_gemma", "jamba"]


@pytest.mark.parametrize("kind", UNFOLLOWED)
def test_models_that_keep_more_than_keys_and_values_are_refused(kind: str, tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    names = set(AutoConfig.for_model(kind).to_dict())
    sizes = {"num_key_value_heads": 4, "mamba_d_state": 4, "num_experts": 2, "attention_hidden_size": 32, **SIZES}
    known = {name: value for name, value in sizes.items() if name in names}
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), **known)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    with pytest.raises(ModelError, match="keeps something else than keys and values between two words"):
        load(tmp_path / "model")


def test_a_model_that_sees_what_is_to_come_is_refused(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    BertLMHeadModel(BertConfig(vocab_size=len(tokenizer), **SIZES)).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    with pytest.raises(ModelError, match="model sees the words that are yet to come: it is no causal language model"):
        load(tmp_path / "model")


def test_states_of_another_width_are_refused(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    check_computes(lm)
    monkeypatch.setattr(
        "atu_gui.engine.soundness.hidden_at", lambda _lm, _layers, ids, _mask: {1: torch.zeros(1, ids.shape[1], 3)}
    )
    with pytest.raises(ModelError, match="do not hand on one state for each word"):
        check_computes(lm)


def test_a_cache_that_leads_astray_is_refused(lm: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SharedPrefix, "cache", lambda self, batch: SharedPrefix(lm, [], 0).cache(batch))
    with pytest.raises(ModelError, match="so its answers cannot be followed here"):
        check_computes(lm)


@pytest.mark.parametrize("words", ["DefaultCPUAllocator: can't allocate memory", "CUDA error: out of memory"])
def test_a_memory_that_is_full_is_no_fault_of_the_model(
    words: str, lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(soundness, "Decoding", full)
    with pytest.raises(RuntimeError, match=words):
        check_computes(lm)


def test_a_model_that_finds_no_memory_while_it_is_tried(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(soundness, "Decoding", full)
    with pytest.raises(ResourceError, match="does not fit into the memory"):
        drain(load_language_model(ModelConfig(source=str(folder), device="cpu")))


def test_few_places_and_a_tiny_vocabulary_are_tried_with_what_there_is(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**settings, "max_position_embeddings": 4}), encoding="utf-8")
    assert load(folder).depth == 2


def test_a_shared_beginning_is_not_shared_where_attention_looks_back_over_a_few_places(tmp_path: Path) -> None:
    """Padding stands behind it and would take up the places of words."""
    tokenizer = tiny_tokenizer()
    config = AutoConfig.for_model(
        "mistral", vocab_size=len(tokenizer), sliding_window=8, num_key_value_heads=2, head_dim=8, **SIZES
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    for parameter in model.parameters():
        parameter.data *= 4 if parameter.dim() > 1 else 1
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    lm = load(tmp_path / "model")
    prompts = ["Who wrote the first program for a machine? " * 2, "Who wrote the"]
    together = drain(answer_logprobs(lm, prompts, ["Ada", "Grace Hopper"]))[1]
    alone = [
        drain(answer_logprobs(lm, [prompt], [gold]))[1][0]
        for prompt, gold in zip(prompts, ["Ada", "Grace Hopper"], strict=True)
    ]
    assert together == pytest.approx(alone, abs=1e-4)
    rows = [[5, 6, 7, 8, 9], [5, 6, 7, 8, 10]]
    assert SharedPrefix(lm, rows, 3).length == 4
    assert SharedPrefix(lm, rows, 4).length == 0


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{% for ", "unexpected 'end of template'"),
        ("{% for a in range(10**9) %}x{% endfor %}", "Range too big"),
        ("{{ ''.__class__.__mro__ }}", "is unsafe"),
        ("{{ raise_exception('A system message is needed') }}", "A system message is needed"),
        ("<|start|>Hello.", "what the user writes is not in what it makes"),
    ],
)
def test_a_chat_template_that_cannot_be_used(template: str, words: str, folder: Path) -> None:
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    with pytest.raises(ModelError, match=words) as caught:
        load(folder)
    assert caught.value.message.startswith("The chat template of spoilt cannot be used: ")
    (folder / "chat_template.jinja").unlink()
    assert load(folder).format_chat("Who?") == "Who?"


@pytest.mark.parametrize("nested", [False, True])
def test_a_number_of_layers_that_no_model_has(nested: bool, folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (config.setdefault("text_config", {}) if nested else config)["num_hidden_layers"] = 10**7
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="asks for 10,000,000 layers"):
        load(folder)
