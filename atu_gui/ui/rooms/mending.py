"""Mending: that the list of runs was damaged and has been made again is said where it is seen, not in the log alone."""

from __future__ import annotations

from atu_gui.core.events import Event, StoreMended
from atu_gui.ui.rooms.room import Room


class MendingRoom(Room):
    """Tells what became of a damaged run store."""

    def handle(self, event: Event) -> None:
        if isinstance(event, StoreMended):
            self._bench.notice.say(event.words, event.hint, kind="warn")
