"""Where things live on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "atu-gui"


def data_folder() -> Path:
    """Runs, the store and the starter kit. `ATU_DATA` overrides the platform's place."""
    override = os.environ.get("ATU_DATA")
    return Path(override) if override else Path(platformdirs.user_data_dir(_APP, appauthor=False))


def cache_folder() -> Path:
    """Things that can be computed again. `ATU_CACHE` overrides the platform's place."""
    override = os.environ.get("ATU_CACHE")
    return Path(override) if override else Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def config_folder() -> Path:
    """Settings of the window. `ATU_CONFIG` overrides the platform's place."""
    override = os.environ.get("ATU_CONFIG")
    return Path(override) if override else Path(platformdirs.user_config_dir(_APP, appauthor=False))


def log_folder() -> Path:
    """The program's log, and notes of crashes. `ATU_DATA` moves it along."""
    override = os.environ.get("ATU_DATA")
    return Path(override) / "log" if override else Path(platformdirs.user_log_dir(_APP, appauthor=False))


def runs_folder() -> Path:
    """One folder per run, unless the user names another."""
    return data_folder() / "runs"


def store_file() -> Path:
    """The SQLite database of all runs."""
    return data_folder() / "atu.sqlite3"


def starter_folder() -> Path:
    """The starter kit: `model/` and `encoder/`, each complete or absent."""
    return data_folder() / "starter"


def starter_model() -> Path:
    """The starter's language model as safetensors."""
    return starter_folder() / "model"


def starter_encoder() -> Path:
    """The starter's text encoder."""
    return starter_folder() / "encoder"


def starter_ready() -> bool:
    """Whether both halves of the starter kit are in place (each folder is moved there only when complete)."""
    return (starter_model() / "config.json").is_file() and (starter_encoder() / "modules.json").is_file()


def paces_file() -> Path:
    """What the steps of runs took on this machine."""
    return cache_folder() / "paces.json"


def resource(*parts: str) -> Path:
    """A file below `resources/`, in the wheel (`atu_gui/resources`) or in a checkout."""
    package = Path(__file__).resolve().parent.parent
    packed = package / "resources"
    root = packed if packed.is_dir() else package.parent / "resources"
    return root.joinpath(*parts)
