"""Models of published shapes with random weights, made on the device: where only speed and memory are measured, no
weights need to be fetched. Their tokenizers are the tiny ones, so few of the rows of their embeddings are ever used.

Sources: the `config.json` of microsoft/Phi-3-mini-4k-instruct, meta-llama/Meta-Llama-3-8B,
sentence-transformers/all-mpnet-base-v2 and sentence-transformers/all-MiniLM-L6-v2.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    BertConfig,
    LlamaConfig,
    MPNetConfig,
    Phi3Config,
    PretrainedConfig,
)

from atu_gui.core.errors import InputError
from atu_gui.engine.devices import choose_device, choose_dtype
from atu_gui.engine.formats import hold
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.tiny import tiny_encoder_tokenizer, tiny_tokenizer

LANGUAGE_MODELS: dict[str, Callable[[], PretrainedConfig]] = {
    "phi-3-mini": lambda: Phi3Config(
        vocab_size=32064,
        hidden_size=3072,
        intermediate_size=8192,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=32,
        max_position_embeddings=4096,
        sliding_window=2047,
    ),
    "llama-3-8b": lambda: LlamaConfig(
        vocab_size=128256,
        hidden_size=4096,
        intermediate_size=14336,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        max_position_embeddings=8192,
    ),
    # Small enough for a test.
    "tiny": lambda: LlamaConfig(
        vocab_size=512,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
    ),
}
_ENCODERS: dict[str, Callable[[], PretrainedConfig]] = {
    "all-MiniLM-L6-v2": lambda: BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    ),
    "all-mpnet-base-v2": lambda: MPNetConfig(
        hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072
    ),
}


def shaped_language_model(shape: str, device_name: str) -> LanguageModel:
    """Random weights, held as those of a file of bfloat16 are: matrices in 16 bits on a GPU, float32 on the CPU.

    Raises:
        InputError: No such shape.
        ResourceError: No such device.
    """
    if shape not in LANGUAGE_MODELS:
        raise InputError(f"There is no shape “{shape}”.", f"Choose among {', '.join(LANGUAGE_MODELS)}.")
    device = choose_device(device_name)
    dtype = choose_dtype("auto", device)
    auto: Any = AutoModelForCausalLM
    with torch.device(device):
        model = auto.from_config(LANGUAGE_MODELS[shape](), dtype=dtype)
    hold(model, device, dtype)
    model.eval().requires_grad_(False)
    return LanguageModel(model, tiny_tokenizer(), shape, shape, device, dtype, weights_hash=_never_seen())


def shaped_encoder(name: str, device: torch.device) -> TextEncoder:
    """MiniLM or MPNet with random weights, float32."""
    auto: Any = AutoModel
    config: Any = _ENCODERS[name]()
    with torch.device(device):
        model = auto.from_config(config, dtype=torch.float32)
    model.eval().requires_grad_(False)
    width = int(config.hidden_size)
    return TextEncoder(model, tiny_encoder_tokenizer(), name, width, device, weights_hash=_never_seen())


def _never_seen() -> str:
    """Weights that differ in every process must not find what a cache keeps of earlier ones."""
    return uuid.uuid4().hex
