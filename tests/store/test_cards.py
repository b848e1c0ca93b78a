from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.core.ports import Weights
from atu_gui.store.cards import CARD_FILE, RunCard, note_folder, noted_folders, read_card, write_card


def test_a_card_comes_back_as_it_was(tmp_path: Path) -> None:
    card = RunCard("3f2a", "Ada τ", 5.0, (("python", "3"),), "a note", ("good",), Weights("1b2c", 2))
    write_card(tmp_path, card)
    assert read_card(tmp_path) == card


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", '{"run_id": 3, "title": "x", "started": 1}', '{"run_id": "a"}']
)
def test_what_is_no_card_is_none(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / CARD_FILE).write_text(content, encoding="utf-8")
    assert read_card(tmp_path) is None


def test_folders_are_noted_beside_the_store(tmp_path: Path) -> None:
    store = tmp_path / "atu.sqlite3"
    assert noted_folders(store) == []
    for name in ("one", "two", "one"):
        note_folder(store, tmp_path / name)
    assert noted_folders(store) == [tmp_path / "one", tmp_path / "two"]
