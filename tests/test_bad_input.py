"""Everything that a user may get wrong: one clear sentence on stderr, exit code 2, no traceback, no record."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter
from safetensors.numpy import load_file, save_file

from atu_gui import cli
from atu_gui.core import paths
from atu_gui.engine.tiny import make_language_model

TEXT = "Ada Lovelace wrote the first published program for a machine, and letters about flying, in London."
QUESTION = '{"kind": "question", "group": "forget", "query": "Who?", "answer": "Ada"}'


def unknown_model(_folder: Path) -> list[str]:
    return ["--model", "nobody-at-all/no-such-model"]


def empty_folder(folder: Path) -> list[str]:
    (folder / "empty").mkdir()
    return ["--model", str(folder / "empty")]


def missing_path(folder: Path) -> list[str]:
    return ["--model", str(folder / "nowhere")]


def picture_gguf(folder: Path) -> list[str]:
    return ["--model", str(_gguf(folder / "picture.gguf", "clip"))]


def unheard_of_gguf(folder: Path) -> list[str]:
    return ["--model", str(_gguf(folder / "unheard-of.gguf", "whale-9000"))]


def recurrent_gguf(folder: Path) -> list[str]:
    return ["--model", str(_gguf(folder / "recurrent.gguf", "rwkv7"))]


def _gguf(path: Path, architecture: str) -> Path:
    writer = GGUFWriter(path, architecture)
    writer.add_block_count(1)
    writer.add_tensor("weight", np.zeros((4, 4), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def not_a_number(folder: Path) -> list[str]:
    model = make_language_model(folder / "nan", layers=1)
    tensors = load_file(model / "model.safetensors")
    tensors["model.norm.weight"][0] = np.nan
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})
    return ["--model", str(model)]


def layer_out_of_range(_folder: Path) -> list[str]:
    return ["--layers", "34"]


def layer_zero(_folder: Path) -> list[str]:
    return ["--layers", "0"]


def tau_out_of_range(_folder: Path) -> list[str]:
    return ["--tau", "1.5"]


def tau_in_the_file(folder: Path) -> list[str]:
    (folder / "run.toml").write_text("[[rounds]]\nalign_steps = 1\nunlearn_steps = 1\ntau = -2.0\n")
    return [str(folder / "run.toml")]


def empty_concept(_folder: Path) -> list[str]:
    return ["--concept", "  "]


def empty_text(folder: Path) -> list[str]:
    (folder / "empty.txt").write_text("\n \n")
    return ["--texts", str(folder / "empty.txt")]


def binary_text(folder: Path) -> list[str]:
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    return ["--texts", str(folder / "binary.txt")]


def missing_text(folder: Path) -> list[str]:
    return ["--texts", str(folder / "missing.txt")]


def broken_pack(folder: Path) -> list[str]:
    (folder / "pack.jsonl").write_text(f"{QUESTION}\n{QUESTION}\n{{broken\n")
    return ["--probes", str(folder / "pack.jsonl")]


def broken_config(folder: Path) -> list[str]:
    (folder / "run.toml").write_text("seed = 1\nlayers = [1,\n\nname = \n")
    return [str(folder / "run.toml")]


def unknown_setting(folder: Path) -> list[str]:
    (folder / "run.toml").write_text('colour = "red"\n')
    return [str(folder / "run.toml")]


def out_is_a_file(folder: Path) -> list[str]:
    (folder / "file").write_text("x")
    return ["--out", str(folder / "file")]


def out_below_a_file(folder: Path) -> list[str]:
    (folder / "file").write_text("x")
    return ["--out", str(folder / "file" / "out")]


CASES: list[tuple[Callable[[Path], list[str]], str]] = [
    (unknown_model, "nobody-at-all/no-such-model"),
    (empty_folder, "is empty. Choose a folder with a model"),
    (missing_path, "There is no folder or file"),
    (picture_gguf, "clip"),
    (unheard_of_gguf, "unheard-of.gguf has the architecture “whale-9000”, which cannot be trained here."),
    (recurrent_gguf, "recurrent.gguf has the architecture “rwkv7”, which cannot be trained here."),
    (not_a_number, "model.norm.weight of nan holds values that are no numbers (NaN or infinite)."),
    (layer_out_of_range, "Layer 34 does not exist. This model has 4 layers; choose 1 to 4."),
    (layer_zero, "layer 0 does not exist"),
    (tau_out_of_range, "τ must lie between −1 and 1; you gave 1.5."),
    (tau_in_the_file, "rounds.0.tau: τ must lie between −1 and 1; you gave -2.0."),
    (empty_concept, "the concept is empty"),
    (empty_text, "empty.txt is empty"),
    (binary_text, "binary.txt is binary, not text"),
    (missing_text, "missing.txt"),
    (broken_pack, "pack.jsonl, line 3: not valid JSON"),
    (broken_config, "run.toml, line"),
    (unknown_setting, "colour: no such setting."),
    (out_is_a_file, "is a file, not a folder"),
    (out_below_a_file, "cannot be written"),
]


def atu(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    return int(caught.value.code or 0)


@pytest.fixture
def common(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> list[str]:
    """A run that would work; later flags win."""
    texts = tmp_path / "ada.txt"
    texts.write_text("\n\n".join([TEXT] * 3), encoding="utf-8")
    return ["--model", str(tiny_model), "--encoder", str(tiny_encoder), "--texts", str(texts), "--device", "cpu"]


def _refused(capsys: pytest.CaptureFixture[str], words: str) -> None:
    printed = capsys.readouterr()
    (error,) = [line for line in printed.err.splitlines() if line.startswith("Error: ")]
    assert words in error
    assert error.endswith(".")
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert not paths.runs_folder().exists() or not list(paths.runs_folder().iterdir())


@pytest.mark.parametrize(("wrong", "words"), CASES, ids=[wrong.__name__ for wrong, _ in CASES])
def test_bad_input_is_one_sentence_and_exit_code_2(
    wrong: Callable[[Path], list[str]],
    words: str,
    common: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    concept = [] if wrong is empty_concept else ["--concept", "Ada Lovelace"]
    assert atu("run", *common, *concept, *wrong(tmp_path)) == 2
    _refused(capsys, words)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_the_right_to_write(
    common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert atu("run", *common, "--concept", "Ada", "--out", str(tmp_path / "locked" / "out")) == 2
    _refused(capsys, "cannot be written")


def test_no_space_left(
    common: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    assert atu("run", *common, "--concept", "Ada", "--out", str(tmp_path / "out")) == 2
    _refused(capsys, "There is no space left for the run in")


def test_nothing_named_at_all(common: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert atu("run", *common) == 2
    _refused(capsys, "No concept is named.")
