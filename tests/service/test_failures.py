from __future__ import annotations

import errno
import sqlite3

import pytest

from atu_gui.core.errors import AtuError, InputError, InternalError, OutputError, ResourceError
from atu_gui.service.failures import details_of, explained


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), ResourceError),
        (OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), ResourceError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), ResourceError),
        (OSError(errno.ENOSPC, "No space left on device"), OutputError),
        (sqlite3.OperationalError("database or disk is full"), OutputError),
        (PermissionError(errno.EACCES, "Permission denied", "x"), OutputError),
        (RuntimeError("shapes do not fit"), InternalError),
        (KeyError("x"), InternalError),
    ],
)
def test_every_exception_becomes_a_sentence(error: Exception, kind: type[AtuError]) -> None:
    failure = explained(error)
    assert type(failure) is kind
    assert failure.message
    assert failure.hint


def test_what_was_raised_on_purpose_stays() -> None:
    error = InputError("No such layer.")
    assert explained(error) is error


def test_the_details_hold_the_traceback() -> None:
    try:
        raise ValueError("deep down")
    except ValueError as error:
        details = details_of(error)
    assert "Traceback" in details
    assert "ValueError: deep down" in details
