"""Choosing a model from the toolbar: what the chip with its name offers."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from atu_gui.ui.menus import model_menu
from atu_gui.ui.rooms.room import Reach, Room


class ChoosingRoom(Room):
    """Opens the menu of models below the chip."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._menu = model_menu(self._actions, self._bench)
        self._bench.run_bar.model_pressed.connect(self._pop)

    @Slot()
    def _pop(self) -> None:
        chip = self._bench.run_bar.chip
        self._menu.popup(chip.mapToGlobal(chip.rect().bottomLeft()))
