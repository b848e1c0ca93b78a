"""Passages out of files: every kind, every fault."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atu_gui.core.errors import InputError
from atu_gui.engine.text_files import text_lines
from atu_gui.engine.texts import MAX_WORDS, MOST_FAULTS, paragraphs, read_passages, split_long
from tests.conftest import shared


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_plain_text_is_split_at_blank_lines_and_tolerates_a_byte_order_mark(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.txt", b"\xef\xbb\xbfOne line\r\nand its next.\r\n\r\n \r\nTwo.\n")
    assert [passage.text for passage in read_passages(path)] == ["One line\nand its next.", "Two."]
    assert read_passages(path)[0].source == "a.txt"


@given(st.text(alphabet="ab .\n\r\t\u2028é。", max_size=60), st.integers(1, 9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_is_split_the_same_in_whatever_blocks_it_is_read(tmp_path: Path, text: str, block: int) -> None:
    path = _file(tmp_path, "a.txt", text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("atu_gui.engine.text_files._BLOCK", block)
        if text.strip():
            assert [passage.text for passage in read_passages(path)] == paragraphs(text)
            assert "".join(text_lines(path)) == text
        else:
            with pytest.raises(InputError, match="is empty"):
                read_passages(path)


def test_long_paragraphs_end_at_sentence_ends() -> None:
    sentence = "This sentence has exactly seven words here. "
    pieces = split_long((sentence * 40).strip())
    assert len(pieces) == 3
    assert all(piece.endswith("here.") and len(piece.split()) <= MAX_WORDS for piece in pieces)


@given(st.text(alphabet="ab .!?\n。", max_size=3000))
def test_splitting_keeps_every_letter_and_the_limit(text: str) -> None:
    pieces = paragraphs(text)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece.strip() and len(piece.split()) <= MAX_WORDS for piece in pieces)


def test_json_lines_give_objects_and_strings(tmp_path: Path) -> None:
    lines = ['{"text": "One\\u2028still one.", "prompt": "Say one", "about": "One", "id": 3}', "", '"Two."']
    passages = read_passages(_file(tmp_path, "a.jsonl", "\n".join(lines)))
    assert (passages[0].text, passages[0].prompt, passages[0].about) == ("One\u2028still one.", "Say one", "One")
    assert passages[1].text == "Two."


def test_all_faults_of_a_file_are_listed_with_line_and_field(tmp_path: Path) -> None:
    lines = ['{"text": "fine"}', "{broken", '{"text": 3}', "[1]", '{"text": " "}', '{"prompt": "p"}', '"\\ud800"']
    with pytest.raises(InputError) as caught:
        read_passages(_file(tmp_path, "bad.jsonl", "\n".join(lines)))
    found = [str(fault).replace(str(tmp_path), "") for fault in caught.value.faults]
    assert [fault.split(",")[1].split(":")[0].strip() for fault in found] == [f"line {n}" for n in range(2, 8)]
    assert "field “text”: must be text" in found[1]
    assert "is empty" in found[3]
    assert "is missing" in found[4]
    assert "half a character" in found[5]
    assert all(f"line {n}" in caught.value.message for n in range(2, 8))


def test_a_flood_of_faults_is_cut_in_the_message_only(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_passages(_file(tmp_path, "bad.jsonl", "{\n" * 500))
    assert len(caught.value.faults) == 500
    assert "480 more" in caught.value.message


def test_json_arrays_take_the_benchmark_form(tmp_path: Path) -> None:
    path = _file(tmp_path, "positive.json", json.dumps([{"id": "x 0", "text": "One.", "subject": "X"}]))
    (passage,) = read_passages(tmp_path)
    assert (passage.text, passage.about, passage.source) == ("One.", "X", "positive.json")
    path.write_text('[{"text": "One."},\n {"text": ]')
    with pytest.raises(InputError, match="line 2"):
        read_passages(path)
    path.write_text('{"text": "One."}')
    with pytest.raises(InputError, match="array"):
        read_passages(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('id,text,about\n1,"Hello, you",X\n2,Bye,\n', ["Hello, you", "Bye"]),
        ("id;text\n1;Hello, you\n", ["Hello, you"]),
        ("passage\nOne thing.\nTwo things.\n", ["One thing.", "Two things."]),
        ("One thing.\nTwo things.\n", ["One thing.", "Two things."]),
        ('text\n"One\nthing."\n', ["One\nthing."]),
    ],
)
def test_csv_has_a_text_column_or_a_single_one(tmp_path: Path, content: str, expected: list[str]) -> None:
    assert [passage.text for passage in read_passages(_file(tmp_path, "a.csv", content))] == expected


def test_csv_faults_name_their_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 1: there is no column “text”"):
        read_passages(_file(tmp_path, "a.csv", "a,b\n1,2\n"))
    with pytest.raises(InputError, match=r"line 3: has 3 columns instead of 2.*line 4, field “text”: is missing"):
        read_passages(_file(tmp_path, "b.csv", "id,text\n1,fine\n2,one,two\n3\n"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b" \n\n", "is empty"),
        ("a.txt", b"PK\x03\x04\x00\x00", "is binary"),
        ("a.txt", b"fine\n\xff\xfe\n", "line 2: not UTF-8"),
        ("a.json", b"[]", "holds no texts"),
        ("a.pdf", b"x", "of no kind"),
    ],
)
def test_unusable_files_give_one_sentence_and_a_hint(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_passages(_file(tmp_path, name, content))
    assert caught.value.hint


def test_missing_files_and_empty_folders_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_passages(tmp_path / "none.txt")
    with pytest.raises(InputError, match="holds no texts"):
        read_passages(tmp_path)


def test_folders_of_text_files_are_read_in_order(tmp_path: Path) -> None:
    _file(tmp_path, "b.txt", "B.")
    _file(tmp_path, "a.md", "A.")
    _file(tmp_path, "settings.json", "{}")
    assert [passage.text for passage in read_passages(tmp_path)] == ["A.", "B."]


def test_the_benchmarks_own_folder() -> None:
    folder = shared("rwku", "31_Leonardo_da_Vinci")
    passages = read_passages(folder)
    assert len(passages) == 582
    assert passages[0].about == "Leonardo da Vinci"


def test_reading_input_needs_no_torch() -> None:
    code = "import sys, atu_gui.engine.inputs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


def test_large_files_take_seconds_not_minutes(tmp_path: Path) -> None:
    """Sentences of a sign each used to be counted anew with every further one."""
    for name, content in (("dots", ". " * 250_000), ("word", "x" * 500_000), ("lines", "ab cd\n" * 50_000)):
        path = tmp_path / f"{name}.txt"
        path.write_text(content, encoding="utf-8")
        begun = time.process_time()
        passages = read_passages(path)
        assert time.process_time() - begun < 5.0, name
        assert all(len(passage.text.split()) <= 120 for passage in passages)
        assert "".join("".join(passage.text.split()) for passage in passages) == "".join(content.split())


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b.txt", "half\ud800.txt"])
def test_names_that_are_no_paths(name: str) -> None:
    with pytest.raises(InputError, match="Check the path"):
        read_passages(Path(name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", "{broken\n" * 300_000),
        ("b.jsonl", "12\n" * 300_000),
        ("c.json", "[" + "{}," * 300_000 + "{}]"),
        ("d.csv", "text\n" + "a,b\n" * 300_000),
    ],
)
def test_a_file_of_nothing_but_faults_is_given_up_soon(tmp_path: Path, name: str, content: str) -> None:
    path = _file(tmp_path, name, content)
    begun = time.process_time()
    with pytest.raises(InputError, match="was not read") as caught:
        read_passages(path)
    assert len(caught.value.faults) == MOST_FAULTS
    assert time.process_time() - begun < 2.0


def test_a_file_that_no_memory_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atu_gui.engine.text_files.LARGEST", 1_000_000)
    (tmp_path / "all.txt").write_bytes(b"Ada wrote. " * 100_000)
    with pytest.raises(InputError, match=r"all.txt cannot be read: it is larger than 1 MB\."):
        read_passages(tmp_path / "all.txt")


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(InputError, match=r"The folder .* cannot be read: Permission denied\. Check its permissions\."):
        read_passages(tmp_path)
