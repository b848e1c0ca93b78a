"""Planning: the curves show the stages and goals of the set-up until a run begins."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from atu_gui.core.errors import InputError
from atu_gui.core.progress import planned_stages
from atu_gui.core.schedule import settle
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.session import IN_RUN


class PlanningRoom(Room):
    """Reads the set-up anew whenever its schedule or settings change."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        for section in (self._bench.setup.schedule, self._bench.setup.settings):
            section.changed.connect(self._show_plan)
        self._show_plan()

    @Slot()
    def _show_plan(self) -> None:
        if self._session.phase in IN_RUN:
            return
        try:
            config = settle(self._bench.setup.config_without_concepts())
        except InputError:
            return
        self._bench.plots.set_planned(planned_stages(config))
        self._bench.plots.set_guards(config.guards)
