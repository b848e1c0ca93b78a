"""What a GGUF file says about itself in its header, read in milliseconds, and whether it can be trained here.

The `gguf` package reads whole vocabularies into Python objects first, which takes seconds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from atu_gui.core.errors import ModelError

_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
# Spellings of llama.cpp for what transformers calls otherwise.
_SPELLINGS = {"qwen2moe": "qwen2_moe", "qwen3moe": "qwen3_moe", "gpt-oss": "gpt_oss", "minimax-m2": "minimax_m2"}
_NO_CAUSAL_MODELS = {"t5", "umt5", "t5encoder"}
_NO_ARCHITECTURES = {"general", "tokenizer"}
_DAMAGED_HINT = "Download it again."


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The parts of a header that matter here.

    Attributes:
        values: Single values (no arrays) by key.
        has_tokens: Whether a vocabulary is inside.
        end: Where the last tensor must end, in bytes from the start of the file.
        parameters: Numbers in all tensors.
    """

    values: dict[str, str | float | int | bool]
    has_tokens: bool
    end: int
    parameters: int

    @property
    def architecture(self) -> str:
        """As llama.cpp spells it; empty where the file does not say."""
        return str(self.values.get("general.architecture", ""))


def read_header(path: Path) -> GgufHeader:
    """Read the header.

    Raises:
        ModelError: The file is no GGUF, is damaged or cannot be read.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) != _MAGIC:
                raise ModelError(f"{path.name} is no GGUF file, or it is damaged.", _DAMAGED_HINT)
            return _parse(file)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (struct.error, KeyError, ValueError, ArithmeticError, MemoryError):
        raise ModelError(f"The header of {path.name} is damaged.", _DAMAGED_HINT) from None


def check_gguf(path: Path) -> str:
    """Refuse what cannot be trained; returns the model's name for the screen.

    Raises:
        ModelError: Damaged, no causal language model, no vocabulary, or an architecture that cannot be read.
    """
    header = read_header(path)
    architecture = header.architecture
    if not architecture:
        raise ModelError(f"{path.name} does not say which architecture it has.", "Choose another GGUF file.")
    if header.values.get("general.type", "model") != "model" or architecture in {"clip", "mmproj"}:
        part = header.values.get("general.type", architecture)
        raise ModelError(
            f"{path.name} is a part of a model ({part}), not a language model.",
            "Choose the GGUF file of the language model itself.",
        )
    known = readable_architectures()
    if architecture in _NO_CAUSAL_MODELS or architecture not in known:
        kind = "is no causal language model" if architecture in _NO_CAUSAL_MODELS else "cannot be trained here"
        raise ModelError(
            f"{path.name} has the architecture “{architecture}”, which {kind}.",
            f"GGUF files of these can be used: {', '.join(sorted(known))}; others as a folder with safetensors.",
        )
    if not header.has_tokens:
        raise ModelError(f"{path.name} holds no vocabulary.", "Choose a GGUF file of a complete language model.")
    size = path.stat().st_size
    if size < header.end:
        missing = (header.end - size) / 1e6
        raise ModelError(f"{path.name} is incomplete: {missing:,.1f} MB are missing at its end.", _DAMAGED_HINT)
    return str(header.values.get("general.name") or path.stem)


def readable_architectures() -> set[str]:
    """What the installed transformers turns into causal language models, as llama.cpp spells it."""
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    names = {str(name) for name in GGUF_SUPPORTED_ARCHITECTURES} - _NO_ARCHITECTURES - _NO_CAUSAL_MODELS
    turned = {theirs: ours for ours, theirs in _SPELLINGS.items()}
    return {turned.get(name, name) for name in names}


def _parse(file: BinaryIO) -> GgufHeader:
    version, tensors, pairs = _unpack(file, "IQQ")
    if version not in (2, 3) or tensors > 1 << 24 or pairs > 1 << 24:
        raise ValueError("not a header")
    values: dict[str, str | float | int | bool] = {}
    has_tokens = False
    for _ in range(pairs):
        key = _string(file)
        (kind,) = _unpack(file, "I")
        if kind == _ARRAY:
            has_tokens |= _skip_array(file) > 0 and key == "tokenizer.ggml.tokens"
        else:
            values[key] = _string(file) if kind == _STRING else _unpack(file, _NUMBERS[kind])[0]
    sizes = [_tensor_size(file) for _ in range(tensors)]
    alignment = int(values.get("general.alignment", 32))
    start = -(-file.tell() // alignment) * alignment
    end = start + max((end for _, end in sizes), default=0)
    return GgufHeader(values, has_tokens, end, sum(count for count, _ in sizes))


def _tensor_size(file: BinaryIO) -> tuple[int, int]:
    """How many numbers a tensor has, and where it ends, in bytes after the header."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    _string(file)
    (dimensions,) = _unpack(file, "I")
    if dimensions > 8:
        raise ValueError("not a tensor")
    count = 1
    for size in _unpack(file, f"{dimensions}Q"):
        count *= size
    kind, offset = _unpack(file, "IQ")
    block, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    return count, int(offset + count // block * block_bytes)


def _skip_array(file: BinaryIO) -> int:
    kind, count = _unpack(file, "IQ")
    if kind in _NUMBERS:
        file.seek(count * struct.calcsize("<" + _NUMBERS[kind]), 1)
        return int(count)
    if kind != _STRING:
        raise ValueError("an array of arrays")
    for _ in range(count):
        (length,) = _unpack(file, "Q")
        file.seek(length, 1)
    return int(count)


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > 1 << 24:
        raise ValueError("not a string")
    data = file.read(length)
    if len(data) != length:
        raise ValueError("cut off")
    return data.decode("utf-8")


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    layout = "<" + layout
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
