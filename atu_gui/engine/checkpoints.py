"""Checkpoints: all that a run needs to go on bit for bit, written whole or not at all.

One numbered folder each, in `checkpoints/` of the run: `state.json` and the tensors as safetensors. It is written under
a temporary name, synced and renamed; the last two are kept. What takes the disk's time happens beside the run, on a
thread of its own that touches no weights: the run waits while tensors are copied to the system's cache. A part whose
tensors have not changed since the last checkpoint is linked, not written again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from atu_gui.core.checkpoints import CHECKPOINTS_FOLDER, STATE_FILE, numbers_in
from atu_gui.core.config import RunConfig
from atu_gui.core.control import ControlState
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.records import fits, hints_of, restore
from atu_gui.engine.files import file_sha256, remove, sync
from atu_gui.engine.gate import GateState
from atu_gui.engine.kept_heads import heads_bytes
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.place import Place
from atu_gui.engine.trainer_state import TrainerState

FORMAT = 1
_KEPT = 2
# Two are kept while a third is written; Adam remembers two numbers for each weight.
_COPIES = 9
_PARTIAL = ".part"
# How often a part's tensors have changed, and the way to them.
Parts = Mapping[str, tuple[int, Callable[[], dict[str, Tensor]]]]
_AGAIN = "Start the run again, or branch from its last round."


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """What is no tensor.

    Attributes:
        run_id: The run.
        weights_hash: Of the language model as loaded.
        encoder_hash: Of the encoder.
        recorded: Events of the run recorded so far.
        seconds: Run time so far.
        place: Where the run stands.
        gate: What became of the wishes.
        control: The wishes.
        rounds: Rounds whose weights are kept.
        aligner, unlearner: Their counts and data orders.
        random: States of torch's generators by device, hexadecimal.
        parent_run, parent_round: The round with whose weights the run began.
    """

    run_id: str
    weights_hash: str
    encoder_hash: str
    recorded: int
    seconds: float
    place: Place
    gate: GateState
    control: ControlState
    rounds: tuple[int, ...]
    aligner: TrainerState
    unlearner: TrainerState
    random: dict[str, str]
    parent_run: str = ""
    parent_round: int = 0


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A file of tensors: how often they had changed, and what is in it."""

    updates: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint that was read and checked."""

    folder: Path
    state: CheckpointState
    parts: dict[str, PartFacts]

    def tensors(self, part: str) -> dict[str, Tensor]:
        """The tensors of a part, on the CPU; none where it was not written.

        Raises:
            InputError: The file is damaged.
        """
        if part not in self.parts:
            return {}
        try:
            return load_file(_file(self.folder, part))
        except (OSError, SafetensorError) as error:
            raise InputError(f"The checkpoint in {self.folder} cannot be read: {error}.", _AGAIN) from None


@dataclass(slots=True)
class _Writing:
    """A checkpoint on its way to the disk."""

    partial: Path
    target: Path
    state: CheckpointState
    parts: dict[str, PartFacts]
    fresh: dict[str, int] = field(default_factory=dict)


class Checkpoints:
    """Writes the checkpoints of one run; close it whatever happens.

    Args:
        folder: The run's folder.
        last: The checkpoint that the run goes on from.
    """

    def __init__(self, folder: Path, last: Checkpoint | None = None) -> None:
        self._folder = folder
        self._root = folder / CHECKPOINTS_FOLDER
        self._last: tuple[Path, dict[str, PartFacts]] | None = (last.folder, last.parts) if last else None
        self._thread = ThreadPoolExecutor(1, "atu-checkpoint")
        self._pending: Future[int] | None = None
        self._synced: set[Path] = set()
        for path in self._root.glob(f"*{_PARTIAL}"):
            remove(path)

    def begin(self, state: CheckpointState, parts: Parts) -> None:
        """Begin to write; the tensors may change as soon as this returns. The one before must be finished.

        Args:
            state: What is no tensor; must not change any more.
            parts: How often each part's tensors have changed, and the way to them.

        Raises:
            OutputError: The disk is full or the folder cannot be written. What was written before stays.
        """
        assert self._pending is None
        number = max(numbers_in(self._folder), default=0) + 1
        target = self._root / str(number)
        writing = _Writing(target.with_name(f"{number}{_PARTIAL}"), target, state, {})
        try:
            writing.partial.mkdir(parents=True)
            for part, (updates, tensors) in parts.items():
                if not self._link(writing, part, updates):
                    self._write(writing, part, updates, tensors())
        except (OSError, SafetensorError) as error:
            remove(writing.partial)
            raise _unwritten(self._root, error) from None
        self._pending = self._thread.submit(self._finish, writing)

    def finished(self, timeout: float | None = None) -> int | None:
        """Bytes that the checkpoint begun last took; None where it is not finished within the time, or told already.

        Raises:
            OutputError: It could not be written. The one before stays.
        """
        if self._pending is None:
            return None
        try:
            size = self._pending.result(timeout)
        except TimeoutError:
            return None
        except OSError as error:
            self._pending = None
            raise _unwritten(self._root, error) from None
        self._pending = None
        return size

    @property
    def is_writing(self) -> bool:
        """Whether one is on its way."""
        return self._pending is not None

    def close(self) -> None:
        """Wait for the one on its way."""
        self._thread.shutdown()

    def _link(self, writing: _Writing, part: str, updates: int) -> bool:
        if self._last is None:
            return False
        folder, parts = self._last
        facts = parts.get(part)
        if facts is None or facts.updates != updates:
            return False
        try:
            os.link(_file(folder, part), _file(writing.partial, part))
        except OSError:
            # Not every file system has links.
            return False
        writing.parts[part] = facts
        return True

    @staticmethod
    def _write(writing: _Writing, part: str, updates: int, tensors: dict[str, Tensor]) -> None:
        if tensors:
            whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
            save_file(whole, _file(writing.partial, part))
            writing.fresh[part] = updates

    def _finish(self, writing: _Writing) -> int:
        """What takes the disk's time: sums, syncing, renaming, and removing what is older than the one before."""
        try:
            size = 0
            self._sync_rounds(writing.state.rounds)
            for part, updates in writing.fresh.items():
                path = _file(writing.partial, part)
                sync(path)
                size += path.stat().st_size
                writing.parts[part] = PartFacts(updates, file_sha256(path), path.stat().st_size)
            path = writing.partial / STATE_FILE
            path.write_text(_dumped(writing), encoding="utf-8")
            size += path.stat().st_size
            sync(path)
            sync(writing.partial)
            writing.partial.rename(writing.target)
            sync(self._root)
        except OSError:
            remove(writing.partial)
            raise
        self._last = (writing.target, writing.parts)
        for number in numbers_in(self._folder)[_KEPT:]:
            remove(self._root / str(number))
        return size

    def _sync_rounds(self, rounds: Sequence[int]) -> None:
        """The weights and heads of the rounds that the checkpoint counts on."""
        for round_ in rounds:
            for path in self._folder.glob(f"*/round-{round_}.safetensors"):
                if path not in self._synced:
                    sync(path)
                    self._synced.add(path)


