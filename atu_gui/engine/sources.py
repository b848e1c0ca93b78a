"""From what the user named – the starter, a folder, a GGUF file, a hub id – to checked files on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from atu_gui.core import paths
from atu_gui.core.config import STARTER, ModelConfig
from atu_gui.core.errors import ModelError
from atu_gui.core.events import Progress
from atu_gui.core.network import SWITCH_ON
from atu_gui.engine.download import check_snapshot
from atu_gui.engine.gguf_files import check_gguf
from atu_gui.engine.hub import HubProblem, Listing, cached_snapshot, fetch_snapshot, list_files
from atu_gui.engine.model_folders import check_encoder, check_language_model, is_wanted

AUTO = "auto"
STARTER_MODEL = "SmolLM2-135M-Instruct"
STARTER_ENCODER = "all-MiniLM-L6-v2"
PAPER_ENCODER = "sentence-transformers/all-mpnet-base-v2"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_NO_STARTER = "Run “atu starter”, or press “Get the starter kit” in the window."


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Checked files of one model.

    Attributes:
        name: Name for the screen.
        folder: Where they lie.
        gguf: Name of the GGUF file within it; empty for safetensors.
    """

    name: str
    folder: Path
    gguf: str = ""


def find_language_model(config: ModelConfig) -> Generator[Progress, None, ModelFiles]:
    """The files of the language model, brought from the hub if need be.

    Raises:
        ModelError: Unknown, out of reach, unsafe, damaged or no causal language model.
    """
    found = local_language_model(config)
    if found is not None:
        return found
    source = config.source.strip()
    check = _model_check(config)
    folder = yield from _from_hub(source, check, "model", config.allow_pickle, config.allow_remote_code)
    return ModelFiles(_hub_name(source), folder)


def find_encoder(source: str, model_source: str) -> Generator[Progress, None, ModelFiles]:
    """The files of the text encoder; “auto” is the starter's for the starter model, else the paper's.

    Raises:
        ModelError: Unknown, out of reach, unsafe, damaged or no text encoder.
    """
    found = local_encoder(source, model_source)
    if found is not None:
        return found
    source = _encoder_source(source, model_source)
    folder = yield from _from_hub(source, check_encoder, "encoder", pickles=False, code=False)
    return ModelFiles(_hub_name(source), folder)


def local_language_model(config: ModelConfig) -> ModelFiles | None:
    """The files of the language model as they lie on this machine; None where the hub would have to bring them.

    Raises:
        ModelError: Unknown, unsafe, damaged or no causal language model.
    """
    source = config.source.strip()
    check = _model_check(config)
    if source == STARTER:
        return _starter(paths.starter_model(), STARTER_MODEL, "config.json", check)
    path = paths.expanded(source)
    if path.is_file():
        if path.suffix.lower() != ".gguf":
            raise ModelError(f"{path} is no model.", "Choose a folder with safetensors, or a GGUF file.")
        return ModelFiles(check_gguf(path), path.parent, path.name)
    return _local_folder(source, check, "model")


def local_encoder(source: str, model_source: str) -> ModelFiles | None:
    """The files of the text encoder as they lie on this machine; None where the hub would have to bring them.

    Raises:
        ModelError: Unknown, unsafe, damaged or no text encoder.
    """
    source = _encoder_source(source, model_source)
    if source == STARTER:
        return _starter(paths.starter_encoder(), STARTER_ENCODER, "modules.json", check_encoder)
    return _local_folder(source, check_encoder, "encoder")


def model_name(config: ModelConfig) -> str:
    """Name for the screen of a language model that is yet to be fetched."""
    return _hub_name(config.source.strip())


def encoder_name(source: str, model_source: str) -> str:
    """Name for the screen of an encoder that is yet to be fetched."""
    return _hub_name(_encoder_source(source, model_source))


def _encoder_source(source: str, model_source: str) -> str:
    source = source.strip()
    if source == AUTO:
        return STARTER if model_source.strip() == STARTER else PAPER_ENCODER
    return source


