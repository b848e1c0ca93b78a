"""The report that a user can copy: versions, machine, settings, the end of the log, the last crash.

No texts, no tokens, no names of concepts, and the home folder as ~.
"""

from __future__ import annotations

import os
import platform
import time
from typing import Any

from atu_gui.core import paths
from atu_gui.core.config import RunConfig
from atu_gui.core.crashes import last_note
from atu_gui.core.errors import InputError
from atu_gui.core.logbook import last_lines
from atu_gui.core.machine import Machine
from atu_gui.core.redaction import redacted
from atu_gui.core.versions import versions

_LINES = 80
# Settings whose words the program gave; others may be the user's.
_OWN_WORDS = {"device", "dtype", "recipe", "kind", "optimizer", "recompute", "compile", "action"}
_SWITCHES = (
    "QT_QPA_PLATFORM", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
    "PYTORCH_CUDA_ALLOC_CONF",
)  # fmt: skip


def report(config: RunConfig | None, *, window: str = "") -> str:
    """All that helps to find a fault, as plain text.

    Args:
        config: The set-up; None where it is not known.
        window: What the window knows of itself: Qt's version, platform, page and phase.
    """
    folder = paths.log_folder()
    note = last_note(folder)
    parts = {
        "atu-gui, a report of a fault": f"{time.strftime('%Y-%m-%d %H:%M:%S %z')}",
        "Versions": _lines(versions(("PySide6-Essentials", "pyqtgraph", "huggingface-hub", "safetensors", "numpy"))),
        "Machine": "\n".join(_machine()),
        "Window": window,
        "Environment": _lines({name: os.environ[name] for name in _SWITCHES if name in os.environ}),
        "Folders": _lines({"data": paths.data_folder(), "cache": paths.cache_folder(), "log": folder}),
        "Set-up": "" if config is None else textless_settings(config),
        "Last crash": "" if note is None else f"{time.strftime('%F %T', time.localtime(note.died))}\n{note.words}",
        "End of the log": "\n".join(last_lines(folder, _LINES)),
    }
    words = "\n\n".join(f"{title}\n{'-' * len(title)}\n{body}" for title, body in parts.items() if body)
    return redacted(words) + "\n"


def textless_settings(config: RunConfig) -> str:
    """What differs from the defaults, one setting a line; of words only those that are the program's own."""
    told: dict[str, str] = {"concepts": str(len(config.concepts)), "model": _source(config.model.source)}
    told["encoder"] = _source(config.encoder)
    _collect("", config.model_dump(mode="json", exclude_defaults=True), told)
    return _lines(told)


def _collect(place: str, value: Any, told: dict[str, str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _collect(f"{place}.{name}".lstrip("."), inner, told)
    elif place in told:
        pass
    elif isinstance(value, list):
        numbers = all(isinstance(one, int | float) for one in value)
        told[place] = str(value) if numbers else f"{len(value)} given"
    elif isinstance(value, str):
        own = place.rpartition(".")[2] in _OWN_WORDS
        told[place] = value if own else "given"
    else:
        told[place] = str(value)


def _source(source: str) -> str:
    """A model by its hub id; of a path only that it is one."""
    try:
        path = paths.expanded(source)
    except InputError:
        return "no name of a model"
    return "a file or folder" if path.is_absolute() or path.exists() else source


def _machine() -> list[str]:
    system = f"{platform.platform()}, {platform.machine()}"
    return [system, *(reading.sentence for reading in Machine().read())]


def _lines(facts: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items())
