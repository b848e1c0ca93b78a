"""One run as a job: check, load, write, run, and keep the record, whatever happens."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from atu_gui.core.config import RunConfig, dump_config
from atu_gui.core.control import DISCARDED, STOPPED, RunControl
from atu_gui.core.errors import AtuError, Cancelled
from atu_gui.core.events import (
    Event,
    GuardTripped,
    Note,
    RoundScored,
    RunFailed,
    RunFinished,
    StageStarted,
    StepDone,
)
from atu_gui.core.materials import Materials
from atu_gui.core.ports import UNTOUCHED, RunOutcome, Weights
from atu_gui.service.backend import Engine, Loaded, needs_starter
from atu_gui.service.failures import details_of, explained
from atu_gui.service.folders import CONFIG_FILE, claim, require_space, run_folder, write_texts
from atu_gui.service.holding import Holding
from atu_gui.store.recorder import Recorder
from atu_gui.store.runs import RunStore
from atu_gui.store.summary import summarise, write_summary

T = TypeVar("T")
Cancel = Callable[[], bool]


def cancellable(work: Generator[Event, None, T], cancelled: Cancel) -> Generator[Event, None, T]:
    """The same events, unless somebody cancels between two of them.

    Raises:
        Cancelled: Somebody did.
    """
    with contextlib.closing(work):
        while not cancelled():
            try:
                event = next(work)
            except StopIteration as end:
                result: T = end.value
                return result
            yield event
        raise Cancelled


def ready(
    engine: Engine, holding: Holding, config: RunConfig, cancelled: Cancel
) -> Generator[Event, None, tuple[RunConfig, Loaded]]:
    """Check what can be checked without a model, then have the models in memory; returns the settled config."""
    engine.validate_inputs(config)
    if needs_starter(config) and not engine.starter_ready():
        yield Note("info", "The starter kit is not on this machine yet; fetching it first.")
        yield from cancellable(engine.fetch_starter(cancelled), cancelled)
    loaded = yield from cancellable(holding.ensure(config.model, config.encoder), cancelled)
    return engine.settled(config, loaded), loaded


class RunJob:
    """Begins, records and ends one run on the worker's thread."""

    def __init__(
        self,
        engine: Engine,
        holding: Holding,
        store: Callable[[], RunStore],
        *,
        config: RunConfig,
        materials: Materials | None,
        control: RunControl,
        cancelled: Cancel,
        start: Weights = UNTOUCHED,
        folder_of: Callable[[str], Path] = Path,
    ) -> None:
        """`start` is the round with which the run begins; `folder_of` finds the folder of its run."""
        self._start, self._folder_of = start, folder_of
        self._engine = engine
        self._holding = holding
        self._open_store = store
        self._config = config
        self._materials = materials
        self._control = control
        self._cancelled = cancelled
        self._run_id = ""
        self._scored = 0
        self._good = 0
        self._rejected = -1

    def events(self) -> Generator[Event, None, RunOutcome]:
        """The whole job. What goes wrong before the run has a record is told by a `RunFailed` without an id."""
        folder = run_folder(self._config)
        made = not folder.exists()
        try:
            config, loaded = yield from self._checked(folder)
            store = self._open_store()
            recorder = self._recorder(store, config, folder)
        except BaseException as error:
            if made:
                # Nothing came of it, so nothing should stay; a folder with something in it does.
                with contextlib.suppress(OSError):
                    folder.rmdir()
            if not isinstance(error, Exception) or isinstance(error, Cancelled):
                raise
            failure = explained(error)
            yield self._failed(failure, error)
            raise failure from error
        with contextlib.closing(recorder):
            try:
                return (yield from self._recorded(config, loaded, folder, recorder))
            finally:
                # A disk that is full must not hide what happened before.
                with contextlib.suppress(OSError, sqlite3.Error):
                    recorder.flush()
                    events = store.events_of(self._run_id)
                    write_summary(folder, summarise(events, recorder.state, self._engine.versions()))

    def _checked(self, folder: Path) -> Generator[Event, None, tuple[RunConfig, Loaded]]:
        """Cheap faults first: files, then the folder, then the model, then what depends on the model."""
        self._engine.validate_inputs(self._config)
        claim(folder)
        config, loaded = yield from ready(self._engine, self._holding, self._config, self._wants_out)
        require_space(folder, self._engine.snapshot_bytes(config, loaded))
        return config.model_copy(update={"out": folder}), loaded

    def _recorder(self, store: RunStore, config: RunConfig, folder: Path) -> Recorder:
        self._run_id = secrets.token_hex(2)
        while store.has(self._run_id):
            self._run_id = secrets.token_hex(4)
        (folder / CONFIG_FILE).write_text(dump_config(config), encoding="utf-8")
        store.add(self._run_id, config, folder=folder, versions=self._engine.versions(), parent=self._start)
        return Recorder(store, self._run_id, folder)

    def _recorded(
        self, config: RunConfig, loaded: Loaded, folder: Path, recorder: Recorder
    ) -> Generator[Event, None, RunOutcome]:
        """Tee every event to the recorder; end the record in the way in which the run ended."""
        try:
            with contextlib.closing(self._run(config, loaded, folder)) as work:
                while True:
                    try:
                        event = next(work)
                    except StopIteration as end:
                        outcome: RunOutcome = end.value
                        return outcome
                    self._follow(event)
                    recorder.record(event)
                    yield event
        except GeneratorExit:
            self._holding.fall_back(self._good)
            recorder.end("interrupted", "interrupted: the program was closed", self._good)
            raise
        except Cancelled:
            discarded = self._control.read().discarding
            rounds, self._good = self._good, 0 if discarded else self._good
            self._holding.fall_back(self._good)
            because = DISCARDED if discarded else STOPPED
            finished = RunFinished(self._run_id, because, self._good, rounds, recorder.state.seconds, str(folder))
            recorder.record(finished)
            yield finished
            raise
        except Exception as error:
            failure = explained(error)
            self._holding.fall_back(self._good)
            failed = self._failed(failure, error)
            with contextlib.suppress(OSError, sqlite3.Error):
                recorder.record(failed)
            yield failed
            raise failure from error

    def _run(self, config: RunConfig, loaded: Loaded, folder: Path) -> Generator[Event, None, RunOutcome]:
        self._holding.make_untouched()
        materials = self._materials
        if materials is None:
            materials = yield from cancellable(self._engine.prepare(config, loaded, self._wants_out), self._wants_out)
        write_texts(folder, materials)
        start = None
        if self._start.round:
            start = self._engine.open_start(self._start, self._folder_of(self._start.run_id), loaded)
        run = self._engine.make_run(config, loaded, materials, self._control, self._run_id, folder, start)
        self._holding.begin(self._run_id, run.snapshots)
        return (yield from run.events())

    def _follow(self, event: Event) -> None:
        """Keep track of the last good round and of what the current weights are."""
        match event:
            case GuardTripped(rejected=True, round=round_):
                self._rejected = round_
            case StageStarted(round=round_) if round_ > self._scored:
                # The run went on after this round's scores: its guards found it good, or the user let it pass.
                if self._rejected != self._scored:
                    self._good = self._scored
            case StepDone(stage="unlearn", round=round_, step=step):
                self._holding.now_at(f"round {round_} at step {step}")
            case RoundScored(round=round_):
                self._scored = round_
                if round_:
                    self._holding.now_at(f"round {round_}")
            case RunFinished(best_round=best):
                self._good = best
                self._holding.now_at(f"round {best}")

    def _failed(self, failure: AtuError, error: BaseException) -> RunFailed:
        return RunFailed(self._run_id, failure.message, failure.hint, details_of(error), self._good)

    def _wants_out(self) -> bool:
        return self._cancelled() or self._control.read().stopping
