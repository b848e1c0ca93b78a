"""Closing the window during a run: it asks first, and closes when the run has stopped."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from atu_gui.core.events import Event, RunFailed, RunFinished
from atu_gui.core.progress import RunProgress
from atu_gui.ui.session import IN_RUN, Session
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.leave_dialog import LeaveDialog


class LeavingRoom(QObject):
    """Asks before a running run is left.

    Args:
        session: Stops the run.
        progress: How far the run is, for the question.
        theme: Colours and fonts.
        window: Is closed in the end.
    """

    def __init__(self, session: Session, progress: Callable[[], RunProgress], theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._progress = session, progress
        self._theme, self._window = theme, window
        self._dialog: LeaveDialog | None = None
        self._is_leaving = False

    def may_close(self) -> bool:
        """True when nothing is lost by closing now; else the user is asked."""
        if self._is_leaving or self._session.phase not in IN_RUN:
            return True
        self._ask()
        return False

    def handle(self, event: Event) -> None:
        """Closes the window when the run that was to be stopped has ended."""
        if self._is_leaving and isinstance(event, RunFinished | RunFailed):
            self._window.close()

    def _ask(self) -> None:
        if self._dialog is None:
            self._dialog = LeaveDialog(self._theme, self._window)
            self._dialog.stop_requested.connect(self._stop_and_leave)
        begin, rest = self._progress().words()
        self._dialog.say(f"{begin} · {rest}", self._progress().left_words())
        self._dialog.open()

    def _stop_and_leave(self) -> None:
        self._is_leaving = True
        if self._session.phase in IN_RUN:
            self._session.stop()
        else:
            self._window.close()
