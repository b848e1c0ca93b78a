"""From any exception to a sentence for the user."""

from __future__ import annotations

import errno
import logging
import sqlite3
import traceback
from collections.abc import Generator
from typing import TypeVar

from atu_gui.core.errors import (
    AtuError,
    Cancelled,
    InternalError,
    OutputError,
    ResourceError,
    is_device_lost,
    is_out_of_memory,
)
from atu_gui.core.events import Event, JobFailed
from atu_gui.core.redaction import without_tokens
from atu_gui.store.faults import explained_store

T = TypeVar("T")
_log = logging.getLogger(__name__)

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_DISK_AT_FAULT = (errno.EIO, errno.EROFS, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.EMFILE, errno.ENFILE)
_DEVICE = (
    "Load the model again; where that fails too, start atu-gui anew. A run that was under way can be resumed from its "
    "last checkpoint."
)
_REPORT = "This is a bug in atu-gui: please report it with the details."


def explained(error: BaseException) -> AtuError:
    """The error itself where it was raised on purpose, otherwise the one that tells the user what to do about it."""
    failure = error if isinstance(error, AtuError) else _in_words(error)
    # Sentences of ours may end with what a library said, or name a file.
    failure.message, failure.hint = without_tokens(failure.message), without_tokens(failure.hint)
    return failure


def _in_words(error: BaseException) -> AtuError:
    if is_out_of_memory(error):
        return ResourceError(
            "The memory is full.", "Use a smaller batch, shorter passages or a smaller model, or close other programs."
        )
    if is_device_lost(error):
        return ResourceError(f"The device failed, and what was on it is lost: {_first_line(error)}.", _DEVICE)
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        place = f" at {error.filename}" if error.filename else ""
        return OutputError(f"The disk is full{place}.", "Free some space or choose another folder.")
    if isinstance(error, sqlite3.Error):
        return explained_store(error)
    if isinstance(error, PermissionError):
        return OutputError(f"{error.filename or 'A file'} cannot be written.", "Choose another folder.")
    if isinstance(error, OSError) and error.errno in _DISK_AT_FAULT:
        return OutputError(
            f"{error.filename or 'A file'} cannot be read or written: {error.strerror}.",
            "Check the disk, or choose another folder.",
        )
    # For the log file alone: the user is told it where it arose.
    _log.info("Something went wrong that should not.", exc_info=error)
    return InternalError(f"Something went wrong that should not: {type(error).__name__}: {error}", _REPORT)


def _first_line(error: BaseException) -> str:
    """What the driver said, without its advice to programmers."""
    words = str(error).strip().partition("\n")[0]
    return words.rstrip(".") or type(error).__name__


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
