"""What the window remembers between starts, in one small file. A damaged one costs its bad parts, never the start."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from atu_gui.core import paths
from atu_gui.core.files import write_whole
from atu_gui.ui.theme import MODES, Mode

_LOG = logging.getLogger(__name__)
_FILE = "window.json"
# Raised when docks change, so that an old layout is not forced on new docks.
LAYOUT_VERSION = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """How the docks of either arrangement were left, as Qt's own bytes, and whether the window was narrow then."""

    run: bytes = b""
    question: bytes = b""
    narrow: bool = False


@dataclass(slots=True)
class Preferences:
    """Theme, welcome, quiet mode and layout; `geometry` is Qt's own bytes, empty when unknown."""

    mode: Mode = "system"
    welcome: bool = True
    geometry: bytes = b""
    docks: Layout = Layout()
    quiet: bool = False


def preferences_file() -> Path:
    """Where they are kept."""
    return paths.config_folder() / _FILE


def load_preferences() -> Preferences:
    """What was saved, as far as it can be read."""
    try:
        data = json.loads(preferences_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValueError, RecursionError) as error:
        _LOG.warning("The window's settings cannot be read and start anew: %s", error)
        return Preferences()
    if not isinstance(data, dict):
        return Preferences()
    made = Preferences()
    if data.get("mode") in MODES:
        made.mode = data["mode"]
    if isinstance(data.get("welcome"), bool):
        made.welcome = data["welcome"]
    if isinstance(data.get("quiet"), bool):
        made.quiet = data["quiet"]
    if data.get("layout_version") == LAYOUT_VERSION:
        made.geometry = _bytes(data.get("geometry"))
        made.docks = _layout(data.get("docks"))
    return made


def save_preferences(preferences: Preferences) -> None:
    """Write them; a folder that cannot be written is noted in the log and costs nothing else."""
    docks = preferences.docks
    data = {
        "mode": preferences.mode,
        "welcome": preferences.welcome,
        "quiet": preferences.quiet,
        "layout_version": LAYOUT_VERSION,
        "geometry": _words(preferences.geometry),
        "docks": {"run": _words(docks.run), "question": _words(docks.question), "narrow": docks.narrow},
    }
    target = preferences_file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, json.dumps(data, indent=2))
    except OSError as error:
        _LOG.warning("The window's settings cannot be saved: %s", error)


def _layout(value: object) -> Layout:
    if not isinstance(value, dict):
        return Layout()
    return Layout(_bytes(value.get("run")), _bytes(value.get("question")), value.get("narrow") is True)


def _words(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""
