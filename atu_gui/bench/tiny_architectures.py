"""Which kinds of language model `architectures` puts through a run, and how each is made: tiny, random, as a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from atu_gui.engine.quiet import quiet
from atu_gui.engine.tiny import tiny_tokenizer

Values = dict[str, Any]

DEPTH = 4
_PLAIN: Values = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
}
_MULTI_HEAD: Values = {**_PLAIN, "num_key_value_heads": 4}
_GPT2: Values = {"n_embd": 32, "n_layer": DEPTH, "n_head": 4, "n_positions": 512}
_OPT: Values = {
    "hidden_size": 32,
    "ffn_dim": 64,
    "num_hidden_layers": DEPTH,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    "word_embed_proj_dim": 32,
}
_EXPERTS: Values = {
    **_PLAIN,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
}
_LATENT: Values = {
    **_MULTI_HEAD,
    "q_lora_rank": 16,
    "kv_lora_rank": 8,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8,
    "v_head_dim": 8,
    "moe_intermediate_size": 32,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
}
_NEAR: Values = {**_PLAIN, "head_dim": 8, "sliding_window": 8}


def _same(_tokenizer: PreTrainedTokenizerFast) -> None:
    pass


def _no_template(tokenizer: Any) -> None:
    tokenizer.chat_template = None


def _no_pad(tokenizer: Any) -> None:
    tokenizer.pad_token = None


def _no_end(tokenizer: Any) -> None:
    tokenizer.pad_token = tokenizer.eos_token = None


@dataclass(frozen=True, slots=True)
class Architecture:
    """One row of the table.

    Attributes:
        kind: transformers' `model_type`.
        values: Of its config.
        spoil: What its tokenizer lacks.
        vocabulary: Tokens that its tokenizer learns.
    """

    kind: str
    values: Values = field(default_factory=lambda: _PLAIN)
    spoil: Callable[[PreTrainedTokenizerFast], None] = _same
    vocabulary: int = 400


ARCHITECTURES: dict[str, Architecture] = {
    "GPT-2": Architecture("gpt2", _GPT2),
    "GPT-J": Architecture("gptj", {**_GPT2, "rotary_dim": 4}),
    "GPT-NeoX": Architecture("gpt_neox"),
    "OPT": Architecture("opt", _OPT),
    "BLOOM": Architecture("bloom", {"hidden_size": 32, "n_layer": DEPTH, "n_head": 4}),
    "Falcon": Architecture("falcon", _PLAIN),
    "Falcon with ALiBi": Architecture("falcon", {**_PLAIN, "alibi": True, "multi_query": False}),
    "Llama": Architecture("llama"),
    "Mistral, window of 8": Architecture("mistral", _NEAR),
    "Phi": Architecture("phi", _MULTI_HEAD),
    "Phi-3": Architecture("phi3", {**_PLAIN, "sliding_window": 8}),
    "Qwen2": Architecture("qwen2"),
    "Qwen3": Architecture("qwen3", {**_PLAIN, "head_dim": 8}),
    "Gemma": Architecture("gemma", {**_PLAIN, "head_dim": 8}),
    "Gemma 2, window of 8": Architecture("gemma2", {**_NEAR, "query_pre_attn_scalar": 8}),
    "Gemma 3, window of 8": Architecture(
        "gemma3_text",
        {
            **_NEAR,
            "query_pre_attn_scalar": 8,
            "layer_types": ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
        },
    ),
    "OLMo 2": Architecture("olmo2"),
    "Cohere 2, window of 8": Architecture("cohere2", _NEAR),
    "StableLM": Architecture("stablelm"),
    "StarCoder2": Architecture("starcoder2", _NEAR),
    "SmolLM3": Architecture("smollm3"),
    "Granite": Architecture("granite"),
    "Mixtral (MoE)": Architecture("mixtral", {**_PLAIN, "num_local_experts": 4}),
    "Qwen2-MoE": Architecture("qwen2_moe", _EXPERTS),
    "Qwen3-MoE": Architecture("qwen3_moe", {**_EXPERTS, "head_dim": 8}),
    "GPT-OSS (MoE), window of 8": Architecture("gpt_oss", {**_NEAR, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "DeepSeek-V3 (latent attention, MoE)": Architecture("deepseek_v3", _LATENT),
    "Llama, head of its own": Architecture("llama", {**_PLAIN, "tie_word_embeddings": False}),
    "Llama, tied head": Architecture("llama", {**_PLAIN, "tie_word_embeddings": True}),
    "Llama, no chat template": Architecture("llama", spoil=_no_template),
    "Llama, no pad token": Architecture("llama", spoil=_no_pad),
    "Llama, no end of sequence": Architecture("llama", spoil=_no_end),
    "Llama, smallest vocabulary": Architecture("llama", vocabulary=258),
    "Llama, 300,000 rows of embeddings": Architecture("llama", {**_PLAIN, "vocab_size": 300_000}),
}


def make_architecture(one: Architecture, folder: Path) -> Path:
    """Write the model with random weights and its tokenizer."""
    tokenizer = tiny_tokenizer(one.vocabulary)
    one.spoil(tokenizer)
    ends = {"bos_token_id": 0, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = AutoConfig.for_model(one.kind, **{"vocab_size": len(tokenizer), **ends, **one.values})
    torch.manual_seed(0)
    factory: Any = AutoModelForCausalLM
    with quiet():
        model = factory.from_config(config)
        # Random weights as small as they come make every token about as likely: a wrong mask would not be seen.
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.data *= 4
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder
