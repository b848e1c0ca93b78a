from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from atu_gui.core import paths
from atu_gui.core.config import parse_config
from atu_gui.core.errors import InputError
from atu_gui.service import keeping
from atu_gui.service.folders import write_texts
from atu_gui.store.rows import RunState
from atu_gui.store.runs import RunStore
from tests.service.fakes import MATERIALS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore.open(tmp_path / "store.sqlite3")
    yield store
    store.close()


def _run(store: RunStore, folder: Path, run_id: str = "3f2a") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("seed = 1")
    (folder / "rounds").mkdir()
    (folder / "rounds" / "round-1.safetensors").write_bytes(b"weights")
    store.add(run_id, parse_config({"concepts": [{"name": "Ada"}]}), folder=folder, versions={})
    store.append(run_id, [], RunState("done", 1.0, 1))
    return folder


def test_texts_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_texts(tmp_path, MATERIALS)
    assert keeping.read_texts(tmp_path) == MATERIALS


def test_texts_that_are_gone_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        keeping.read_texts(tmp_path)


def test_deleting_can_be_undone(store: RunStore, tmp_path: Path) -> None:
    folder = _run(store, paths.runs_folder().absolute() / "leo")
    keeping.delete(store, "3f2a")
    assert not folder.exists() and store.runs() == []
    keeping.undelete(store, "3f2a")
    assert (folder / "rounds" / "round-1.safetensors").read_bytes() == b"weights"
    assert [path.name for path in folder.parent.iterdir()] == ["leo"]
    assert store.find("3f2a").folder == str(folder)


def test_deleting_takes_nothing_that_a_run_did_not_write(store: RunStore, tmp_path: Path) -> None:
    folder = _run(store, tmp_path / "mine")
    (folder / "thesis.tex").write_text("years of work")
    keeping.delete(store, "3f2a")
    keeping.remove_deleted(store, everything_of=frozenset({"3f2a"}))
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]
    assert not store.has("3f2a") and not list(tmp_path.glob(".mine*"))


def test_only_what_was_deleted_here_or_long_ago_is_removed(store: RunStore, tmp_path: Path) -> None:
    for name in ("here", "there", "long"):
        _run(store, tmp_path / name, name)
        keeping.delete(store, name)
    store.mark_deleted("long", 1000.0)
    keeping.remove_deleted(store, everything_of=frozenset({"here"}))
    assert [name for name in ("here", "there", "long") if store.has(name)] == ["there"]
    assert len(list(tmp_path.glob(".*.deleted-*"))) == 1
