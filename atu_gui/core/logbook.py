"""The program's log on disk: bounded, and free of texts and tokens whatever is logged.

A line is made of a message's template (which is code) and its arguments: numbers, names of kinds, errors without their
words. What runs say is told by kind, numbers and ids.
"""

from __future__ import annotations

import dataclasses
import logging
import logging.handlers
from collections import deque
from pathlib import Path

from atu_gui.core.events import (
    AlignScored,
    AuditFound,
    ChatToken,
    CheckpointDue,
    ControlApplied,
    Event,
    ItemAnswered,
    ItemSampled,
    Progress,
    PromptAnswered,
    SimilaritySeen,
    StepDone,
    TextWritten,
)
from atu_gui.core.redaction import redacted, textless_traceback, textless_words

FILE = "atu-gui.log"
_BYTES, _OLDER = 500_000, 3
_LOG = logging.getLogger(__name__)
# They come by the hundred and say nothing that a report needs.
_TOO_MANY = (
    Progress, StepDone, AlignScored, SimilaritySeen, ControlApplied, ItemAnswered, ItemSampled, TextWritten, ChatToken,
    PromptAnswered, CheckpointDue, AuditFound,
)  # fmt: skip
# Fields with words of the program's own; any other words may be the user's.
_OWN_WORDS = {
    "run_id", "parent_run", "stage", "job", "reason", "guard", "action", "level", "device", "dtype", "recipe",
    "weights_hash",
}  # fmt: skip


def open_log(folder: Path) -> logging.Handler:
    """A handler that writes the log below `folder`, old lines go first; a folder that cannot be written costs nothing.

    Its file is opened by the first line.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _LogFile(
            folder / FILE, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Textless())
    return handler


def log_event(event: Event) -> None:
    """Note what a run or job said, unless its like come by the hundred."""
    if not isinstance(event, _TOO_MANY) and _LOG.isEnabledFor(logging.INFO):
        _LOG.info("%s", note_of(event))


def note_of(event: Event) -> str:
    """An event by its kind, its numbers and its ids."""
    parts = [type(event).__name__]
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if isinstance(value, float):
            parts.append(f"{field.name}={value:.4g}")
        elif isinstance(value, int) or (isinstance(value, str) and value and field.name in _OWN_WORDS):
            parts.append(f"{field.name}={value}")
    return " ".join(parts)


def last_lines(folder: Path, count: int) -> list[str]:
    """The end of the log; empty where there is none."""
    try:
        with (folder / FILE).open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=count)]
    except OSError:
        return []


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log that cannot be written must not disturb what it tells of."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A full disk, or a file that another window holds: the line is lost."""


class _Textless(logging.Formatter):
    """Lines without texts and tokens."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """A copy is formatted: other handlers say the rest."""
        arguments = record.args if isinstance(record.args, tuple) else (record.args,) if record.args else ()
        shown = tuple(textless_words(one) if isinstance(one, BaseException) else one for one in arguments)
        try:
            message = str(record.msg) % shown if shown else str(record.msg)
        except (TypeError, ValueError):
            message = str(record.msg)
        line = self.formatMessage(self._copy(record, message))
        error = record.exc_info[1] if record.exc_info else None
        return redacted(line) if error is None else f"{redacted(line)}\n{textless_traceback(error)}"

    def _copy(self, record: logging.LogRecord, message: str) -> logging.LogRecord:
        copy = logging.makeLogRecord(record.__dict__)
        copy.message = message
        copy.asctime = self.formatTime(record)
        return copy
