"""A run in one file: its config, every event, what audits found and what was asked by hand, gzipped JSON lines.

One of a real run ships with the program.

Shown by the window without a model, a store or a download. What belongs to a machine (folders, progress) is left out.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.events import (
    AuditFound,
    Event,
    Progress,
    RoundScored,
    RunFailed,
    RunFinished,
    RunStarted,
    TextWritten,
    from_record,
    to_record,
)
from atu_gui.core.files import write_whole
from atu_gui.core.inquiries import NOTHING_ASKED, Inquiries
from atu_gui.core.paths import resource
from atu_gui.core.ports import RoundSummary, RunRecord
from atu_gui.core.records import fits, lines_of, parse, restore
from atu_gui.core.run_state import status_after

# Since 2 the first line also says what was found and asked after the run.
FORMAT = 2
_LARGEST = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Recording:
    """What such a file holds."""

    record: RunRecord
    config: RunConfig
    events: tuple[Event, ...]
    audits: tuple[AuditFound, ...] = ()
    inquiries: Inquiries = NOTHING_ASKED


def shipped_recording() -> Path:
    """The recorded run that comes with the program."""
    return resource("recorded", "run.jsonl.gz")


def write_recording(
    path: Path,
    config: RunConfig,
    events: Iterable[Event],
    audits: Iterable[AuditFound] = (),
    inquiries: Inquiries = NOTHING_ASKED,
) -> None:
    """Write a run to a file; paths in its config and its folder are left out.

    Raises:
        OSError: The file cannot be written.
    """
    head = {
        "format": FORMAT,
        "audits": [to_record(_shared(found)) for found in audits],
        "inquiries": dataclasses.asdict(inquiries),
    }
    lines: list[object] = [head, config.model_dump(mode="json", include=_SHARED)]
    for event in events:
        if isinstance(event, RunStarted | RunFinished):
            event = replace(event, folder="")
        if not isinstance(event, Progress | TextWritten):
            lines.append(to_record(event))
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    # No time stamp, so that the same run gives the same file.
    write_whole(path, gzip.compress(content.encode(), mtime=0))


def _shared(found: AuditFound) -> AuditFound:
    """What an audit found, without the folder of the model that never knew."""
    settings = found.settings
    return replace(found, settings=replace(settings, never_knew=Path(settings.never_knew).name))


# Neither the model's folder nor the files of texts: they are paths of one machine.
_SHARED = {
    "concepts",
    "layers",
    "recipe",
    "schedule",
    "rounds",
    "guards",
    "seed",
    "windows",
    "head",
    "align",
    "unlearn",
}


def read_recording(path: Path) -> Recording:
    """Read such a file.

    Raises:
        InputError: Missing, damaged, too large, or of a later version.
    """
    try:
        with gzip.open(path) as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise InputError(f"There is no recorded run at {path}.", "Reinstall the program, or name another.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is no recorded run: {error}.", "Name a file written by `atu record`.") from None
    if len(content) > _LARGEST:
        raise InputError(f"{path} holds more than {_LARGEST // 2**20} MB.", "Record a shorter run.")
    try:
        head, config, *events = (parse(line) for line in lines_of(content.decode()))
        if head["format"] > FORMAT:
            raise InputError(f"{path} was recorded by a later version.", "Update atu-gui to open it.")
        known = tuple(from_record(event) for event in events)
        told = [from_record(found) for found in head.get("audits", ())]
        audits = tuple(found for found in told if isinstance(found, AuditFound))
        inquiries = restore(Inquiries, head.get("inquiries", {}))
        if len(audits) != len(told) or not fits(Inquiries, inquiries):
            raise ValueError("what was found or asked after the run")
        return Recording(record_of(known), RunConfig.model_validate(config), known, audits, inquiries)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError) as error:
        raise InputError(f"{path} is a damaged recording: {error}.", "Name a file written by `atu record`.") from None


def record_of(events: tuple[Event, ...]) -> RunRecord:
    """What the store would say of a run, from its events; without a folder.

    Raises:
        StopIteration: Its beginning is missing.
    """
    started = next(event for event in events if isinstance(event, RunStarted))
    finished = next((event for event in events if isinstance(event, RunFinished)), None)
    rounds = tuple(
        RoundSummary(
            event.round, event.tau, event.recall("forget", "test"), event.recall("neighbour", "test"), event.token_loss
        )
        for event in events
        if isinstance(event, RoundScored)
    )
    failed = any(isinstance(event, RunFailed) for event in events)
    return RunRecord(
        run_id=started.run_id,
        title=started.title,
        concepts=started.concepts,
        layers=started.layers,
        status=status_after(finished) if finished else "failed" if failed else "interrupted",
        started=started.started,
        seconds=finished.seconds if finished else 0.0,
        best_round=finished.best_round if finished else 0,
        folder="",
        rounds=rounds,
        stopped_because=finished.stopped_because if finished else "",
    )
