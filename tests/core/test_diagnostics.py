"""The report: what it says, and what it must not say."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import atu_gui
from atu_gui.core import paths
from atu_gui.core.black_box import BlackBox
from atu_gui.core.config import RunConfig, parse_config
from atu_gui.core.diagnostics import report, textless_settings

TOKEN = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz0123"


def _config(tmp_path: Path) -> RunConfig:
    return parse_config(
        {
            "concepts": [{"name": "Leonardo", "aliases": ["Vinci"], "descriptions": ["a painter of Florence"]}],
            "name": "For Leonardo",
            "model": {"source": str(tmp_path / "Leonardo-model"), "dtype": "float32"},
            "encoder": "sentence-transformers/all-mpnet-base-v2",
            "texts": {"concept": [str(tmp_path / "Leonardo.txt")], "neighbours": ["Michelangelo"]},
            "layers": [10, 12],
            "seed": 7,
        }
    )


def test_settings_are_told_without_what_the_user_wrote(tmp_path: Path) -> None:
    told = textless_settings(_config(tmp_path))
    for secret in ("Leonardo", "Vinci", "Florence", "Michelangelo", str(tmp_path)):
        assert secret not in told
    for line in (
        "concepts: 1",
        "model: a file or folder",
        "encoder: sentence-transformers/all-mpnet-base-v2",
        "model.dtype: float32",
        "layers: [10, 12]",
        "seed: 7",
        "texts.neighbours: 1 given",
    ):
        assert line in told.splitlines(), told


def test_the_report_has_all_parts_and_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "ada"
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setenv("ATU_DATA", str(home / "data"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    (home / "data" / "log").mkdir(parents=True)
    (home / "data" / "log" / "crash-1000-1.txt").write_text(f'Fatal error\n File "{home}/x.py"', encoding="utf-8")
    with BlackBox(paths.log_folder(), "a test"):
        logging.getLogger("atu_gui.test").error("Sent with %s.", TOKEN)
        words = report(_config(tmp_path), window="Qt 6, offscreen")
    assert TOKEN not in words and "Leonardo" not in words and str(home) not in words
    for part in (
        f"atu-gui: {atu_gui.__version__}",
        "Memory: ",
        "Qt 6, offscreen",
        "seed: 7",
        "Fatal error",
        '"~/x.py"',
    ):
        assert part in words
    assert "ERROR atu_gui.test: Sent with [hidden]." in words


def test_a_source_too_long_for_a_path_is_no_error() -> None:
    config = RunConfig.model_validate({"model": {"source": "x" * 5000}})
    assert "no name of a model" in textless_settings(config)
