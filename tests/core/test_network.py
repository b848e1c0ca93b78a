"""The switch for the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.core import network, paths


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        # Set first, so that whatever the test leaves is taken away again.
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("yes", True), ("True", True), ("0", False), ("", False)])
@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_the_environment_is_obeyed(monkeypatch: pytest.MonkeyPatch, name: str, value: str, offline: bool) -> None:
    monkeypatch.setenv(name, value)
    assert network.is_offline() is offline


def test_the_switch_goes_both_ways() -> None:
    network.go_offline(True)
    assert network.is_offline()
    network.go_offline(False)
    assert not network.is_offline()


def test_what_was_kept_holds_on_the_next_start() -> None:
    network.begin()
    assert not network.is_offline()
    network.keep_offline(True)
    network.begin()
    assert network.is_offline()


def test_the_command_line_keeps_nothing() -> None:
    network.begin(offline=True)
    assert network.is_offline() and not network.stays_offline()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"offline": 1}', "\x00"])
def test_a_damaged_file_chooses_nothing(content: str) -> None:
    paths.config_folder().mkdir(parents=True)
    (paths.config_folder() / "network.json").write_text(content, encoding="utf-8")
    assert not network.stays_offline()


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("ATU_CONFIG", str(tmp_path / "file" / "config"))
    network.keep_offline(True)
    assert not network.stays_offline()
