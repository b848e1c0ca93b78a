"""The set-up as it was left: model, concepts, texts, packs, schedule, settings. A bad part costs only itself."""

from __future__ import annotations

import itertools
import json
import logging
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from atu_gui.core import paths
from atu_gui.core.config import RunConfig
from atu_gui.core.files import write_whole

_LOG = logging.getLogger(__name__)
_FILE = "setup.json"
# The folder belongs to one run, and so does its name.
_MOST_SMALL_PARTS = 50
_OF_ONE_RUN = {"out", "name"}


def setup_file() -> Path:
    """Where it is kept."""
    return paths.config_folder() / _FILE


def save_setup(config: RunConfig) -> None:
    """Keep it; a folder that cannot be written is noted in the log and costs nothing else."""
    target = setup_file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, config.model_dump_json(indent=2, exclude=_OF_ONE_RUN))
    except OSError as error:
        _LOG.warning("The set-up cannot be kept: %s", error)


def load_setup() -> RunConfig | None:
    """What was kept, without what does not fit any more; None where there is nothing."""
    try:
        data = json.loads(setup_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        _LOG.warning("The kept set-up cannot be read and starts anew: %s", error)
        return None
    return _as_far_as_it_fits(data) if isinstance(data, dict) else None


def _as_far_as_it_fits(data: dict[str, Any]) -> RunConfig | None:
    """Each fault takes out the smallest part that holds it, until the rest is a config."""
    for taken in itertools.count():
        try:
            return RunConfig.model_validate(data)
        except (ValidationError, RecursionError) as error:
            if isinstance(error, RecursionError):
                return None
            # One at a time: taking one out of a list moves the places of the others. After many, whole settings go.
            place = error.errors()[0]["loc"]
            if not _take_out(data, place if taken < _MOST_SMALL_PARTS else place[:1]):
                return None
    return None


def _take_out(data: dict[str, Any], place: tuple[int | str, ...]) -> bool:
    """Remove the deepest part on the way to a place; whether there was one."""
    way: list[tuple[Any, int | str]] = []
    part: Any = data
    for key in place:
        inside = key in part if isinstance(part, dict) else isinstance(part, list) and key in range(len(part))
        if not inside:
            break
        way.append((part, key))
        part = part[key]
    if not way:
        return False
    holder, key = way[-1]
    del holder[key]
    return True
