"""One evaluation as a job: have the targets, have the model in memory, give it the round's weights, ask; keep it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Generator
from pathlib import Path

from atu_gui.core.config import STARTER
from atu_gui.core.errors import InputError
from atu_gui.core.evaluation import PARTS, READINGS, Evaluation, EvaluationRequest
from atu_gui.core.events import Event, Note
from atu_gui.core.files import write_whole
from atu_gui.core.ports import Weights
from atu_gui.core.records import parse
from atu_gui.service.backend import Engine
from atu_gui.service.folders import EVALUATIONS_FOLDER
from atu_gui.service.found import find_run, folder_of
from atu_gui.service.holding import Holding
from atu_gui.service.running import cancellable
from atu_gui.store.runs import RunStore


def evaluate(
    engine: Engine,
    holding: Holding,
    open_store: Callable[[], RunStore],
    request: EvaluationRequest,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, Evaluation]:
    """Put the benchmark to an untouched model or to a round of a run.

    Raises:
        InputError: No such run, round or target; files with faults; an unknown part or reading.
        DownloadError: A target of the hub is neither in its cache nor to be had.
    """
    _check(request)
    targets = yield from cancellable(engine.read_targets(request, cancelled), cancelled)
    if request.model is not None:
        model, weights = request.model, Weights(round=0)
    else:
        found = find_run(open_store(), request.run)
        model = found.config.model
        weights = Weights(found.run_id, found.best_round if request.round is None else request.round)
    if model.source == STARTER and not engine.starter_ready():
        yield Note("info", "The starter kit is not on this machine yet; fetching it first.")
        yield from cancellable(engine.fetch_starter(cancelled), cancelled)
    loaded = yield from cancellable(holding.ensure_language_model(model), cancelled)
    with holding.answering(weights, lambda run_id: folder_of(open_store(), run_id)) as by:
        done = yield from engine.evaluate(loaded, targets, request, f"{loaded.facts.name}, {by.label}", cancelled)
    if request.model is None:
        try:
            keep(found.folder, done, request)
        except OSError as error:
            # Minutes of asking are not lost because of it.
            yield Note("warning", f"The evaluation cannot be kept in {found.folder}: {error.strerror}.")
    return done


def evaluations_in(folder: Path) -> tuple[Evaluation, ...]:
    """What the benchmark said to the rounds of a run, the newest last; damaged files are left out."""
    files = list((folder / EVALUATIONS_FOLDER).glob("*.json"))
    found = []
    for file in sorted(files, key=lambda one: one.stat().st_mtime_ns):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            found.append(Evaluation.from_json(parse(file.read_text(encoding="utf-8"))))
    return tuple(found)


def keep(folder: Path, found: Evaluation, request: EvaluationRequest) -> None:
    """Keep an evaluation with its run, in place of the same one of before: written aside, then renamed.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    asked = (found.weights, found.reading, request.targets, request.parts, request.limit)
    name = hashlib.sha256(repr(asked).encode()).hexdigest()[:16]
    into = folder / EVALUATIONS_FOLDER
    into.mkdir(exist_ok=True)
    write_whole(into / f"{name}.json", json.dumps(found.as_json(items=True), ensure_ascii=False))


def _check(request: EvaluationRequest) -> None:
    unknown = [part for part in request.parts if part not in PARTS]
    if unknown or not request.parts:
        raise InputError(f"There is no part “{', '.join(unknown)}”.", f"Choose among {', '.join(PARTS)}.")
    if request.reading not in READINGS:
        raise InputError(f"There is no reading “{request.reading}”.", f"Choose among {', '.join(READINGS)}.")
    if not request.targets:
        raise InputError("No RWKU target was named.", "Name at least one.")
    if request.limit is not None and request.limit < 1:
        raise InputError("A limit must be at least 1.", "Leave it out to take all items.")
    if (request.model is None) == (not request.run):
        raise InputError("Either a model or a run is evaluated.", "Name one of them.")
