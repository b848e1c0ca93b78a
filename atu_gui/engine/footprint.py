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
    parameters, layers, width, size, halves = _language_model(files) if files is not None else (0, 0, 0, 0, 0)
    dtype = choose_dtype(config.dtype, device)
    return Footprint(
        name=files.name if files is not None else model_name(config),
        layers=layers,
        width=width,
        parameters=parameters,
        disk_bytes=size,
        device=str(device),
        dtype=str(dtype).removeprefix("torch."),
        encoder=encoder_files.name if encoder_files is not None else encoder_name(encoder, config.source),
        encoder_parameters=_weights(encoder_files.folder, {})[0] if encoder_files is not None else 0,
        halves=halves if holds_halves(device, dtype) else 0,
    )


def _language_model(files: ModelFiles) -> tuple[int, int, int, int, int]:
    """Parameters, layers, width, bytes on the disk, and parameters of matrices that are stored in 16 bits."""
    if files.gguf:
        path = files.folder / files.gguf
        header = read_header(path)
        layers, width = (header.values.get(f"{header.architecture}.{key}", 0) for key in _GGUF_SHAPE)
        return header.parameters, _whole(layers), _whole(width), path.stat().st_size, 0
    config = read_settings(files.folder / "config.json")
    # Models that also see or hear keep the settings of their language part apart.
    inner = config.get("text_config")
    shape = {**config, **(inner if isinstance(inner, dict) else {})}
    parameters, size, halves = _weights(files.folder, config)
    return parameters, _first(shape, _DEPTHS), _first(shape, _WIDTHS), size, halves


def _whole(value: object) -> int:
    """A count out of a header; 0 where it is none."""
    return value if isinstance(value, int) else 0


def _first(settings: dict[str, Any], keys: tuple[str, ...]) -> int:
    return next((value for key in keys if isinstance(value := settings.get(key), int)), 0)


def _weights(folder: Path, config: dict[str, Any]) -> tuple[int, int, int]:
    """Parameters and bytes of the weight files, and parameters of their matrices of 16 bits; an encoder's may lie in
    the folder of its first module."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("[0-9]*_*/*.safetensors"))
    if not files:
        # Pickles tell nothing without being run, so their size has to do.
        pickles = [file.stat().st_size for file in folder.glob("*.bin")]
        stored = str(config.get("dtype") or config.get("torch_dtype"))
        return sum(pickles) // _PICKLED.get(stored, 4), sum(pickles), 0
    shapes: dict[str, _Stored] = {}
    for file in files:
        shapes.update(_tensors(file))
    if config.get("tie_word_embeddings") and len(shapes) > 1:
        # Some files hold the tied matrix twice; the model holds it once.
        shapes.pop("lm_head.weight", None)
    halves = sum(one.count for name, one in shapes.items() if one.is_half_matrix and not _is_embedding(name))
    return sum(one.count for one in shapes.values()), sum(file.stat().st_size for file in files), halves


def _is_embedding(name: str) -> bool:
    """Whether a matrix is looked up, not multiplied with, by the names that are common."""
    return any(part in name for part in ("embed", "wte", "wpe"))


@dataclass(frozen=True, slots=True)
class _Stored:
    """A tensor of a file: how many numbers it has, and whether it is a matrix of 16 bits."""

    count: int
    is_half_matrix: bool


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
            name: _Stored(math.prod(shape), len(shape) == 2 and header[name]["dtype"] in _HALVES)
            for name, shape in shapes.items()
        }
    except (OSError, struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"The header of {path} is damaged.", "Get the file again.") from None
