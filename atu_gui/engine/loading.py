"""Loading the language model and the text encoder; every refusal is one sentence."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import AtuError, ModelError, ResourceError, is_out_of_memory
from atu_gui.core.events import Progress
from atu_gui.core.redaction import without_tokens
from atu_gui.engine.devices import choose_device, choose_dtype, describe
from atu_gui.engine.formats import hold
from atu_gui.engine.hashing import combined_hash, tensor_digests, weights_hash
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.packing import pack
from atu_gui.engine.quiet import quiet
from atu_gui.engine.soundness import check_computes, check_finite, check_talks, check_tensors
from atu_gui.engine.sources import ModelFiles, find_encoder, find_language_model

_STEPS = 5

T = TypeVar("T")


def load_language_model(config: ModelConfig) -> Generator[Progress, None, LanguageModel]:
    """Find, check and load a causal language model.

    Its weights are float32, or as their files store them where `formats` says so; autocast does the rest.

    Raises:
        ModelError: Unknown, damaged, unsafe, gated or unsupported.
        ResourceError: No such device, or not enough memory.
    """
    yield _step("Finding the language model", 0)
    device = choose_device(config.device)
    dtype = choose_dtype(config.dtype, device)
    files = yield from find_language_model(config)
    yield _step(f"Reading {files.name}", 1)
    model, tokenizer = _guarded(files.name, device, lambda: read_language_model(files, config.allow_remote_code))
    yield _step(f"Checking {files.name}", 2)
    check_finite(files.name, model)
    digests = tensor_digests(model)
    lm = LanguageModel(
        model, tokenizer, files.name, config.source, device, dtype, combined_hash(digests), digests=digests
    )
    _check_blocks(lm)
    check_talks(lm)
    yield _step(f"Moving {files.name} to the device", 3)
    if config.weights == "nf4":
        _guarded(files.name, device, lambda: pack(lm))
    _guarded(files.name, device, lambda: hold(model, device, dtype))
    yield _step(f"Trying {files.name}", 4)
    _guarded(files.name, device, lambda: check_computes(lm))
    yield _step(f"{files.name} is ready", _STEPS)
    return lm


def load_encoder(source: str, model_source: str, device: torch.device) -> Generator[Progress, None, TextEncoder]:
    """Find, check and load the text encoder: a sentence-transformers folder or hub id, “starter” or “auto”.

    Raises:
        ModelError: Unknown, damaged, unsafe, gated or no transformer with a fast tokenizer.
        ResourceError: Not enough memory.
    """
    yield _step("Finding the text encoder", 0)
    files = yield from find_encoder(source, model_source)
    yield _step(f"Reading {files.name}", 1)
    model, tokenizer = _guarded(files.name, device, lambda: _read_encoder(files))
    check_finite(files.name, model)
    digest = weights_hash(model)
    _guarded(files.name, device, lambda: nn.Module.to(model, device))
    yield _step(f"{files.name} is ready", _STEPS)
    width = int(model.config.get_text_config().hidden_size)
    return TextEncoder(model, tokenizer, files.name, width, device, digest)


def read_language_model(
    files: ModelFiles, allow_remote_code: bool = False
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Read checked files into a float32 model on the CPU, in evaluation mode, and its fast tokenizer.

    Raises:
        ModelError: Tensors are missing or of other shapes, or the tokenizer gives no offsets. Libraries raise what
            they like besides.
    """
    options: dict[str, Any] = {"trust_remote_code": allow_remote_code, "local_files_only": True}
    if files.gguf:
        options["gguf_file"] = files.gguf
    auto_model: Any = AutoModelForCausalLM
    auto_tokenizer: Any = AutoTokenizer
    with quiet():
        tokenizer = auto_tokenizer.from_pretrained(files.folder, **options)
        _check_tokenizer(files.name, tokenizer)
        # Shapes that do not match are told, not raised, so that the tensor can be named.
        model, info = auto_model.from_pretrained(
            files.folder, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True, **options
        )
    check_tensors(files.name, info, list(model.state_dict()))
    if files.gguf:
        _forget_quantization(model)
    _fit(model, tokenizer, files.name)
    return _independent(model.float().eval()), tokenizer


