"""The report of a run: what is recorded of it is gathered, and written as one page. No model is touched."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

from atu_gui.core import paths, text
from atu_gui.core.compared import Compared
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.events import Event, RunStarted
from atu_gui.core.ports import RunRecord
from atu_gui.core.recorded import record_of
from atu_gui.core.tables import write_text
from atu_gui.service.auditing import audits_in
from atu_gui.service.evaluating import evaluations_in
from atu_gui.service.found import FoundRun, events_of, find_run
from atu_gui.service.inquiring import inquiries_in
from atu_gui.store.runs import RunStore
from atu_gui.store.summary import SUMMARY_FILE

_LARGEST_HEADER = 2**24


def write_report(store: RunStore, name: str, file: Path, *, replace: bool) -> Path:
    """Write the report of a run, found by what a user calls it; gives the file's whole path.

    Raises:
        InputError: No such run, or nothing is recorded of it.
        OutputError: The file cannot be written, or exists and must not be replaced.
    """
    # Only here: who writes no report need not load templates.
    from atu_gui.report.material import Material
    from atu_gui.report.page import render

    file = paths.expanded(file).absolute()
    if file.is_dir():
        raise OutputError(f"{file} is a folder.", "Name a file, such as report.html.")
    if file.exists() and not replace:
        raise OutputError(f"{file} exists already.", "Name another file, or say that it may be replaced (--force).")
    found = find_run(store, name)
    events = tuple(events_of(store, found.run_id))
    start = next((event for event in events if isinstance(event, RunStarted)), None)
    if start is None:
        raise InputError(f"Run {found.run_id} ended before it began: nothing is recorded of it.", "Name another run.")
    record, versions = _known(store, found, events)
    run = Compared.of(record, found.config, events)
    judged = run.rounds.get(run.final_round)
    answered = judged.weights_hash if judged is not None else ""
    material = Material(
        run,
        start,
        audits_in(found.folder),
        evaluations_in(found.folder),
        inquiries_in(found.folder).asked,
        versions,
        _hashes(found.folder, start, run.final_round, answered),
        time.time(),
    )
    write_text(file, render(material))
    return file


def _known(store: RunStore, found: FoundRun, events: Sequence[Event]) -> tuple[RunRecord, dict[str, str]]:
    """What the store says of a run; of one that is no more than a folder its own files say it."""
    if not Path(found.run_id).is_absolute():
        return store.find(found.run_id), store.versions_of(found.run_id)
    summary = json.loads((found.folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    return record_of(tuple(events)), {str(key): str(value) for key, value in summary.get("versions", {}).items()}


def _hashes(folder: Path, start: RunStarted, round_: int, answered: str) -> tuple[tuple[str, str], ...]:
    """What the weights are known by: both models as they were loaded, the model as it answered in the judged round, and
    that round's file."""
    file = folder / "rounds" / f"round-{round_}.safetensors"
    kept = round_ > 0 and file.is_file()
    model = start.weights_hash or (_loaded_hash(file) if kept else "")
    rows = [("Language model", model or "not recorded"), ("Encoder", start.encoder_hash or "not recorded")]
    if round_ > 0:
        rows.append((f"Language model with round {round_}", answered or "not recorded"))
    if kept:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        rows.append((f"{file.name}, {text.size(file.stat().st_size)}, SHA-256", digest))
    return tuple(rows)


def _loaded_hash(file: Path) -> str:
    """The hash of the untouched model that a round's file carries in its header; "" where it does not."""
    try:
        with file.open("rb") as content:
            length = int.from_bytes(content.read(8), "little")
            header = json.loads(content.read(length)) if length <= _LARGEST_HEADER else {}
        return str(header["__metadata__"]["weights_hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
