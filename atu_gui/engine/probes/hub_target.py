"""RWKU targets from the hub: the data set holds the very folders that `target` reads.

Only the files that are asked for are brought. A target that lies in the hub cache is taken as it is: it needs no
network, and evaluations stay comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from atu_gui.core.errors import DownloadError, InputError
from atu_gui.core.events import Progress
from atu_gui.core.network import SWITCH_ON
from atu_gui.engine.hub import HubProblem, cached_data, fetch_data, list_data

REPO = "jinzhuoran/RWKU"
_TARGETS = "Target"


def fetch_target(name: str, files: Sequence[str], cancelled: Callable[[], bool]) -> Generator[Progress, None, Path]:
    """The folder of a target, by its number and name or its name alone, with those of some files that RWKU has of it.

    Raises:
        InputError: RWKU has no such target.
        DownloadError: The hub is out of reach or switched off.
        Cancelled: `cancelled` said so.
    """
    cached = _cached(name, files)
    if cached is not None:
        return cached
    try:
        there = yield from list_data(REPO, cancelled)
        names = sorted({path.split("/")[1] for path in there if path.startswith(f"{_TARGETS}/")})
        found = _find(name, names)
        if found is None:
            close = get_close_matches(_plain(name), [_plain(one) for one in names], n=3)
            hint = f"Did you mean {', '.join(close)}?" if close else "They are called like 1_Stephen_King."
            raise InputError(f"RWKU on the hub has no target “{name}”.", hint)
        place = f"{_TARGETS}/{found}"
        wanted = [path for file in files if (path := f"{place}/{file}") in there]
        if not wanted:
            raise InputError(f"RWKU on the hub has none of the files asked for of {found}.", "Ask for other parts.")
        folder = yield from fetch_data(REPO, wanted, f"{found} of RWKU", cancelled)
    except HubProblem as problem:
        reason = "the hub has no such data set any more" if problem.kind == "unknown" else str(problem)
        raise DownloadError(
            f"“{name}” of RWKU is not in the hub cache, and {reason}.",
            f"{SWITCH_ON if problem.kind == 'offline' else 'Check the network'}, or name a folder on this machine.",
        ) from None
    return folder / place


def _cached(name: str, files: Sequence[str]) -> Path | None:
    folder = cached_data(REPO)
    if folder is None or not (folder / _TARGETS).is_dir():
        return None
    found = _find(name, (path.name for path in (folder / _TARGETS).iterdir()))
    target = folder / _TARGETS / found if found else None
    return target if target is not None and all((target / file).is_file() for file in files) else None


def _find(name: str, names: Iterable[str]) -> str | None:
    """The one of some folder names that is meant."""
    wanted = name.strip().replace(" ", "_").casefold()
    return next((one for one in names if wanted in (one.casefold(), _plain(one).casefold())), None)


def _plain(name: str) -> str:
    """A folder's name without its number."""
    number, mark, rest = name.partition("_")
    return rest if mark and number.isdigit() else name
