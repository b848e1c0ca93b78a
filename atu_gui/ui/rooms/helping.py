"""Help: the words of the method, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.widgets.glossary_dialog import GlossaryDialog


class HelpingRoom(Room):
    """Opens the glossary, once, and says version and licence."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._glossary: GlossaryDialog | None = None
        self._actions.glossary.triggered.connect(self._open_glossary)
        self._actions.about.triggered.connect(self._say_about)

    @Slot()
    def _open_glossary(self) -> None:
        if self._glossary is None:
            self._glossary = GlossaryDialog(self._bench.runs.theme, self._bench.window())
        self._glossary.show()
        self._glossary.raise_()
        self._glossary.activateWindow()

    @Slot()
    def _say_about(self) -> None:
        self._show_page()
        self._bench.say_about()