def disk_bytes(config: RunConfig, lm: LanguageModel, embedding_width: int) -> int:
    """About how much the rounds and checkpoints of a settled config take on the disk."""
    blocks = lm.blocks[: max(config.layers)]
    weights = [parameter for block in blocks for parameter in block.parameters()]
    # What a run trains is float32.
    if config.unlearn.training == "lora":
        each = torch.float32.itemsize * config.unlearn.rank * lm.block_activations * len(blocks)
    else:
        each = torch.float32.itemsize * sum(weight.numel() for weight in weights)
    each += heads_bytes(config.head, len(config.layers), lm, embedding_width)
    return (len(config.rounds) + _COPIES) * each


def open_checkpoint(folder: Path, most_events: int) -> Checkpoint:
    """The newest checkpoint of a run that is whole; a torn one is passed over for the one before.

    Args:
        folder: The run's folder.
        most_events: Events that the record holds; a checkpoint that counts on more is passed over.

    Raises:
        InputError: There is none, or it is of another version.
    """
    fault = ""
    for number in numbers_in(folder):
        path = folder / CHECKPOINTS_FOLDER / str(number)
        try:
            found = _read(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            fault = fault or f"The newest checkpoint in {path.parent} is damaged ({error})."
            continue
        if found.state.recorded <= most_events:
            return found
        fault = fault or f"The record in {folder} ends before its newest checkpoint."
    hint = _AGAIN if fault else "Only a run that was cut off keeps checkpoints."
    raise InputError(fault or f"{folder} holds no checkpoint to go on from.", hint)


def _read(folder: Path) -> Checkpoint:
    raw = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    version = raw["format"]
    if version != FORMAT:
        age = "a newer" if isinstance(version, int) and version > FORMAT else "an unknown"
        raise InputError(
            f"The checkpoint in {folder} was written by {age} version of atu-gui (format {version}).",
            "Resume the run with the version that began it.",
        )
    if raw["sha256"] != _sum(raw):
        raise ValueError(f"{STATE_FILE} has been changed")
    parts = {str(name): PartFacts(**facts) for name, facts in raw["parts"].items()}
    for name, facts in parts.items():
        if not name.isidentifier():
            raise ValueError(f"“{name}” is no part of a checkpoint")
        path = _file(folder, name)
        if path.stat().st_size != facts.size or file_sha256(path) != facts.sha256:
            raise ValueError(f"{path.name} is not what was written")
    state: CheckpointState = restore(CheckpointState, raw["state"])
    wrong = [name for name, hint in hints_of(CheckpointState).items() if not fits(hint, getattr(state, name))]
    if wrong or state.recorded < 0:
        raise ValueError(f"“{wrong[0] if wrong else 'recorded'}” holds something else than a checkpoint does")
    return Checkpoint(folder, state, parts)


def _dumped(writing: _Writing) -> str:
    record: dict[str, Any] = {
        "format": FORMAT,
        "written": time.time(),
        "parts": {name: asdict(facts) for name, facts in writing.parts.items()},
        "state": asdict(writing.state),
    }
    record = json.loads(json.dumps(record, default=_plain))
    return json.dumps({**record, "sha256": _sum(record)})


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"{type(value).__name__} is no part of a checkpoint")


def _sum(record: dict[str, Any]) -> str:
    rest = {name: value for name, value in record.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _file(folder: Path, part: str) -> Path:
    return folder / f"{part}.safetensors"


def _unwritten(root: Path, error: Exception) -> OutputError:
    why = getattr(error, "strerror", None) or error
    before = " The one before it stays." if numbers_in(root.parent) else ""
    return OutputError(
        f"A checkpoint cannot be written to {root}: {why}.{before}", "Free some space, then let the run go on."
    )
