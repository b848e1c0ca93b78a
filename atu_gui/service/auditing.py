"""Audits of a round as one job: what was found before is told again, the rest is computed and kept with the run."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.events import AuditFound, Event, from_record, to_record
from atu_gui.core.files import write_whole
from atu_gui.core.ports import UNTOUCHED, Weights
from atu_gui.core.records import kept_lines, parse
from atu_gui.service.backend import Engine
from atu_gui.service.folders import AUDITS_FILE
from atu_gui.service.found import FoundRun, events_of, find_run, folder_of
from atu_gui.service.holding import Holding
from atu_gui.service.keeping import read_texts
from atu_gui.store.runs import RunStore
from atu_gui.store.summary import retell_verdicts


def audit(
    engine: Engine,
    holding: Holding,
    store: RunStore,
    weights: Weights,
    which: Sequence[AuditKind],
    settings: AuditSettings,
    again: bool,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, tuple[AuditFound, ...]]:
    """Attack a round in each way wanted; an `AuditFound` for every finding.

    An audit that is complete is kept at once, so that what a cancelled job found in whole is not lost, and the verdict
    in the run's summary is told anew.

    Raises:
        InputError: No such run or round, or its texts are gone.
        OutputError: The findings cannot be written to the run's folder.
        Cancelled: `cancelled` said so.
    """
    if not weights.round:
        raise InputError("Round 0 is the untouched model: it hides nothing.", "Choose a later round.")
    run = find_run(store, weights.run_id)
    kept = [] if again else [one for one in audits_in(run.folder) if one.round == weights.round]
    results = [one for kind in which for one in kept if one.audit == kind and one.settings == settings]
    yield from results
    missing = [kind for kind in which if all(one.audit != kind for one in results)]
    if not missing:
        _judge_again(store, run)
        return tuple(results)
    materials = read_texts(run.folder)
    loaded = yield from holding.ensure(run.config.model, run.config.encoder)
    config = engine.settled(run.config, loaded)
    with holding.answering(UNTOUCHED, lambda run_id: folder_of(store, run_id)):
        attacks = engine.audits(loaded, run.folder, weights, config, materials, settings, missing, cancelled)
        for work in attacks:
            found = []
            with contextlib.closing(work):
                for event in work:
                    if isinstance(event, AuditFound):
                        found.append(event)
                    yield event
            keep(run.folder, found)
            _judge_again(store, run)
            results.extend(found)
    return tuple(results)


def _judge_again(store: RunStore, run: FoundRun) -> None:
    try:
        retell_verdicts(run.folder, events_of(store, run.run_id), audits_in(run.folder))
    except OSError as error:
        raise OutputError(
            f"The summary in {run.folder} cannot be written: {error.strerror}.", "Free some space, then audit again."
        ) from None


def audits_in(folder: Path) -> tuple[AuditFound, ...]:
    """What audits of a run found, in the order of their keeping; damaged lines are left out."""
    events = kept_lines(folder / AUDITS_FILE, lambda line: from_record(parse(line)))
    return tuple(event for event in events if isinstance(event, AuditFound))


def keep(folder: Path, found: Sequence[AuditFound]) -> None:
    """Add the findings of one audit in place of earlier ones of the same round: written aside, then renamed.

    Raises:
        OutputError: The disk is full or the folder cannot be written.
    """
    replaced = {(one.round, one.audit) for one in found}
    rest = [one for one in audits_in(folder) if (one.round, one.audit) not in replaced]
    path = folder / AUDITS_FILE
    lines = (json.dumps(to_record(one), ensure_ascii=False) + "\n" for one in (*rest, *found))
    try:
        write_whole(path, "".join(lines))
    except OSError as error:
        raise OutputError(
            f"The findings cannot be kept in {folder}: {error.strerror}.", "Free some space, then audit again."
        ) from None
