"""The model hub: what is in its cache, what a repository holds, and bringing it into the cache.

Every failure is a `HubProblem` whose text is a reason in words.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from tqdm.std import tqdm  # type: ignore[import-untyped, unused-ignore]

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
from atu_gui.core.hub_token import kept_token
from atu_gui.core.network import SWITCHED_OFF, is_offline
from atu_gui.engine.background import Pace, in_background, never
from atu_gui.engine.quiet import quiet

TIMEOUT = 5.0


class HubProblem(Exception):  # noqa: N818 - a reason on its way into an error
    """Why the hub could not help.

    Attributes:
        kind: "unreachable", "offline", "unknown", "gated" or "failed".
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository; `sha256` is known for large files, `git_sha1` for small ones."""

    path: str
    size: int
    sha256: str = ""
    git_sha1: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository holds at one commit."""

    repo: str
    revision: str
    files: tuple[HubFile, ...]


def refuse_offline() -> None:
    """Go no further where the user forbade the network.

    Raises:
        HubProblem: Of the kind "offline".
    """
    # The hub's library looked at the environment when it was imported; the switch may have been moved since.
    constants.HF_HUB_OFFLINE = is_offline()
    if is_offline():
        raise HubProblem("offline", SWITCHED_OFF)


def endpoint() -> str:
    """Address of the hub; HF_ENDPOINT names another."""
    return os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")


def cached_snapshot(repo: str) -> Path | None:
    """The folder of a repository in the hub cache, whole or not; None where there is none."""
    try:
        with quiet():
            return Path(snapshot_download(repo, local_files_only=True, allow_patterns=["config.json", "modules.json"]))
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError):
        return None


def list_files(repo: str, cancelled: Callable[[], bool] = never) -> Generator[Progress, None, Listing]:
    """Ask the hub what a repository holds; fails within seconds where there is no hub.

    Raises:
        HubProblem: Offline, out of reach, unknown or gated.
        Cancelled: `cancelled` said so.
    """
    info = yield from _asked(repo, lambda: _api().model_info(repo, files_metadata=True, timeout=TIMEOUT), cancelled)
    files = tuple(
        HubFile(file.rfilename, int(file.size or 0), file.lfs.sha256, "")
        if file.lfs
        else HubFile(file.rfilename, int(file.size or 0), "", str(file.blob_id or ""))
        for file in info.siblings or ()
    )
    return Listing(repo, str(info.sha or "main"), files)


def cached_data(repo: str) -> Path | None:
    """The folder of a data set in the hub cache, most likely in part; None where there is none."""
    try:
        with quiet():
            return Path(snapshot_download(repo, repo_type="dataset", local_files_only=True))
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None


def list_data(repo: str, cancelled: Callable[[], bool] = never) -> Generator[Progress, None, tuple[str, ...]]:
    """Paths of all files of a data set on the hub; fails within seconds where there is no hub.

    Raises:
        HubProblem: Offline, out of reach, unknown or gated.
        Cancelled: `cancelled` said so.
    """
    info = yield from _asked(repo, lambda: _api().dataset_info(repo, timeout=TIMEOUT), cancelled)
    return tuple(file.rfilename for file in info.siblings or ())


def _api() -> HfApi:
    """Made on the thread that asks: a keyring may wait for its owner."""
    return HfApi(endpoint=endpoint(), token=kept_token())


def _asked(repo: str, question: Callable[[], Any], cancelled: Callable[[], bool]) -> Generator[Progress, None, Any]:
    refuse_offline()
    waiting = Progress("download", f"Asking the hub for {repo}", 0, 1)
    try:
        return (yield from in_background(lambda _stop: question(), lambda: waiting, cancelled))
    except Cancelled:
        raise
    except Exception as error:
        raise problem_of(error) from None


