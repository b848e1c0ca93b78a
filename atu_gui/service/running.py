"""One run as a job: its record is opened, kept and ended, whatever happens."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from atu_gui.core.checkpoints import CHECKPOINTS_FOLDER
from atu_gui.core.config import RunConfig
from atu_gui.core.control import DISCARDED, STOPPED, UNRECORDED, RunControl
from atu_gui.core.errors import AtuError, Cancelled, Suspended
from atu_gui.core.events import (
    Event,
    GuardTripped,
    Note,
    RoundScored,
    RunContinued,
    RunFailed,
    RunFinished,
    StageStarted,
    StepDone,
)
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.locks import FileLock
from atu_gui.core.ports import RunOutcome
from atu_gui.service.archive import Archive
from atu_gui.service.backend import Engine, Loaded, needs_starter
from atu_gui.service.failures import details_of, explained
from atu_gui.service.holding import Holding
from atu_gui.store.faults import is_damaged
from atu_gui.store.recorder import Recorder
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


@dataclass(frozen=True, slots=True)
class Opened:
    """A run whose record is open; what is left is to do it.

    Attributes:
        lock: Keeps others out of the folder.
        guards: Goals and floors, unless the user has wished for others.
        course: Makes its events.
        told: What it said before it was cut off; recorded already.
    """

    run_id: str
    folder: Path
    recorder: Recorder
    lock: FileLock
    guards: GuardConfig
    course: Callable[[], Generator[Event, None, RunOutcome]]
    told: tuple[Event, ...] = ()


class Opening(Protocol):
    """How a run comes to have an open record: it begins, or goes on."""

    def open(self) -> Generator[Event, None, Opened]:
        """Check everything that can be checked, and have the models in memory."""
        ...


class RunJob:
    """Opens, records and ends one run on the worker's thread."""

    def __init__(
        self, engine: Engine, holding: Holding, archive: Archive, control: RunControl, opening: Opening
    ) -> None:
        self._engine = engine
        self._holding = holding
        self._archive = archive
        self._control = control
        self._opening = opening
        self._run_id = ""
        self._where = ""
        self._scored = 0
        self._good = 0
        self._rejected = -1

    def events(self) -> Generator[Event, None, RunOutcome]:
        """The whole job. What goes wrong before the run has a record is told by a `RunFailed` without an id."""
        try:
            opened = yield from self._opening.open()
        except (Cancelled, GeneratorExit):
            raise
        except Exception as error:
            failure = explained(error)
            yield self._failed(failure, error)
            raise failure from error
        self._run_id = opened.run_id
        try:
            with contextlib.closing(opened.recorder):
                try:
                    return (yield from self._recorded(opened))
                finally:
                    # A disk that is full must not hide what happened before.
                    with contextlib.suppress(OSError, sqlite3.Error, AtuError):
                        opened.recorder.flush()
                        events = self._archive.opened().events_of(self._run_id)
                        write_summary(opened.folder, summarise(events, opened.recorder.state, self._engine.versions()))
        finally:
            opened.lock.release()

    def _recorded(self, opened: Opened) -> Generator[Event, None, RunOutcome]:
        """Tee every event to the recorder; end the record in the way in which the run ended."""
        recorder = opened.recorder
        try:
            for event in opened.told:
                self._follow(event)
                yield event
            with contextlib.closing(opened.course()) as work:
                while True:
                    try:
                        event = next(work)
                    except StopIteration as end:
                        outcome: RunOutcome = end.value
                        # Until all of it is written the run can be resumed.
                        recorder.flush()
                        # There is nothing to go back to any more.
                        shutil.rmtree(opened.folder / CHECKPOINTS_FOLDER, ignore_errors=True)
                        return outcome
                    if self._follow(event):
                        self._holding.now_at(self._where)
                    yield from self._record(opened, event)
                    yield event
        except GeneratorExit:
            self._holding.fall_back(self._good)
            self._interrupt(recorder, "the program was closed")
            raise
        except Suspended:
            self._holding.fall_back(self._good)
            self._interrupt(recorder, "you left it, to be resumed")
            raise
        except Cancelled:
            discarded = self._control.read().discarding
            rounds, self._good = self._good, 0 if discarded else self._good
            self._holding.fall_back(self._good)
            because, seconds = DISCARDED if discarded else STOPPED, recorder.state.seconds
            finished = RunFinished(self._run_id, because, self._good, rounds, seconds, str(opened.folder))
            with contextlib.suppress(OSError, sqlite3.Error):
                recorder.record(finished)
            yield finished
            raise
        except Exception as error:
            failure = explained(error)
            self._holding.fall_back(self._good, error)
            failed = self._failed(failure, error)
            with contextlib.suppress(OSError, sqlite3.Error):
                recorder.record(failed)
            yield failed
            raise failure from error

    def _record(self, opened: Opened, event: Event) -> Generator[Event, None, None]:
        """Record an event. Where it cannot be written the run pauses until it can; where it must not pause it ends."""
        try:
            opened.recorder.record(event)
            return
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error) and is_damaged(error):
                opened.recorder.move_to(self._archive.mended())
                return
            state = self._control.read()
            if (state.guards or opened.guards).action != "pause":
                raise
            failure = explained(error)
        if not state.paused or state.paused_by[0] != UNRECORDED:
            # Not recorded: it tells of the record itself.
            yield Note("error", str(failure))
            self._control.pause(UNRECORDED, str(failure))

    def _interrupt(self, recorder: Recorder, how: str) -> None:
        """An end that no event tells; where it cannot be written the run counts as crashed, and is resumed as well."""
        with contextlib.suppress(OSError, sqlite3.Error):
            recorder.end("interrupted", f"interrupted: {how}", self._good)

    def _follow(self, event: Event) -> bool:
        """Keep track of the last good round and of what the current weights are; whether their name is to be told."""
        match event:
            case GuardTripped(rejected=True, round=round_):
                self._rejected = round_
            case StageStarted(round=round_) if round_ > self._scored:
                # The run went on after this round's scores: its guards found it good, or the user let it pass.
                if self._rejected != self._scored:
                    self._good = self._scored
            case StepDone(stage="unlearn", round=round_, step=step):
                self._where = f"round {round_} at step {step}"
                return True
            case RoundScored(round=round_):
                self._scored = round_
                if round_:
                    self._where = f"round {round_}"
                    return True
            case RunFinished(best_round=best):
                self._good = best
                self._where = f"round {best}"
                return True
            case RunContinued():
                # From here the model has the weights of the checkpoint again.
                return bool(self._where)
        return False

    def _failed(self, failure: AtuError, error: BaseException) -> RunFailed:
        return RunFailed(self._run_id, failure.message, failure.hint, details_of(error), self._good)
