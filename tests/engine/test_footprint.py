"""What headers say is what is there once a model has been loaded."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import pytest

from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import ModelError, ResourceError
from atu_gui.engine.footprint import footprint
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import linear_layers
from tests.engine.draining import drain
from tests.engine.gguf_maker import make_gguf
from tests.engine.hub_fixtures import own_cache  # noqa: F401 - a fixture


def _source(path: Path) -> ModelConfig:
    return ModelConfig(source=str(path), device="cpu")


def test_a_folder_is_as_large_as_the_loaded_model(tiny_model: Path, tiny_encoder: Path) -> None:
    found = footprint(_source(tiny_model), str(tiny_encoder))
    lm = drain(load_language_model(_source(tiny_model)))[1]
    assert found.parameters == sum(weight.numel() for weight in lm.model.parameters())
    assert (found.layers, found.width, found.device, found.dtype) == (lm.depth, lm.width, "cpu", "float32")
    assert found.encoder_parameters > 0 and found.encoder == tiny_encoder.name
    assert found.memory == 4 * (found.parameters + found.encoder_parameters) == found.main_memory


def test_packed_matrices_take_four_bits_and_their_scales(tiny_model: Path, tiny_encoder: Path) -> None:
    full = footprint(_source(tiny_model), str(tiny_encoder))
    found = footprint(_source(tiny_model).model_copy(update={"weights": "nf4"}), str(tiny_encoder))
    lm = drain(load_language_model(_source(tiny_model)))[1]
    assert found.packed == sum(layer.inputs * layer.outputs for layer in linear_layers(lm.blocks))
    assert found.memory == full.memory - found.packed * (4 - 0.5625)
    assert found.main_memory == 4 * found.parameters, "they are read in full"


def test_a_gguf_file_tells_the_same(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    folder = footprint(_source(tiny_model), str(tiny_encoder))
    file = footprint(_source(make_gguf(tiny_model, tmp_path / "tiny.gguf")), str(tiny_encoder))
    assert (file.name, file.parameters, file.layers, file.width) == (
        "Tiny Llama",
        folder.parameters,
        folder.layers,
        folder.width,
    )


def test_what_the_hub_would_bring_is_not_fetched(own_cache: Path, tiny_encoder: Path) -> None:  # noqa: F811
    found = footprint(ModelConfig(source="someone/large", device="cpu"), str(tiny_encoder))
    assert not found.known and found.name == "large"


def test_what_cannot_be_loaded_says_why(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no folder or file"):
        footprint(_source(tmp_path / "nothing"), str(tiny_encoder))
    with pytest.raises(ResourceError, match="float16"):
        footprint(ModelConfig(source=str(tiny_model), device="cpu", dtype="float16"), str(tiny_encoder))
    broken = Path(shutil.copytree(tiny_model, tmp_path / "broken"))
    (broken / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelError, match="damaged"):
        footprint(_source(broken), str(tiny_encoder))


def test_a_model_larger_than_the_memory_is_sized_up_all_the_same(
    tiny_model: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    large = Path(shutil.copytree(tiny_model, tmp_path / "large"))
    count = 70 * 10**9
    header = json.dumps({"w": {"dtype": "F16", "shape": [count], "data_offsets": [0, 2 * count]}}).encode()
    with (large / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        try:
            # Sparse: it takes no room on the disk.
            file.truncate(file.tell() + 2 * count)
        except OSError:
            pytest.skip("this file system has no sparse files of 140 GB")
    found = footprint(_source(large), str(tiny_encoder))
    assert found.parameters == count and found.disk_bytes > 2 * count
