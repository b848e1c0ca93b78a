"""Presets of the user's own: chosen beside those of the program, saved, renamed, deleted and brought back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from atu_gui.core.errors import AtuError, InputError
from atu_gui.core.events import Event
from atu_gui.core.presets import Preset, Shelf, delete_preset, load_presets, save_preset, write_preset
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.widgets.preset_dialog import PresetDialog


class PresetsRoom(Room):
    """Wires the schedule's list of presets to their files."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        theme, actions = self._bench.runs.theme, self._actions
        self._save = PresetDialog(
            theme, "Save as preset", "Save preset",
            "Keeps the rounds and settings of the set-up, to be chosen again later. Model, concepts, files, seed and "
            "budget are no part of it.", self._bench, replaces=True,
        )  # fmt: skip
        self._rename = PresetDialog(
            theme, "Rename preset", "Rename preset", "Runs that were made with it keep the old name in their records.",
            self._bench, replaces=False,
        )  # fmt: skip
        self._bring_back = QAction("Undo", self)
        self._bring_back.setToolTip("Bring the preset back that was deleted.")
        self._bring_back.triggered.connect(self._undelete)
        self._deleted: Preset | None = None
        self._save.named.connect(self._keep)
        self._rename.named.connect(self._call)
        actions.save_preset.triggered.connect(self._ask_save)
        actions.rename_preset.triggered.connect(self._ask_rename)
        actions.delete_preset.triggered.connect(self._delete)
        schedule = self._bench.setup.schedule
        schedule.offer(actions.save_preset, actions.rename_preset, actions.delete_preset)
        schedule.preset_requested.connect(self._bench.setup.show_preset)
        self._bench.setup.edited.connect(self._follow)
        self._names: list[str] = []
        for words in self._show().faults:
            self._bench.log.write(words, "warning")

    def handle(self, event: Event) -> None:
        """Presets are no matter of a run."""

    def _show(self) -> Shelf:
        shelf = load_presets()
        self._names = [one.name for one in shelf.presets]
        self._bench.setup.schedule.show_presets(shelf.presets)
        self._follow()
        return shelf

    @Slot()
    def _follow(self) -> None:
        chosen = self._bench.setup.schedule.own_preset is not None
        for action in (self._actions.rename_preset, self._actions.delete_preset):
            action.setEnabled(chosen)

    @Slot()
    def _ask_save(self) -> None:
        chosen = self._bench.setup.schedule.own_preset
        self._save.ask(chosen.name if chosen is not None else "", self._names)

    @Slot()
    def _ask_rename(self) -> None:
        chosen = self._bench.setup.schedule.own_preset
        if chosen is not None:
            self._rename.ask(chosen.name, [name for name in self._names if name != chosen.name])

    @Slot(str)
    def _keep(self, name: str) -> None:
        setup = self._bench.setup
        setup.clear_faults()
        try:
            config = setup.config_without_concepts()
        except InputError as error:
            setup.show_faults(error.faults)
            return
        self._write(lambda: save_preset(name, config))

    @Slot(str)
    def _call(self, name: str) -> None:
        chosen = self._bench.setup.schedule.own_preset
        if chosen is None:
            return
        renamed = replace(chosen, name=name)

        def write() -> Preset:
            write_preset(renamed)
            return renamed

        self._write(write)

    @Slot()
    def _delete(self) -> None:
        chosen = self._bench.setup.schedule.own_preset
        if chosen is None:
            return
        try:
            delete_preset(chosen)
        except AtuError as error:
            self._bench.notice.say(error.message, error.hint)
            return
        self._deleted = chosen
        self._show()
        self._bench.notice.say(
            f"The preset “{chosen.name}” is deleted.",
            "Its rounds and settings stay in the set-up.",
            kind="info",
            offers=(self._bring_back,),
        )

    @Slot()
    def _undelete(self) -> None:
        deleted, self._deleted = self._deleted, None
        if deleted is None:
            return

        def write() -> Preset:
            write_preset(deleted)
            return deleted

        self._write(write)

    def _write(self, write: Callable[[], Preset]) -> None:
        """Keep a preset, and let the schedule be called by its name where it has its rounds."""
        try:
            made = write()
        except AtuError as error:
            self._bench.notice.say(error.message, error.hint)
            return
        self._show()
        self._bench.setup.schedule.call(made)
