"""Watching: the curves zoomed and exported, how busy the machine is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QFileDialog, QMenu

from atu_gui.core import paths, text
from atu_gui.core.errors import OutputError
from atu_gui.core.events import Event, ModelLoaded
from atu_gui.core.machine import Machine, disk_free
from atu_gui.ui.actions import Actions
from atu_gui.ui.exporting import save_csv, save_png, save_svg
from atu_gui.ui.session import Session
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.status_line import StatusLine
from atu_gui.ui.workbench import Workbench

_SECOND_MS = 1000
_ZOOM = 0.5
# Looks at the machine between two looks at the disk.
_DISK_EVERY = 10


class WatchingRoom(QObject):
    """Carries what belongs to looking at a run.

    Args:
        session: Knows the model.
        bench: Holds the panels.
        actions: The window's actions.
        status: Says what is free.
        theme: Gives the exported pictures their ground.
        machine: Is read once a second; tests bring their own.
    """

    def __init__(
        self,
        session: Session,
        bench: Workbench,
        actions: Actions,
        status: StatusLine,
        theme: Theme,
        parent: QObject,
        machine: Machine | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._bench, self._status, self._theme = session, bench, status, theme
        self._disk = ""
        self._looks = 0
        self._machine = machine or Machine()
        self._gpu = 0
        plots = bench.plots
        actions.zoom_in.triggered.connect(lambda: plots.zoom(_ZOOM))
        actions.zoom_out.triggered.connect(lambda: plots.zoom(1 / _ZOOM))
        actions.zoom_fit.triggered.connect(plots.fit)
        ways = (actions.export_png, actions.export_svg, actions.export_csv)
        for action, what, suffix in zip(ways, ("picture", "drawing", "numbers"), ("png", "svg", "csv"), strict=True):
            action.triggered.connect(lambda _on=False, what=what, suffix=suffix: self._ask_where(what, suffix))
        self._menu = QMenu("Export the curves", bench)
        self._menu.addActions(list(ways))
        plots.export_button.clicked.connect(self._pop_menu)
        self._clock = QTimer(self)
        self._clock.setInterval(_SECOND_MS)
        self._clock.timeout.connect(self._look)
        self._clock.start()

    def handle(self, event: Event) -> None:
        """Follow the model to its device."""
        if isinstance(event, ModelLoaded):
            kind, _, index = event.device.partition(":")
            self._gpu = int(index) if kind == "cuda" and index.isdigit() else 0

    def export(self, suffix: str, path: Path) -> None:
        """Write the curves as png, svg or csv and say where."""
        plots = self._bench.plots
        ground = self._theme.color("panel")
        try:
            if suffix == "csv":
                beside = save_csv(plots.curves, path)
                words = f"Every step is in {path}, the scores of every round in {beside.name} beside it."
            else:
                write: Callable[..., None] = save_png if suffix == "png" else save_svg
                write(plots.picture, ground, path)
                words = f"The curves are in {path}."
        except OutputError as error:
            self._bench.notice.say(error.message, error.hint)
            return
        self._bench.notice.say("Exported.", words, kind="info")

    @Slot()
    def _look(self) -> None:
        window = self._bench.window()
        if window.isVisible() and not window.isMinimized():
            self._bench.run_bar.strip.show_readings(self._machine.read(self._gpu))
            self._say_free()
            self._looks += 1

    def _say_free(self) -> None:
        """Memory of the device that is used or would be, and the disk, which changes slowly."""
        loaded = self._session.loaded
        devices = ("cuda:0", "cpu") if loaded is None else (loaded.device,)
        known = ((device, self._machine.free(device)) for device in devices)
        device, free = next(((name, size) for name, size in known if size is not None), (devices[-1], None))
        parts = [text.device(device), "" if free is None else f"{text.size(free)} of memory free"]
        fits = self._bench.setup.cost.fits
        if fits is not None:
            parts.append("the run fits" if fits else "the run does not fit")
        if self._looks % _DISK_EVERY == 0:
            space = disk_free(paths.data_folder())
            self._disk = "" if space is None else f"Data folder: {text.size(space)} free"
        self._status.show_place(" · ".join(filter(None, parts)), self._disk)

    @Slot()
    def _pop_menu(self) -> None:
        button = self._bench.plots.export_button
        self._menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _ask_where(self, what: str, suffix: str) -> None:
        if self._bench.plots.curves.empty:
            self._bench.notice.say("There are no curves yet.", "Press Run, or open a run.", kind="info")
            return
        dialog = QFileDialog(self._bench, f"Export the curves as {what}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{suffix.upper()} (*.{suffix})")
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"curves.{suffix}")
        dialog.fileSelected.connect(lambda name: self.export(suffix, Path(name)))
        dialog.open()
