"""Closing the window during a run: it asks first, and closes when the run has been kept or has stopped."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from atu_gui.core.progress import RunProgress
from atu_gui.ui.session import IN_RUN, Session
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.leave_dialog import LeaveDialog


class LeavingRoom(QObject):
    """Asks before a running run is left.

    Args:
        session: Leaves or ends the run.
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
        session.phase_changed.connect(self._follow)

    def may_close(self) -> bool:
        """True when nothing is lost by closing now; else the user is asked."""
        if self._session.phase not in IN_RUN:
            return True
        if not self._is_leaving:
            self._ask()
        return False

    @Slot()
    def _follow(self) -> None:
        """Closes the window when the run is over, after everybody has heard of its end."""
        if self._is_leaving and self._session.phase not in IN_RUN:
            QTimer.singleShot(0, self._window, self._window.close)

    def _ask(self) -> None:
        if self._dialog is None:
            self._dialog = LeaveDialog(self._theme, self._window)
            self._dialog.checkpoint_requested.connect(lambda: self._leave(self._suspend))
            self._dialog.discard_requested.connect(lambda: self._leave(self._session.discard))
        begin, rest = self._progress().words()
        self._dialog.say(f"{begin} · {rest}", self._progress().left_words())
        self._dialog.open()

    def _suspend(self) -> None:
        control = self._session.control
        if control is not None:
            control.suspend()

    def _leave(self, end: Callable[[], None]) -> None:
        self._is_leaving = True
        end()
        self._follow()