def fetch_data(
    repo: str, paths: Sequence[str], what: str, cancelled: Callable[[], bool] = never
) -> Generator[Progress, None, Path]:
    """Bring some files of a data set, all of one commit, into the hub cache; returns the data set's folder there.

    Raises:
        HubProblem: Gated, out of reach, or no space left.
        Cancelled: `cancelled` said so; files that have come stay.
    """
    refuse_offline()
    come: list[Path] = []

    def fetch(stop: threading.Event) -> Path:
        revision, token = None, kept_token()
        for path in paths:
            if stop.is_set():
                raise Cancelled
            with quiet():
                file = hf_hub_download(
                    repo,
                    path,
                    repo_type="dataset",
                    revision=revision,
                    endpoint=endpoint(),
                    etag_timeout=TIMEOUT,
                    token=token,
                )
            come.append(Path(file).parents[path.count("/")])
            # In the cache the folder of a commit is called by it.
            revision = come[0].name
        return come[0]

    def report() -> Progress:
        return Progress("download", f"Downloading {what}", len(come), len(paths), "files")

    try:
        return (yield from in_background(fetch, report, cancelled))
    except Cancelled:
        raise
    except Exception as error:
        raise problem_of(error) from None


def fetch_snapshot(listing: Listing, paths: list[str]) -> Generator[Progress, None, Path]:
    """Bring some files of a repository into the hub cache; closing the generator ends it.

    Raises:
        HubProblem: Gated, out of reach, or no space left.
    """
    refuse_offline()
    total = sum(file.size for file in listing.files if file.path in set(paths))
    counter = _Counter()
    pace = Pace("load", f"Downloading {listing.repo}")

    def fetch(stop: threading.Event) -> str:
        with quiet():
            return snapshot_download(
                listing.repo,
                # By branch, not by commit: only so does the cache know next time what the newest is.
                allow_patterns=paths,
                endpoint=endpoint(),
                etag_timeout=TIMEOUT,
                token=kept_token(),
                max_workers=4,
                tqdm_class=counter.bar(stop),
            )

    try:
        folder = yield from in_background(fetch, lambda: pace.progress(min(counter.bytes, total), total))
    except Exception as error:
        raise problem_of(error) from None
    return Path(folder)


class _Counter:
    """Counts the bytes that a download reports to its progress bars."""

    def __init__(self) -> None:
        self.bytes = 0.0

    def bar(self, stop: threading.Event) -> Any:
        """A class of progress bars that report here."""
        counter = self

        class Bar(tqdm):  # type: ignore[misc, type-arg, unused-ignore]
            """A progress bar that is never drawn and ends the download once the work is given up."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                self.counts = str(kwargs.get("desc", "")).startswith("Reconstructing")
                super().__init__(*args, **{**kwargs, "disable": True})

            def update(self, n: float | None = 1) -> None:
                if stop.is_set():
                    raise Cancelled
                if self.counts:
                    counter.bytes += n or 0
                super().update(n)

        return Bar


def problem_of(error: Exception) -> HubProblem:
    """What the hub's library raised, as a reason in words."""
    if isinstance(error, LocalEntryNotFoundError):
        # Its own sentence is about the cache; why the hub did not help stands behind it.
        if isinstance(error.__cause__, Exception):
            return problem_of(error.__cause__)
        return HubProblem("failed", "the hub stopped answering")
    if isinstance(error, GatedRepoError):
        return HubProblem("gated", "its owner wants you to ask for access first")
    if isinstance(error, RepositoryNotFoundError):
        return HubProblem("unknown", "the hub has no such model, or it is private")
    if isinstance(error, HFValidationError):
        return HubProblem("unknown", "this is no name of a model on the hub")
    if isinstance(error, OfflineModeIsEnabled):
        return HubProblem("offline", SWITCHED_OFF)
    if isinstance(error, HfHubHTTPError):
        return HubProblem("failed", f"the hub answered with an error ({error.response.status_code})")
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return HubProblem("failed", f"{error.strerror[:1].lower()}{error.strerror[1:]}")
    return HubProblem("unreachable", f"the hub cannot be reached ({type(error).__name__})")