def _read_encoder(files: ModelFiles) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    with quiet():
        from sentence_transformers import SentenceTransformer

        whole = SentenceTransformer(
            str(files.folder),
            device="cpu",
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"dtype": torch.float32, "use_safetensors": True},
        )
    model = getattr(whole[0], "auto_model", None)
    if not isinstance(model, PreTrainedModel) or model.config.is_encoder_decoder:
        raise ModelError(f"{files.name} is no transformer encoder.", "Choose one such as all-mpnet-base-v2.")
    tokenizer = whole.tokenizer
    _check_tokenizer(files.name, tokenizer)
    # The encoder is a ruler: nothing may ever change it.
    return _independent(model.float().eval()).requires_grad_(False), tokenizer


def _check_tokenizer(name: str, tokenizer: Any) -> None:
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"The tokenizer of {name} is not a fast one, so words cannot be matched to positions.",
            "Choose a model that comes with a tokenizer.json.",
        )


def _fit(model: PreTrainedModel, tokenizer: Any, name: str) -> None:
    """Make the tokenizer ready for batches, and refuse one that belongs to another model."""
    embeddings: Any = model.get_input_embeddings()
    rows = int(embeddings.weight.shape[0])
    # Tokens added beyond the rows never come up (GGUF readers add “<|endoftext|>” to vocabularies without it).
    if tokenizer.vocab_size > rows:
        raise ModelError(
            f"The tokenizer of {name} knows {tokenizer.vocab_size:,} tokens, but the model only {rows:,}.",
            "Get the model's files again; the two do not belong together.",
        )
    if tokenizer.pad_token is None or tokenizer.pad_token_id >= rows:
        ends = tokenizer.eos_token is not None and tokenizer.eos_token_id < rows
        tokenizer.pad_token = tokenizer.eos_token if ends else tokenizer.convert_ids_to_tokens(0)
    tokenizer.padding_side = "left"
    if model.generation_config is not None:
        model.generation_config.pad_token_id = tokenizer.pad_token_id


def _independent(model: PreTrainedModel) -> PreTrainedModel:
    """Copy the tensors, which may be windows onto a file: whoever writes into that file would change the model while
    it is used, and whoever makes it shorter would end the program. One at a time, so memory holds one more at most."""
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()
    return model


def _forget_quantization(model: Any) -> None:
    """The weights were unpacked to floats; without these marks the model can be trained and saved."""
    model.hf_quantizer = None
    model.is_quantized = False
    model.quantization_method = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def _check_blocks(lm: LanguageModel) -> None:
    try:
        depth, width = lm.depth, lm.width
    except (AttributeError, TypeError, ValueError):
        raise ModelError(f"{lm.name} does not say how many layers it has and how wide they are.") from None
    if not lm.blocks or depth < 1 or width < 1:
        raise ModelError(f"{lm.name} has no layers that could be trained.")


def _guarded(name: str, device: torch.device, work: Callable[[], T]) -> T:
    """Turn what the libraries raise into one sentence; the traceback stays behind it as its cause.

    Raises:
        ModelError: The model cannot be loaded.
        ResourceError: It does not fit into memory.
    """
    try:
        return work()
    except AtuError:
        raise
    except Exception as error:
        words = str(error).lower()
        # Readers of files say it in words of their own.
        if is_out_of_memory(error) or ("alloc" in words and "memory" in words):
            raise ResourceError(
                f"{name} does not fit into the memory of {describe(device)}.",
                "Close other programs or choose a smaller model.",
            ) from error
        raise ModelError(
            f"{name} cannot be loaded: {_first_sentence(error)}.", "Get its files again, or choose another model."
        ) from error


def _first_sentence(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = without_tokens(lines[0]) if lines else type(error).__name__
    end = words.find(". ")
    return (words if end < 0 else words[:end])[:200].rstrip(".:! ")


def _step(what: str, done: int) -> Progress:
    return Progress("load", what, done, _STEPS, "steps")
