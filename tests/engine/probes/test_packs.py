"""Question packs and the benchmark's folders."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from atu_gui.core.errors import InputError
from atu_gui.core.paths import resource
from atu_gui.engine.probes.packs import read_pack
from atu_gui.engine.probes.rwku import is_rwku, read_rwku
from atu_gui.engine.texts import MOST_FAULTS
from tests.conftest import shared


def test_the_example_pack_has_every_kind() -> None:
    pack = read_pack(resource("packs", "example.jsonl"))
    assert {(probe.group, probe.kind) for probe in pack.probes} == {
        (group, kind) for group in ("forget", "neighbour") for kind in ("cloze", "question")
    }
    assert pack.neutral_texts
    assert pack.instructions
    assert len({probe.id for probe in pack.probes}) == len(pack.probes)


def test_broken_lines_are_listed_together(tmp_path: Path) -> None:
    lines = [
        '{"kind": "question", "group": "forget", "query": "Who?", "answer": "She"}',
        "{oops",
        '{"kind": "riddle"}',
        '{"kind": "cloze", "group": "both", "query": "No blank", "answer": ""}',
        "3",
        '{"kind": "neutral"}',
        '{"kind": "verbatim", "group": "neighbour", "prefix": "The pin is"}',
    ]
    path = tmp_path / "pack.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        read_pack(path)
    places = [fault.where.removeprefix(f"{path}, ") for fault in caught.value.faults]
    assert places == [
        "line 2",
        "line 3, field “kind”",
        "line 4, field “group”",
        "line 4, field “query”",
        "line 4, field “answer”",
        "line 5",
        "line 6, field “text”",
        "line 7, field “group”",
        "line 7, field “continuation”",
    ]


def test_a_pack_without_questions_and_a_folder_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pack.jsonl"
    path.write_text('{"kind": "neutral", "text": "Some text."}')
    with pytest.raises(InputError, match="holds no questions"):
        read_pack(path)
    with pytest.raises(InputError, match="holds no questions"):
        read_pack(tmp_path)


def test_an_rwku_folder_with_few_files_is_read_with_a_note(tmp_path: Path) -> None:
    item = {"query": "X was a ___", "answer": "painter", "subject": "X"}
    (tmp_path / "forget_level1.json").write_text(json.dumps([item, item]))
    assert is_rwku(tmp_path)
    pack = read_rwku(tmp_path)
    # Published repetitions stay, so that scores stay comparable.
    assert [probe.query for probe in pack.probes] == ["X was a ___"] * 2
    assert len({probe.id for probe in pack.probes}) == 2
    assert "retain_mia.json" in pack.notes[0]


def test_rwku_faults(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no RWKU questions"):
        read_rwku(tmp_path)
    (tmp_path / "forget_level1.json").write_text('[{"query": "X ___"}]')
    (tmp_path / "fluency.json").write_text("{}")
    with pytest.raises(InputError, match=r"item 1, field “answer”: is missing.*array of objects"):
        read_rwku(tmp_path)


def test_the_published_folder() -> None:
    pack = read_rwku(shared("rwku", "31_Leonardo_da_Vinci"))
    counts = {(g, k): 0 for g in ("forget", "neighbour") for k in ("cloze", "question")}
    for probe in pack.probes:
        counts[probe.group, probe.kind] += 1
    assert counts == {
        ("forget", "cloze"): 20,
        ("forget", "question"): 17,
        ("neighbour", "cloze"): 30,
        ("neighbour", "question"): 18,
    }
    assert pack.probes[0].about == "Leonardo da Vinci"
    assert (len(pack.neutral_texts), len(pack.instructions), pack.notes) == (38, 50, ())


def test_a_pack_of_verbatim_strings_needs_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "strings.jsonl"
    path.write_text('{"kind": "verbatim", "prefix": "The pin is", "continuation": "4815", "about": "Ada"}')
    (probe,) = read_pack(path).probes
    assert (probe.group, probe.kind, probe.query, probe.answer) == ("forget", "verbatim", "The pin is", "4815")


def test_a_pack_of_nothing_but_faults_is_given_up_soon(tmp_path: Path) -> None:
    path = tmp_path / "pack.jsonl"
    path.write_text('{"kind": "question"}\n' * 300_000, encoding="utf-8")
    begun = time.process_time()
    with pytest.raises(InputError, match="was not read") as caught:
        read_pack(path)
    assert MOST_FAULTS <= len(caught.value.faults) < MOST_FAULTS + 3
    assert time.process_time() - begun < 2.0


def test_separators_of_unicode_part_no_line(tmp_path: Path) -> None:
    line = json.dumps(
        {"kind": "question", "group": "forget", "query": "Who\u2028wrote\x85it?", "answer": "Ada\u2029L."},
        ensure_ascii=False,
    )
    path = tmp_path / "pack.jsonl"
    path.write_text(f"{line}\n{line}\n", encoding="utf-8")
    first, second = read_pack(path).probes
    assert (first.query, first.answer) == ("Who\u2028wrote\x85it?", "Ada\u2029L.") == (second.query, second.answer)
