"""What every room has: the session, the panels, the actions, and the way to its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from atu_gui.core.events import Event
from atu_gui.ui.actions import Actions
from atu_gui.ui.display import Display
from atu_gui.ui.session import Session
from atu_gui.ui.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Reach:
    """What rooms work with.

    Attributes:
        session: Asks the service.
        bench: Holds the panels.
        actions: The window's actions.
        display: Decides which run the views show.
        show: Brings the workbench page to the front.
    """

    session: Session
    bench: Workbench
    actions: Actions
    display: Display
    show: Callable[[], None]


class Room(QObject):
    """One activity: wires its panels to the session and hears the events it needs."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._bench, self._actions = reach.session, reach.bench, reach.actions
        self._display, self._show_page = reach.display, reach.show

    def handle(self, event: Event) -> None:
        """Most rooms follow something; those that do not, hear nothing."""
