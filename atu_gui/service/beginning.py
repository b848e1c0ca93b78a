"""A new run: checked, its models in memory, its record open."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from atu_gui.core.config import RunConfig, dump_config
from atu_gui.core.control import RunControl
from atu_gui.core.events import Event
from atu_gui.core.files import write_whole
from atu_gui.core.locks import FileLock
from atu_gui.core.materials import Materials
from atu_gui.core.ports import UNTOUCHED, RunOutcome, Weights
from atu_gui.service.backend import Engine, Loaded
from atu_gui.service.folders import CONFIG_FILE, claim, clear, require_space, run_folder, write_texts
from atu_gui.service.holding import Holding
from atu_gui.service.running import Cancel, Opened, cancellable, ready
from atu_gui.store.cards import write_card
from atu_gui.store.recorder import Recorder
from atu_gui.store.runs import RunStore


@dataclass(eq=False, slots=True)
class Beginning:
    """What a new run is made from.

    Attributes:
        control: Its knobs.
        wants_out: Whether the user has ended it.
        config: As the user wants it.
        materials: Texts that the user has seen; None has them prepared.
        start: The round with whose weights it begins.
        folder_of: Finds the folder of that round's run.
    """

    engine: Engine
    holding: Holding
    store: Callable[[], RunStore]
    control: RunControl
    wants_out: Cancel
    config: RunConfig
    materials: Materials | None
    start: Weights = UNTOUCHED
    folder_of: Callable[[str], Path] = Path

    def open(self) -> Generator[Event, None, Opened]:
        """Cheap faults first: files, then store and folder, then the model, then what depends on the model."""
        folder = run_folder(self.config)
        made = not folder.exists()
        lock: FileLock | None = None
        try:
            self.engine.validate_inputs(self.config)
            self.store()
            lock = claim(folder)
            config, loaded = yield from ready(self.engine, self.holding, self.config, self.wants_out)
            require_space(folder, self.engine.snapshot_bytes(config, loaded))
            config = config.model_copy(update={"out": folder})
            run_id, recorder = self._recorder(config, folder)
        except BaseException:
            if lock is not None:
                lock.release()
            if made:
                # Nothing came of it, so nothing should stay; a folder with something in it does.
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
        course = partial(self._course, run_id, config, loaded, folder, recorder)
        return Opened(run_id, folder, recorder, lock, config.guards, course)

    def _recorder(self, config: RunConfig, folder: Path) -> tuple[str, Recorder]:
        store = self.store()
        run_id = secrets.token_hex(2)
        while store.has(run_id):
            run_id = secrets.token_hex(4)
        clear(folder)
        store.remove_in(folder)
        try:
            write_whole(folder / CONFIG_FILE, dump_config(config))
            store.add(run_id, config, folder=folder, versions=self.engine.versions(), parent=self.start)
            write_card(folder, store.card_of(run_id))
            return run_id, Recorder(store, run_id, folder)
        except BaseException:
            clear(folder)
            # Should its row stay, because the store cannot be written either, nobody works on it.
            store.let_go(run_id)
            with contextlib.suppress(sqlite3.Error, OSError):
                store.remove(run_id)
            raise

    def _course(
        self, run_id: str, config: RunConfig, loaded: Loaded, folder: Path, recorder: Recorder
    ) -> Generator[Event, None, RunOutcome]:
        self.holding.make_untouched()
        materials = self.materials
        if materials is None:
            materials = yield from cancellable(self.engine.prepare(config, loaded, self.wants_out), self.wants_out)
        write_texts(folder, materials)
        start = None
        if self.start.round:
            start = self.engine.open_start(self.start, self.folder_of(self.start.run_id), loaded)
        run = self.engine.make_run(
            config, loaded, materials, self.control, run_id, folder, start=start, recorded=recorder.count
        )
        self.holding.begin(run_id, run.snapshots)
        return (yield from run.events())
