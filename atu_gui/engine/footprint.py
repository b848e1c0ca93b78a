"""Size and shape of models from the headers of their files (config.json, safetensors, GGUF); no weight is read."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import ModelError
from atu_gui.core.footprint import Footprint
from atu_gui.engine.devices import choose_device, choose_dtype
from atu_gui.engine.formats import holds_halves
from atu_gui.engine.gguf_files import read_header
from atu_gui.engine.model_folders import read_settings
from atu_gui.engine.sources import ModelFiles, encoder_name, local_encoder, local_language_model, model_name

# Spellings of GPT-2, GPT-NeoX and others for what Llama's family calls otherwise.
_DEPTHS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
_WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
_GGUF_SHAPE = ("block_count", "embedding_length")
_PICKLED = {"float16": 2, "bfloat16": 2}
_LARGEST_HEADER = 1 << 27
_HALVES = ("BF16", "F16")


def footprint(config: ModelConfig, encoder: str) -> Footprint:
    """What loading would take. Files that would come from the hub are not asked for: their sizes are 0.

    Raises:
        ModelError: Unknown, unsafe, damaged or no causal language model, or no encoder.
        ResourceError: No such device, or it cannot compute in the wanted format.
    """
    device = choose_device(config.device)
    files = local_language_model(config)
    encoder_files = local_encoder(encoder, config.source)
    layers, width, size = _language_model(files) if files is not None else (0, 0, _Size())
    packs = config.weights == "nf4"
    dtype = choose_dtype(config.dtype, device)
    return Footprint(
        name=files.name if files is not None else model_name(config),
        layers=layers,
        width=width,
        parameters=size.parameters,
        disk_bytes=size.disk,
        device=str(device),
        dtype=str(dtype).removeprefix("torch."),
        encoder=encoder_files.name if encoder_files is not None else encoder_name(encoder, config.source),
        encoder_parameters=_weights(encoder_files.folder, {}).parameters if encoder_files is not None else 0,
        halves=size.halves if holds_halves(device, dtype) and not packs else 0,
        packed=size.in_blocks if packs else 0,
    )


@dataclass(frozen=True, slots=True)
class _Size:
    """Parameters, bytes on the disk, and parameters of matrices that are stored in 16 bits and that are in blocks."""

    parameters: int = 0
    disk: int = 0
    halves: int = 0
    in_blocks: int = 0


def _language_model(files: ModelFiles) -> tuple[int, int, _Size]:
    """Layers, width and size."""
    if files.gguf:
        path = files.folder / files.gguf
        header = read_header(path)
        layers, width = (header.values.get(f"{header.architecture}.{key}", 0) for key in _GGUF_SHAPE)
        return _whole(layers), _whole(width), _Size(header.parameters, path.stat().st_size)
    config = read_settings(files.folder / "config.json")
    # Models that also see or hear keep the settings of their language part apart.
    inner = config.get("text_config")
    shape = {**config, **(inner if isinstance(inner, dict) else {})}
    return _first(shape, _DEPTHS), _first(shape, _WIDTHS), _weights(files.folder, config)


def _whole(value: object) -> int:
    """A count out of a header; 0 where it is none."""
    return value if isinstance(value, int) else 0


def _first(settings: dict[str, Any], keys: tuple[str, ...]) -> int:
    return next((value for key in keys if isinstance(value := settings.get(key), int)), 0)


def _weights(folder: Path, config: dict[str, Any]) -> _Size:
    """What the weight files hold; an encoder's may lie in the folder of its first module."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("[0-9]*_*/*.safetensors"))
    if not files:
        # Pickles tell nothing without being run, so their size has to do.
        pickles = [file.stat().st_size for file in folder.glob("*.bin")]
        stored = str(config.get("dtype") or config.get("torch_dtype"))
        return _Size(sum(pickles) // _PICKLED.get(stored, 4), sum(pickles))
    shapes: dict[str, _Stored] = {}
    for file in files:
        shapes.update(_tensors(file))
    if config.get("tie_word_embeddings") and len(shapes) > 1:
        # Some files hold the tied matrix twice; the model holds it once.
        shapes.pop("lm_head.weight", None)
    matrices = {name: one for name, one in shapes.items() if one.is_matrix and not _is_embedding(name)}
    return _Size(
        parameters=sum(one.count for one in shapes.values()),
        disk=sum(file.stat().st_size for file in files),
        halves=sum(one.count for one in matrices.values() if one.is_half),
        in_blocks=sum(one.count for name, one in matrices.items() if not _is_head(name)),
    )


def _is_embedding(name: str) -> bool:
    """Whether a matrix is looked up, not multiplied with, by the names that are common."""
    return any(part in name for part in ("embed", "wte", "wpe"))


def _is_head(name: str) -> bool:
    """Whether a matrix is the LM head, likewise."""
    return any(part in name for part in ("lm_head", "embed_out"))


@dataclass(frozen=True, slots=True)
class _Stored:
    """A tensor of a file: how many numbers it has, whether it is a matrix, and whether it is stored in 16 bits."""

    count: int
    is_matrix: bool
    is_half: bool


def _tensors(path: Path) -> dict[str, _Stored]:
    """The tensors of a safetensors file, from its JSON header.

    Raises:
        ModelError: The header is damaged.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _LARGEST_HEADER:
                raise ValueError("not a header")
            header = json.loads(file.read(length))
        shapes = {name: one["shape"] for name, one in header.items() if name != "__metadata__"}
        if not all(type(size) is int and size >= 0 for shape in shapes.values() for size in shape):
            raise ValueError("not a shape")
        return {
            name: _Stored(math.prod(shape), len(shape) == 2, header[name]["dtype"] in _HALVES)
            for name, shape in shapes.items()
        }
    except (OSError, struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"The header of {path} is damaged.", "Get the file again.") from None
