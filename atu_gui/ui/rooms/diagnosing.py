"""Reports of faults: copied on request, and offered after a crash."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Slot, qVersion
from PySide6.QtGui import QAction, QGuiApplication

from atu_gui.core import paths, text
from atu_gui.core.config import RunConfig
from atu_gui.core.crashes import take_notes
from atu_gui.core.diagnostics import report
from atu_gui.core.errors import InputError
from atu_gui.ui.rooms.room import Reach, Room


class DiagnosingRoom(Room):
    """Puts the report on the clipboard, and says once what a process that died left behind."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._dismiss = QAction("Dismiss", self)
        self._dismiss.setToolTip("The report can still be copied from the Help menu.")
        self._actions.copy_diagnostics.triggered.connect(self._copy)
        # When everything around is built.
        QTimer.singleShot(0, self, self._offer)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(words := self._report())
        self._show_page()
        self._bench.notice.say(
            "The report is on the clipboard.",
            "Versions, machine, settings and the end of the log; no texts, no names of concepts, no tokens.",
            words,
            kind="info",
        )

    @Slot()
    def _offer(self) -> None:
        notes = take_notes(paths.log_folder())
        if not notes:
            return
        more = f" It was not the only one: {text.count(len(notes), 'crash', 'crashes')}." if len(notes) > 1 else ""
        self._show_page()
        self._bench.crash.say(
            f"The program crashed {text.ago(time.time() - notes[0].died)}.",
            f"A report says where it stood, without texts and tokens: copy it into a letter to the makers.{more}",
            self._report(),
            kind="warn",
            offers=(self._dismiss,),
        )

    def _report(self) -> str:
        window = self._bench.window()
        seen = f"{window.width()} × {window.height()}, scaled by {window.devicePixelRatioF():g}"
        facts = f"Qt {qVersion()} on {QGuiApplication.platformName()}, {seen}, {self._session.phase.name.lower()}"
        return report(self._config(), window=facts)

    def _config(self) -> RunConfig | None:
        """The set-up as far as it fits together."""
        for read in (self._bench.setup.config, self._bench.setup.config_without_concepts):
            try:
                return read()
            except InputError:
                continue
        return None
