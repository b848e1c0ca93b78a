"""What is left of a process for a report: its log, and a note should it die. Opened by the window and the commands."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from pathlib import Path
from types import TracebackType

from atu_gui import __version__
from atu_gui.core.crashes import CrashWatch
from atu_gui.core.logbook import open_log
from atu_gui.core.redaction import without_tokens

_LOG = logging.getLogger("atu_gui")


class BlackBox(contextlib.AbstractContextManager["BlackBox"]):
    """Within its block everything unexpected is logged: errors that nobody caught, in any thread, and a sudden end.

    On standard error only warnings and worse are shown.
    """

    def __init__(self, folder: Path, program: str) -> None:
        self._log = open_log(folder)
        self._shown = logging.StreamHandler()
        self._shown.setLevel(logging.WARNING)
        self._shown.setFormatter(_Tokenless("%(levelname)s %(name)s: %(message)s"))
        self._watch = CrashWatch(folder)
        self._level = _LOG.level
        self._hooks = sys.excepthook, threading.excepthook
        sys.excepthook, threading.excepthook = _log_unexpected, _log_in_thread
        _LOG.setLevel(logging.INFO)
        _LOG.addHandler(self._log)
        logging.getLogger().addHandler(self._shown)
        _LOG.info("%s %s begins.", program, __version__)

    def last_words(self, words: str) -> None:
        """Why the process is about to be aborted."""
        self._watch.write(words)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """An orderly end, and also one by an error that is on its way to whoever called."""
        if error is not None and not isinstance(error, SystemExit | KeyboardInterrupt):
            # For the log alone: whoever catches it, or Python itself, says it on standard error.
            _LOG.info("Ended by an error.", exc_info=error)
        _LOG.info("An orderly end.")
        self._watch.close()
        sys.excepthook, threading.excepthook = self._hooks
        _LOG.removeHandler(self._log)
        logging.getLogger().removeHandler(self._shown)
        _LOG.setLevel(self._level)
        self._log.close()


class _Tokenless(logging.Formatter):
    """What is shown on standard error says everything but tokens."""

    def format(self, record: logging.LogRecord) -> str:
        """The whole line, with its traceback."""
        return without_tokens(super().format(record))


def _log_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error in a slot is a bug: it is logged and the window goes on."""
    _LOG.error("Unexpected error.", exc_info=(kind, error, trace))


def _log_in_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        _LOG.error("Unexpected error in a thread.", exc_info=told.exc_value)
