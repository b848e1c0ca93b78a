"""From any exception to a sentence for the user."""

from __future__ import annotations

import errno
import logging
import sqlite3
import traceback
from collections.abc import Generator
from typing import TypeVar

from atu_gui.core.errors import AtuError, Cancelled, InternalError, OutputError, ResourceError, is_out_of_memory
from atu_gui.core.events import Event, JobFailed
from atu_gui.core.redaction import without_tokens

T = TypeVar("T")
_log = logging.getLogger(__name__)

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_REPORT = "This is a bug in atu-gui: please report it with the details."


def explained(error: BaseException) -> AtuError:
    """The error itself where it was raised on purpose, otherwise the one that tells the user what to do about it."""
    if isinstance(error, AtuError):
        # Sentences of ours may end with what a library said.
        error.message, error.hint = without_tokens(error.message), without_tokens(error.hint)
        return error
    if is_out_of_memory(error):
        return ResourceError(
            "The memory is full.", "Use a smaller batch, shorter passages or a smaller model, or close other programs."
        )
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        place = f" at {error.filename}" if error.filename else ""
        return OutputError(f"The disk is full{place}.", "Free some space or choose another folder.")
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
        return OutputError("The disk of the run store is full.", "Free some space or set ATU_DATA to another folder.")
    if isinstance(error, PermissionError):
        return OutputError(f"{error.filename or 'A file'} cannot be written.", "Choose another folder.")
    # For the log file alone: the user is told it where it arose.
    _log.info("Something went wrong that should not.", exc_info=error)
    return InternalError(
        f"Something went wrong that should not: {type(error).__name__}: {without_tokens(str(error))}", _REPORT
    )


def details_of(error: BaseException) -> str:
    """The traceback, for the log and for a report."""
    return without_tokens("".join(traceback.format_exception(error)))


def told(job: str, work: Generator[Event, None, T]) -> Generator[Event, None, T]:
    """The same events, and a `JobFailed` where the job goes wrong."""
    try:
        return (yield from work)
    except (Cancelled, GeneratorExit):
        raise
    except Exception as error:
        failure = explained(error)
        yield JobFailed(job, failure.message, failure.hint, details_of(error))
        raise failure from error
