"""Tasks of the standard harness as one job: asked of the untouched weights, then of a round's."""

from __future__ import annotations

from collections.abc import Callable, Generator
from importlib import metadata

from atu_gui.core.errors import InputError
from atu_gui.core.events import Event
from atu_gui.core.harness import HarnessReport, HarnessRequest, side_by_side
from atu_gui.core.ports import Weights
from atu_gui.service.backend import Engine
from atu_gui.service.found import find_run, folder_of
from atu_gui.service.holding import Holding
from atu_gui.service.running import cancellable
from atu_gui.store.runs import RunStore

_PACKAGE = "lm-eval"


def ask_harness(
    engine: Engine,
    holding: Holding,
    open_store: Callable[[], RunStore],
    request: HarnessRequest,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, HarnessReport]:
    """Ask both sets of weights the same items.

    Raises:
        InputError: The extra is not installed; no such run, round, folder or task.
    """
    version = _version()
    if request.folder is not None and not request.folder.is_dir():
        raise InputError(f"There is no folder {request.folder}.", "Name one with task files (YAML).")
    found = find_run(open_store(), request.run)
    wanted = found.best_round if request.round is None else request.round
    if not wanted:
        raise InputError("Round 0 is the untouched model: there is no before and after.", "Name a round, as in last:1.")
    manager = engine.find_tasks(request)
    loaded = yield from cancellable(holding.ensure_language_model(found.config.model), cancelled)
    sides = []
    for round_ in (0, wanted):
        with holding.answering(Weights(found.run_id, round_), lambda run_id: folder_of(open_store(), run_id)) as by:
            sides.append((yield from engine.ask_harness(loaded, manager, request, by.label, cancelled)))
    name = f"{loaded.facts.name}, run {found.run_id}, round {wanted}"
    return HarnessReport(name, version, request.limit, side_by_side(*sides))


def _version() -> str:
    """The version of the harness, told before a model is loaded."""
    try:
        return metadata.version(_PACKAGE)
    except metadata.PackageNotFoundError:
        raise InputError("The harness lm-eval is not installed.", "Run: pip install 'atu-gui[lm-eval]'") from None
