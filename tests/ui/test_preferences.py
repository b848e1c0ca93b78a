from __future__ import annotations

import json

import pytest

from atu_gui.ui.preferences import Layout, Preferences, load_preferences, preferences_file, save_preferences


def test_they_come_back() -> None:
    saved = Preferences("light", False, b"\x00geometry", Layout(b"docks\xff", b"\x01", True), quiet=True)
    save_preferences(saved)
    assert load_preferences() == saved


@pytest.mark.parametrize("damage", ["", "{", "[1]", "\x00\x01", '"words"', "[" * 100_000])
def test_a_damaged_file_never_blocks_the_start(damage: str) -> None:
    preferences_file().parent.mkdir(parents=True)
    preferences_file().write_text(damage, encoding="utf-8")
    assert load_preferences() == Preferences()


def test_a_bad_field_is_lost_and_the_rest_kept() -> None:
    save_preferences(Preferences("dark", False, b"g", Layout(b"d")))
    data = json.loads(preferences_file().read_text(encoding="utf-8"))
    data.update(mode="purple", geometry="not base64!", quiet="very")
    preferences_file().write_text(json.dumps(data), encoding="utf-8")
    assert load_preferences() == Preferences("system", False, b"", Layout(b"d"))


def test_a_layout_of_another_version_is_left_behind() -> None:
    save_preferences(Preferences("dark", True, b"g", Layout(b"d")))
    data = json.loads(preferences_file().read_text(encoding="utf-8"))
    data["layout_version"] = 0
    preferences_file().write_text(json.dumps(data), encoding="utf-8")
    assert load_preferences() == Preferences("dark", True)


def test_a_folder_that_cannot_be_written_is_only_noted(caplog: pytest.LogCaptureFixture) -> None:
    preferences_file().parent.parent.mkdir(parents=True, exist_ok=True)
    preferences_file().parent.write_text("a file where the folder should be", encoding="utf-8")
    save_preferences(Preferences())
    assert "cannot be saved" in caplog.text


@pytest.mark.parametrize("docks", ["AAAA", None, {"run": 3, "question": "not base64!"}])
def test_a_bad_layout_is_lost_and_the_rest_kept(docks: object) -> None:
    save_preferences(Preferences("dark", False, b"g", Layout(b"d")))
    data = json.loads(preferences_file().read_text(encoding="utf-8"))
    data["docks"] = docks
    preferences_file().write_text(json.dumps(data), encoding="utf-8")
    assert load_preferences() == Preferences("dark", False, b"g")
