"""What is in memory: the two models, and whose weights the language model has at the moment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import InputError, is_device_lost
from atu_gui.core.events import Event
from atu_gui.core.ports import Weights
from atu_gui.service.backend import Engine, Loaded

if TYPE_CHECKING:
    from atu_gui.engine.snapshots import Snapshots

T = TypeVar("T")
UNTOUCHED_LABEL = "untouched weights"


@dataclass(frozen=True, slots=True)
class Answering:
    """Whose weights the model has: the words for it, and the hash of the weights themselves."""

    label: str
    weights_hash: str


class Holding:
    """Lives on the worker's thread and is touched by it alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loaded: Loaded | None = None
        self._run_id = ""
        self._snapshots: Snapshots | None = None
        self._others: dict[Path, Snapshots] = {}
        self._current = UNTOUCHED_LABEL
        self._is_lost = False

    @property
    def run_id(self) -> str:
        """The run whose weights are held; "" where there is none."""
        return self._run_id

    @property
    def loaded(self) -> Loaded:
        """The models.

        Raises:
            InputError: There are none yet, or they went with their device.
        """
        if self._is_lost:
            raise InputError("The model was lost when its device failed.", "Load the model again.")
        if self._loaded is None:
            raise InputError("No model is loaded.", "Load a model first.")
        return self._loaded

    def load(self, model: ModelConfig, encoder: str | None) -> Generator[Event, None, Loaded]:
        """Load, replacing what is held; ends with `ModelLoaded`."""
        # Let go first: two models at once may not fit.
        self.make_untouched()
        self._loaded = None
        self._loaded = yield from self._engine.load(model, encoder)
        self._is_lost = False
        yield self._loaded.facts
        return self._loaded

    def ensure(self, model: ModelConfig, encoder: str) -> Generator[Event, None, Loaded]:
        """Load unless the very same is held already."""
        held = self._loaded
        if held is not None and held.model == model and held.encoder_source == encoder:
            return held
        return (yield from self.load(model, encoder))

    def ensure_language_model(self, model: ModelConfig) -> Generator[Event, None, Loaded]:
        """Load the language model alone, unless it is held already, with any encoder or none."""
        held = self._loaded
        return held if held is not None and held.model == model else (yield from self.load(model, None))

    def make_untouched(self) -> None:
        """Give the model the weights it was loaded with, for good."""
        if self._snapshots is not None:
            self._snapshots.let_go()
        self._forget_run()

    def begin(self, run_id: str, snapshots: Snapshots) -> None:
        """A run takes the model over."""
        self._run_id = run_id
        self._snapshots = snapshots
        self._current = f"run {run_id}, before its first step"

    def now_at(self, what: str) -> None:
        """Name the current weights of the run, for instance "round 2"."""
        self._current = f"run {self._run_id}, {what}"

    def fall_back(self, round_: int, error: BaseException | None = None) -> None:
        """After a failure: the model takes the weights of the last good round, or is untouched if that fails too.
        Where the device has failed there is no model any more."""
        if error is not None and is_device_lost(error):
            self._lose()
        # Whatever goes wrong with a round, the untouched values are in memory.
        for number in (round_, 0):
            if self._snapshots is None:
                return
            try:
                self._snapshots.restore(number)
            except Exception:
                continue
            self.now_at(f"round {number}")
            return
        self._lose()

    def watched(self, work: Generator[Event, None, T]) -> Generator[Event, None, T]:
        """The same events; where the device fails meanwhile, nobody is given a model that is on it."""
        with contextlib.closing(work):
            try:
                return (yield from work)
            except Exception as error:
                if any(is_device_lost(one) for one in (error, error.__cause__) if one is not None):
                    self._lose()
                raise

    def return_to(self, weights: Weights, folder_of: Callable[[str], Path]) -> str:
        """Make a round the current weights, for good; gives the words that name them.

        Raises:
            InputError: No model, no such run or round, or a run of another model.
        """
        loaded = self.loaded
        if not weights.round:
            self.make_untouched()
            return self._current
        if weights.run_id != self._run_id or self._snapshots is None:
            folder = folder_of(weights.run_id)
            with self._applied(0):
                snapshots = self._engine.open_snapshots(folder, loaded)
                # Read before anything is changed: a damaged round must not cost the present weights.
                snapshots.values(weights.round)
            self.make_untouched()
            self.begin(weights.run_id, snapshots)
        assert self._snapshots is not None
        self._snapshots.restore(weights.round)
        self.now_at(f"round {weights.round}")
        return self._current

    @contextlib.contextmanager
    def answering(self, weights: Weights, folder_of: Callable[[str], Path]) -> Iterator[Answering]:
        """Within the block the model has the wanted weights; gives the words that name them, and their hash.

        Args:
            weights: Whose weights shall answer.
            folder_of: Finds the folder of a run that is not the current one.

        Raises:
            InputError: No model, no such run or round, or a run of another model.
        """
        loaded = self.loaded
        if weights.round is None:
            yield Answering(self._current, self._hash())
        elif weights.round == 0 or not weights.run_id or weights.run_id == self._run_id:
            if self._snapshots is None and weights.round:
                raise InputError(f"Round {weights.round} does not exist.", "Nothing has been unlearned yet.")
            with self._applied(weights.round):
                label = f"run {self._run_id}, round {weights.round}" if weights.round else UNTOUCHED_LABEL
                yield Answering(label, self._hash())
        else:
            # Snapshots of another run are made for an untouched model, so both are applied, one in the other.
            with self._applied(0):
                other = self._other(folder_of(weights.run_id), loaded)
                with other.applied(weights.round):
                    own = () if self._snapshots is None else (self._snapshots,)
                    yield Answering(f"run {weights.run_id}, round {weights.round}", other.weights_hash(*own))

    def _hash(self) -> str:
        """Of the weights that the model has now; without a run nothing has changed them since they were loaded."""
        return self.loaded.facts.weights_hash if self._snapshots is None else self._snapshots.weights_hash()

    def _applied(self, round_: int) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self._snapshots is None else self._snapshots.applied(round_)

    def _other(self, folder: Path, loaded: Loaded) -> Snapshots:
        if folder not in self._others:
            # One at a time: each holds a copy of the trained tensors.
            self._others = {folder: self._engine.open_snapshots(folder, loaded)}
        return self._others[folder]

    def _lose(self) -> None:
        """Without a look at tensors: every one of them would fail."""
        self._forget_run()
        self._loaded = None
        self._is_lost = True

    def _forget_run(self) -> None:
        self._run_id = ""
        self._snapshots = None
        self._others = {}
        self._current = UNTOUCHED_LABEL
