"""Headers of GGUF files: what is taken, and one sentence for each refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.core.errors import ModelError
from atu_gui.engine.gguf_files import check_gguf, read_header, readable_architectures
from tests.engine.gguf_maker import make_gguf, make_header


def test_header_of_a_model(tiny_model: Path, tmp_path: Path) -> None:
    path = make_gguf(tiny_model, tmp_path / "tiny.gguf")
    header = read_header(path)
    assert header.architecture == "llama"
    assert header.values["llama.block_count"] == 4
    assert header.has_tokens
    assert path.stat().st_size - 32 <= header.end <= path.stat().st_size
    assert check_gguf(path) == "Tiny Llama"


def test_llama_cpp_spellings() -> None:
    known = readable_architectures()
    assert {"llama", "qwen2", "qwen3moe", "gemma2"} <= known
    assert not {"t5", "general", "tokenizer", "bert"} & known


@pytest.mark.parametrize(
    ("architecture", "kind", "words"),
    [
        ("whale", "model", "architecture “whale”, which cannot be trained here"),
        ("bert", "model", "architecture “bert”, which cannot be trained here"),
        ("t5", "model", "architecture “t5”, which is no causal language model"),
        ("clip", "mmproj", r"is a part of a model \(mmproj\), not a language model"),
        ("llama", "adapter", r"is a part of a model \(adapter\)"),
    ],
)
def test_other_kinds_are_refused(architecture: str, kind: str, words: str, tmp_path: Path) -> None:
    path = make_header(tmp_path / "odd.gguf", architecture, kind)
    with pytest.raises(ModelError, match=words) as caught:
        check_gguf(path)
    assert caught.value.hint


def test_no_vocabulary(tiny_model: Path, tmp_path: Path) -> None:
    path = make_gguf(tiny_model, tmp_path / "tiny.gguf", tokens=False)
    with pytest.raises(ModelError, match="holds no vocabulary"):
        check_gguf(path)


def test_a_cut_file_says_how_much_is_missing(tiny_model: Path, tmp_path: Path) -> None:
    path = make_gguf(tiny_model, tmp_path / "tiny.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"is incomplete: .* MB are missing"):
        check_gguf(path)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no model at all", b"GGUF\x03\0\0\0" + b"\xff" * 64])
def test_damaged_headers(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        check_gguf(path)


def test_no_cut_header_leaks_another_error(tiny_model: Path, tmp_path: Path) -> None:
    path = make_gguf(tiny_model, tmp_path / "tiny.gguf")
    whole = path.read_bytes()
    for length in range(4, 1200, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            read_header(path)
