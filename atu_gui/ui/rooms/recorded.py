"""Looking: the recorded run that comes with the program, shown without a model."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from atu_gui.core.errors import InputError
from atu_gui.core.events import Event
from atu_gui.core.recorded import read_recording, shipped_recording
from atu_gui.ui.rooms.room import Reach, Room


class RecordedRoom(Room):
    """Opens the recorded run in the views of a run."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._actions.open_recorded.triggered.connect(self.open)
        self._bench.plots.recorded_requested.connect(self.open)

    def handle(self, event: Event) -> None:
        """A recording hears nothing."""

    @Slot()
    def open(self) -> None:
        """Show it, with its own goals and floors."""
        self._show_page()
        try:
            recording = read_recording(shipped_recording())
        except InputError as error:
            self._bench.notice.say(error.message, error.hint)
            return
        self._bench.plots.set_guards(recording.config.guards)
        self._bench.log.show_past(recording.events)
        self._display.show_past(recording.record, recording.events)
        self._display.show_audits(recording.record.run_id, recording.audits)
        self._display.show_inquiries(recording.record.run_id, recording.inquiries)
        self._bench.plots.show_ended()
        self._bench.show_tab(self._bench.probes)
