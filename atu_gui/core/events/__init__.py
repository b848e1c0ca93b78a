"""Everything long work says: frozen values of plain numbers, strings and ids.

The engine yields them, the service tees them to the recorder and to every subscriber, the screen draws from them
and from nothing else. `to_record` and `from_record` carry them through JSON.
"""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from atu_gui.core.events.audit import AuditAnswer, AuditFound, AuditPoint, Comeback, Measure
from atu_gui.core.events.chat import ChatAnswered, ChatToken, PromptAnswered
from atu_gui.core.events.checkpoint import CheckpointDue, CheckpointWritten, RunContinued
from atu_gui.core.events.jobs import (
    Interval,
    JobFailed,
    LayerScored,
    Level,
    ModelLoaded,
    Note,
    Progress,
    StoreMended,
    TextWritten,
)
from atu_gui.core.events.run import (
    LIMITS,
    AlignScored,
    ControlApplied,
    EndReason,
    GuardAction,
    GuardTripped,
    ItemAnswered,
    RoundScored,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    SimilaritySeen,
    Stage,
    StageEnded,
    StagePlan,
    StageStarted,
    StepDone,
    TauChosen,
)
from atu_gui.core.events.scores import DeepScored, GroupScores, ItemSampled, ProbeGroup, Speech
from atu_gui.core.records import hints_of, restore

__all__ = [
    "LIMITS",
    "AlignScored",
    "AuditAnswer",
    "AuditFound",
    "AuditPoint",
    "ChatAnswered",
    "ChatToken",
    "CheckpointDue",
    "CheckpointWritten",
    "Comeback",
    "ControlApplied",
    "DeepScored",
    "EndReason",
    "Event",
    "GroupScores",
    "GuardAction",
    "GuardTripped",
    "Interval",
    "ItemAnswered",
    "ItemSampled",
    "JobFailed",
    "LayerScored",
    "Level",
    "Measure",
    "ModelLoaded",
    "Note",
    "ProbeGroup",
    "Progress",
    "PromptAnswered",
    "RoundScored",
    "RunContinued",
    "RunFailed",
    "RunFinished",
    "RunPaused",
    "RunResumed",
    "RunStarted",
    "SimilaritySeen",
    "Speech",
    "Stage",
    "StageEnded",
    "StagePlan",
    "StageStarted",
    "StepDone",
    "StoreMended",
    "TauChosen",
    "TextWritten",
    "from_record",
    "is_recorded",
    "to_record",
]

Event = (
    Progress
    | Note
    | ModelLoaded
    | TextWritten
    | RunStarted
    | StageStarted
    | StageEnded
    | TauChosen
    | StepDone
    | AlignScored
    | SimilaritySeen
    | ControlApplied
    | ItemAnswered
    | RoundScored
    | ItemSampled
    | DeepScored
    | GuardTripped
    | RunPaused
    | RunResumed
    | CheckpointDue
    | CheckpointWritten
    | RunContinued
    | RunFinished
    | RunFailed
    | JobFailed
    | StoreMended
    | LayerScored
    | ChatToken
    | ChatAnswered
    | PromptAnswered
    | AuditFound
)

# A chat is no part of the run: another prompt must not make another record. The rest is gone a moment later.
_PASSING = (Progress, ChatToken, ChatAnswered, PromptAnswered, CheckpointDue, CheckpointWritten, StoreMended)

_KINDS: dict[str, Any] = {kind.__name__: kind for kind in typing.get_args(Event)}


def is_recorded(event: Event) -> bool:
    """Whether an event of a run belongs to its record."""
    return not isinstance(event, _PASSING)


def to_record(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data, its type under "event"."""
    return {"event": type(event).__name__, **dataclasses.asdict(event)}


def from_record(record: dict[str, Any]) -> Event:
    """The event that `to_record` made `record` from.

    Raises:
        ValueError: Unknown event or wrong fields.
    """
    if not isinstance(record, dict):
        raise ValueError("not an event")
    data = dict(record)
    kind = _KINDS.get(str(data.pop("event", "")))
    if kind is None:
        raise ValueError("not an event of this version")
    hints = hints_of(kind)
    try:
        return typing.cast(Event, kind(**{name: restore(hints[name], value) for name, value in data.items()}))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a damaged {kind.__name__} event: {error}") from None
