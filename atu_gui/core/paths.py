"""Where things live on this machine."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from atu_gui.core.errors import InputError, OutputError

_APP = "atu-gui"
_LONGEST_SHOWN = 300


def data_folder() -> Path:
    """Runs, the store and the starter kit. `ATU_DATA` overrides the platform's place."""
    return _place("ATU_DATA", platformdirs.user_data_dir)


def cache_folder() -> Path:
    """Things that can be computed again. `ATU_CACHE` overrides the platform's place."""
    return _place("ATU_CACHE", platformdirs.user_cache_dir)


def config_folder() -> Path:
    """Settings of the window. `ATU_CONFIG` overrides the platform's place."""
    return _place("ATU_CONFIG", platformdirs.user_config_dir)


def log_folder() -> Path:
    """The program's log, and notes of crashes. `ATU_DATA` moves it along; without any home nothing can be kept."""
    if os.environ.get("ATU_DATA"):
        return data_folder() / "log"
    try:
        return _place("", platformdirs.user_log_dir)
    except OutputError:
        return Path(os.devnull)


def expanded(path: str | Path) -> Path:
    """A path that the user wrote, with `~` spelt out; `~name` of somebody unknown is a name like any other.

    Raises:
        InputError: It can be no path on this system.
    """
    try:
        whole = Path(path).expanduser()
    except RuntimeError:
        whole = Path(path)
    try:
        whole.stat()
    except ValueError:
        raise InputError(f"“{shown(path)}” is no path.", "Check the path.") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(f"“{shown(path)}” is no path: {error.strerror}.", "Check the path.") from None
    return whole


def shown(path: str | Path) -> str:
    """The path as far as it can be printed, and read."""
    words = str(path).encode("utf-8", "replace").decode().replace("\0", "?")
    return words if len(words) <= _LONGEST_SHOWN else f"{words[:_LONGEST_SHOWN]}…"


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


def _place(override: str, find: Callable[..., str]) -> Path:
    """A folder of the program.

    Raises:
        OutputError: The account has no home, as in some containers.
    """
    named = os.environ.get(override)
    if named:
        return Path(named)
    try:
        return Path(find(_APP, appauthor=False))
    except RuntimeError:
        raise OutputError(
            "This account has no home folder.", "Set HOME, or ATU_DATA, ATU_CACHE and ATU_CONFIG, to folders."
        ) from None
