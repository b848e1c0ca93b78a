from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from atu_gui.core.config import parse_config
from atu_gui.core.errors import OutputError
from atu_gui.engine.probes.packs import read_pack
from atu_gui.engine.texts import read_passages
from atu_gui.service import folders
from tests.service.fakes import MATERIALS


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Stephen King", "stephen-king"),
        ("Émile Zola / Nana", "emile-zola-nana"),
        ("日本", "run"),
        ("../../etc", "etc"),
        ("x" * 90, "x" * 40),
    ],
)
def test_titles_become_file_names(title: str, name: str) -> None:
    assert folders.slug(title) == name


def test_a_second_run_in_the_same_second_gets_another_folder() -> None:
    config = parse_config({"concepts": [{"name": "Ada"}]})
    first = folders.run_folder(config, 0.0)
    first.mkdir(parents=True)
    assert folders.run_folder(config, 0.0).name == f"{first.name}-2"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        folders.claim(tmp_path / "file")
    with pytest.raises(OutputError, match="cannot be written"):
        folders.claim(tmp_path / "file" / "below")


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**9, 10**9, 2_000_000))
    with pytest.raises(OutputError, match=r"no space left .* needs about 34 MB, and 2 MB are free"):
        folders.claim(tmp_path / "out")


def test_a_folder_with_a_run_is_left_alone(tmp_path: Path) -> None:
    folders.claim(tmp_path).release()
    (tmp_path / "events.jsonl").write_text("")
    with pytest.raises(OutputError, match="holds a run already"):
        folders.claim(tmp_path)
    (tmp_path / "summary.json").write_text(json.dumps({"rounds": [{"round": 0}]}))
    with pytest.raises(OutputError, match="holds a run already"):
        folders.claim(tmp_path)


def test_a_folder_where_nothing_came_of_a_run_may_be_used_again(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("")
    (tmp_path / "summary.json").write_text(json.dumps({"rounds": []}))
    folders.claim(tmp_path).release()


def test_texts_are_kept_in_formats_that_can_be_given_again(tmp_path: Path) -> None:
    folders.write_texts(tmp_path, MATERIALS)
    texts = tmp_path / "texts"
    assert [passage.text for passage in read_passages(texts / "concept.jsonl")] == ["Ada wrote notes."]
    (retain,) = read_passages(texts / "retain.jsonl")
    assert (retain.text, retain.prompt) == ("Bread rises.", "How is bread made?")
    pack = read_pack(texts / "probes.jsonl")
    assert [(probe.query, probe.answer, probe.group) for probe in pack.probes] == [
        ("Who wrote notes?", "Ada", "forget")
    ]
    assert pack.neutral_texts == MATERIALS.neutral_texts
    assert pack.instructions == MATERIALS.fluency_prompts
    assert json.loads((texts / "neighbours.jsonl").read_text(encoding="utf-8")) == {"neighbour": "Charles Babbage"}
