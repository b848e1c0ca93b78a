"""A run that was cut off and goes on: everything is checked before anything of it is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from atu_gui.core.config import RunConfig, TextsConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, from_record
from atu_gui.core.locks import FileLock, occupy
from atu_gui.core.ports import RunRecord
from atu_gui.service.backend import Engine
from atu_gui.service.found import find_run
from atu_gui.service.holding import Holding
from atu_gui.service.keeping import read_texts
from atu_gui.service.running import Cancel, Opened, ready
from atu_gui.store.recorder import Recorder, recorded_lines
from atu_gui.store.runs import RunStore
from atu_gui.store.summary import SUMMARY_FILE


@dataclass(eq=False, slots=True)
class Resuming:
    """What a run is gone on with.

    Attributes:
        control: Gets the wishes that the checkpoint holds.
        wants_out: Whether the user has ended it again.
        name: What the user calls the run.
        attended: Whether somebody is there to let a run go on that a guard has paused.
    """

    engine: Engine
    holding: Holding
    store: Callable[[], RunStore]
    control: RunControl
    wants_out: Cancel
    name: str
    attended: bool = True

    def open(self) -> Generator[Event, None, Opened]:
        """Find the checkpoint, load the models, take the run over.

        Raises:
            InputError: The run has ended or goes on, there is no whole checkpoint, or the models are others.
        """
        store = self.store()
        record = store.find(self.name)
        store.check_cut_off(record)
        config = find_run(store, record.run_id).config
        folder = Path(record.folder)
        lines = _lines(record)
        lock = occupy(folder)
        try:
            return (yield from self._take_up(store, record, config, lines, lock))
        except BaseException:
            lock.release()
            raise

    def _take_up(
        self, store: RunStore, record: RunRecord, config: RunConfig, lines: list[str], lock: FileLock
    ) -> Generator[Event, None, Opened]:
        folder = Path(record.folder)
        # Before a model is loaded, which takes its time.
        checkpoint = self.engine.open_checkpoint(folder, len(lines))
        if checkpoint.state.run_id != record.run_id:
            raise InputError(
                f"The checkpoint in {folder} belongs to run {checkpoint.state.run_id}.", "Start the run again."
            )
        materials = read_texts(folder)
        # The texts are those in its folder; the files that they came from may be gone.
        files_apart = config.model_copy(update={"texts": TextsConfig()})
        _, loaded = yield from ready(self.engine, self.holding, files_apart, self.wants_out)
        self.holding.make_untouched()
        run = self.engine.make_run(
            config,
            loaded,
            materials,
            self.control,
            record.run_id,
            folder,
            checkpoint=checkpoint,
            recorded=checkpoint.state.recorded,
        )
        self._let_go()
        store.take_over(record.run_id)
        # What it says about the run's end is no longer true.
        (folder / SUMMARY_FILE).unlink(missing_ok=True)
        kept = lines[: checkpoint.state.recorded]
        recorder = Recorder(store, record.run_id, folder, kept=kept)
        self.holding.begin(record.run_id, run.snapshots)
        told = tuple(from_record(json.loads(line)) for line in kept)
        guards = self.control.read().guards or config.guards
        return Opened(record.run_id, folder, recorder, lock, guards, run.events, told)

    def _let_go(self) -> None:
        """Resuming is a wish to go on: a run that was paused when it was cut off does not pause again for that."""
        state = self.control.read()
        if state.paused:
            self.control.resume()
        if not self.attended and state.guards is not None and state.guards.action == "pause":
            self.control.set_guards(state.guards.model_copy(update={"action": "stop"}))


def _lines(record: RunRecord) -> list[str]:
    try:
        return recorded_lines(Path(record.folder))
    except OSError as error:
        raise InputError(
            f"The record of run {record.run_id} cannot be read: {error.strerror}.", f"It should be in {record.folder}."
        ) from None
