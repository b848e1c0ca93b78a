"""Whether the network may be used: one switch, which the hub, the package index and every library obey.

It is the environment's `HF_HUB_OFFLINE`, because libraries and child processes read that as well; what the user chose
in the window is kept in a file and put there on start.
"""

from __future__ import annotations

import json
import logging
import os

from atu_gui.core import paths
from atu_gui.core.files import write_whole

SWITCHED_OFF = "the network is switched off (“Work offline” in the window, --offline, or HF_HUB_OFFLINE)"
SWITCH_ON = "Switch “Work offline” off"
_LOG = logging.getLogger(__name__)
_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_YES = {"1", "ON", "YES", "TRUE"}
_FILE = "network.json"


def is_offline() -> bool:
    """Whether the network must not be used."""
    return any(os.environ.get(name, "").upper() in _YES for name in _VARIABLES)


def go_offline(offline: bool) -> None:
    """Forbid the network to this process and its children, or allow it again."""
    for name in _VARIABLES:
        if offline:
            os.environ[name] = "1"
        else:
            os.environ.pop(name, None)


def begin(*, offline: bool = False) -> None:
    """At the start of the program: what was kept holds, and so does what the command line says."""
    # Nothing but what was asked for is sent: no figures about use either.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    if offline or stays_offline():
        go_offline(True)


def stays_offline() -> bool:
    """Whether the user chose to work offline; a damaged file chooses nothing."""
    try:
        data = json.loads((paths.config_folder() / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("offline") is True


def keep_offline(offline: bool) -> None:
    """Keep the choice for later starts; a folder that cannot be written is noted in the log."""
    target = paths.config_folder() / _FILE
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, json.dumps({"offline": offline}))
    except OSError as error:
        _LOG.warning("The choice to work offline cannot be kept: %s", error)
