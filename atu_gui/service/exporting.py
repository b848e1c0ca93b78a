"""One export as a job: find the run, have its model in memory, give it the round's weights, write and check."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from atu_gui.core.errors import InputError
from atu_gui.core.events import Event
from atu_gui.core.ports import Exported, Weights
from atu_gui.service.backend import Engine
from atu_gui.service.found import find_run, folder_of
from atu_gui.service.holding import Holding
from atu_gui.service.keeping import read_texts
from atu_gui.store.runs import RunStore


def export(
    engine: Engine,
    holding: Holding,
    store: RunStore,
    weights: Weights,
    folder: Path,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, Exported]:
    """Write a round of a run to a folder.

    Raises:
        InputError: No such run or round.
        OutputError: The folder is not empty or cannot be written.
    """
    if not weights.round:
        raise InputError("Round 0 is the untouched model: there is nothing to export.", "Choose a later round.")
    found = find_run(store, weights.run_id)
    engine.check_target(folder)
    materials = read_texts(found.folder)
    # A run whose folder came from another machine is not in this store; then the card has no scores.
    events = store.events_of(found.run_id) if store.has(found.run_id) else []
    loaded = yield from holding.ensure(found.config.model, found.config.encoder)
    with holding.answering(weights, lambda run_id: folder_of(store, run_id)):
        return (yield from engine.export(loaded, found, weights.round, events, materials, folder, cancelled))
