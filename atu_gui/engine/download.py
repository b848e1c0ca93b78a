"""Files of a hub repository brought straight into a folder: in part, resumed, checked.

The hub's own library starts a broken download again from the beginning; half a gigabyte is worth a Range header.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from huggingface_hub import get_session, hf_hub_url
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
from atu_gui.core.hub_token import kept_token
from atu_gui.engine.background import Pace, in_background
from atu_gui.engine.files import file_sha256
from atu_gui.engine.hub import TIMEOUT, HubFile, HubProblem, Listing, endpoint, problem_of, refuse_offline

_PART = ".part"


def download_files(
    listing: Listing, files: Sequence[HubFile], folder: Path, cancelled: Callable[[], bool]
) -> Generator[Progress, None, None]:
    """Bring files into `folder`; what is there in part goes on from where it stopped.

    Raises:
        HubProblem: Out of reach, or a file that is not what the hub says it is (it is removed).
        Cancelled: `cancelled` said so; what came so far stays.
    """
    refuse_offline()
    total = sum(file.size for file in files)
    pace = Pace("download", f"Downloading {listing.repo}")

    def come() -> int:
        return sum(_size(folder, file) for file in files)

    def work(stop: threading.Event) -> None:
        for file in files:
            _bring(listing, file, folder, stop)

    try:
        yield from in_background(work, lambda: pace.progress(come(), total), cancelled)
    except (Cancelled, HubProblem):
        raise
    except Exception as error:
        raise problem_of(error) from None


def check_snapshot(listing: Listing, paths: Sequence[str], folder: Path) -> Generator[Progress, None, None]:
    """Compare files that the hub's library brought with what the hub says of them; it looks at sizes alone.

    Raises:
        HubProblem: A file is not what the hub says it is (it is removed, so that a next try brings it again).
    """
    wanted = set(paths)
    checking = Progress("load", f"Checking {listing.repo}", 0, 1)

    def work(stop: threading.Event) -> None:
        for file in listing.files:
            if file.path in wanted:
                # In the cache a name is a link to the content; removed is what it leads to.
                _verify(file, Path(os.path.realpath(folder / file.path)), stop)

    try:
        yield from in_background(work, lambda: checking)
    except OSError as error:
        raise problem_of(error) from None


def _bring(listing: Listing, file: HubFile, folder: Path, stop: threading.Event) -> None:
    path = folder / file.path
    if path.is_file() and path.stat().st_size == file.size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + _PART)
    have = part.stat().st_size if part.is_file() else 0
    if have > file.size:
        part.unlink()
        have = 0
    if have < file.size or not file.size:
        _stream(listing, file, part, have, stop)
    _verify(file, part, stop)
    part.replace(path)


def _stream(listing: Listing, file: HubFile, part: Path, have: int, stop: threading.Event) -> None:
    headers = {**build_hf_headers(token=kept_token()), "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    url = hf_hub_url(listing.repo, file.path, revision=listing.revision, endpoint=endpoint())
    with get_session().stream("GET", url, headers=headers, follow_redirects=True, timeout=2 * TIMEOUT) as response:
        if response.status_code >= 400:
            raise HubProblem("failed", f"the hub answered with an error ({response.status_code}) for {file.path}")
        # A server that does not know ranges sends everything again.
        mode = "ab" if response.status_code == 206 else "wb"
        # Unbuffered: a thread that was told to stop must not flush into a file that a new try goes on with.
        with part.open(mode, buffering=0) as sink:
            for chunk in response.iter_bytes():
                if stop.is_set():
                    raise Cancelled
                sink.write(chunk)


def _verify(file: HubFile, part: Path, stop: threading.Event) -> None:
    size = part.stat().st_size
    if size < file.size:
        raise HubProblem("failed", f"the connection broke off within {file.path}")
    wrong = size != file.size
    if not wrong and file.sha256:
        wrong = file_sha256(part, stop) != file.sha256
    elif not wrong and file.git_sha1:
        # Small files are named by git: SHA-1 over a header and the content.
        content = part.read_bytes()
        wrong = hashlib.sha1(b"blob %d\0" % size + content, usedforsecurity=False).hexdigest() != file.git_sha1
    if wrong:
        part.unlink()
        raise HubProblem("failed", f"{file.path} arrived damaged (its checksum differs)")


def _size(folder: Path, file: HubFile) -> int:
    path = folder / file.path
    for candidate in (path, path.with_name(path.name + _PART)):
        try:
            return candidate.stat().st_size
        except OSError:
            continue
    return 0
