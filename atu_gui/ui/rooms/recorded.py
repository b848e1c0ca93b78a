"""Looking: the recorded run that comes with the program, shown without a model."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from atu_gui.core.errors import InputError
from atu_gui.core.events import Event
from atu_gui.core.recorded import read_recording, shipped_recording
from atu_gui.ui.actions import Actions
from atu_gui.ui.display import Display
from atu_gui.ui.workbench import Workbench


class RecordedRoom(QObject):
    """Opens the recorded run in the views of a run.

    Args:
        bench: Holds the panels.
        actions: The window's actions.
        display: Decides which run the views show.
        show: Brings the workbench page to the front.
    """

    def __init__(
        self, bench: Workbench, actions: Actions, display: Display, show: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._bench, self._display, self._show_page = bench, display, show
        actions.open_recorded.triggered.connect(self.open)

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
        self._bench.plots.show_ended()
        self._bench.show_tab(self._bench.probes)