def _model_check(config: ModelConfig) -> Callable[[Path], None]:
    return partial(check_language_model, allow_pickle=config.allow_pickle, allow_remote_code=config.allow_remote_code)


def _hub_name(repo: str) -> str:
    return repo.rpartition("/")[2]


def _starter(folder: Path, name: str, sign: str, check: Callable[[Path], None]) -> ModelFiles:
    if not (folder / sign).is_file():
        raise ModelError(f"{name}, a part of the starter kit, is not on this machine.", _NO_STARTER)
    check(folder)
    return ModelFiles(name, folder)


def _local_folder(source: str, check: Callable[[Path], None], what: str) -> ModelFiles | None:
    path = paths.expanded(source)
    if not source:
        raise ModelError(f"No {what} is named.", "Give “starter”, a hub id or a folder.")
    if path.is_dir():
        check(path)
        return ModelFiles(path.resolve().name, path)
    if path.is_file():
        raise ModelError(f"{path} is a file, but an {what} is a folder.", "Choose the folder that it lies in.")
    if not _HUB_ID.fullmatch(source) or source.startswith("."):
        raise ModelError(f"There is no folder or file {path}.", "Check the path.")
    # A whole copy in the cache is taken as it is: it needs no network, and runs stay comparable.
    cached = cached_snapshot(source)
    return ModelFiles(_hub_name(source), cached) if cached is not None and _is_whole(cached, check) else None


def _from_hub(
    repo: str, check: Callable[[Path], None], what: str, pickles: bool, code: bool
) -> Generator[Progress, None, Path]:
    try:
        listing = yield from list_files(repo)
        wanted = _wanted(listing, what, pickles, code)
        folder = yield from fetch_snapshot(listing, wanted)
        yield from check_snapshot(listing, wanted, folder)
    except HubProblem as problem:
        raise _hub_error(repo, what, problem) from None
    check(folder)
    return folder


def _is_whole(folder: Path, check: Callable[[Path], None]) -> bool:
    try:
        check(folder)
    except ModelError:
        return False
    return True


def _wanted(listing: Listing, what: str, pickles: bool, code: bool) -> list[str]:
    """Refuse what cannot be used before bringing gigabytes of it.

    Raises:
        ModelError: The repository has no weights in a safe format.
    """
    wanted = [file.path for file in listing.files if is_wanted(file.path, code=code)]
    if any(name.endswith(".safetensors") for name in wanted):
        return wanted
    suffixes = {PurePosixPath(file.path).suffix for file in listing.files}
    if pickles and ".bin" in suffixes:
        return [file.path for file in listing.files if is_wanted(file.path, pickles=True, code=code)]
    if ".gguf" in suffixes:
        raise ModelError(
            f"{listing.repo} on the hub holds GGUF files only.", "Download one of them and name the file itself."
        )
    if suffixes & {".bin", ".pt", ".pth"}:
        hint = (
            "Switch “Allow pickle weights” on only if you trust it." if what == "model" else "Choose another encoder."
        )
        raise ModelError(f"{listing.repo} on the hub stores its weights as pickle, which can run any program.", hint)
    raise ModelError(f"{listing.repo} on the hub holds no weights.", f"Choose another {what}.")


def _hub_error(repo: str, what: str, problem: HubProblem) -> ModelError:
    if problem.kind == "gated":
        return ModelError(
            f"{repo} is gated: {problem}.",
            "Ask for access on its page, then keep your token (File, “Hub token…”, or “hf auth login”) and try again.",
        )
    if problem.kind == "unknown":
        return ModelError(
            f"There is no folder {repo}, and {problem}.",
            "Check the spelling; a private model needs your token (File, “Hub token…”, or “hf auth login”).",
        )
    if problem.kind == "failed":
        return ModelError(f"{repo} could not be brought from the hub: {problem}.", "Try again later.")
    alternative = "a local folder" if what == "model" else "“starter” or a local folder"
    return ModelError(
        f"There is no folder {repo}, it is not in the hub cache, and {problem}.",
        f"{SWITCH_ON if problem.kind == 'offline' else 'Check the name and the network'}, or choose {alternative}.",
    )
