"""Reporting: all that is known of a run as one page, and the way to look at it."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QFileDialog

from atu_gui.core.errors import AtuError
from atu_gui.core.ports import RunRecord
from atu_gui.ui.rooms.room import Reach, Room


class ReportingRoom(Room):
    """Asks where the page shall be, has it written, and offers to open it with the system's browser.

    Only the record is read, so that nothing need wait for it, a run under way included.
    """

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._written: Path | None = None
        # Stands in the message alone: without a page there is nothing to open.
        self._open = QAction("Open the report", self)
        self._open.setToolTip("Show the page in the system's browser")
        self._open.triggered.connect(self._show)
        self._actions.report.triggered.connect(self._ask)
        self._bench.runs.selected.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        self._actions.report.setEnabled(self._bench.runs.selected_run is not None)

    @Slot()
    def _ask(self) -> None:
        record = self._bench.runs.selected_run
        if record is None:
            return
        dialog = QFileDialog(self._bench, f"Write the report of run {record.run_id}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Web page (*.html)")
        dialog.setDefaultSuffix("html")
        dialog.selectFile(f"{_file_name(record)}.html")
        dialog.fileSelected.connect(lambda name: self.write(record.run_id, Path(name)))
        dialog.open()

    def write(self, run_id: str, file: Path) -> None:
        """Write the page; a file of that name is replaced, which the dialog has asked for."""
        self._bench.notice.hide()
        self._session.request(
            lambda port: port.write_report(run_id, file, replace=True), self._say_done, self._say_failed
        )

    def _say_done(self, file: Path) -> None:
        self._written = file
        self._bench.notice.say(f"The report is in {file}.", kind="info", offers=(self._open,))

    def _say_failed(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)

    @Slot()
    def _show(self) -> None:
        if self._written is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written))):
            self._bench.notice.say("The system has no browser that opens it.", f"The page lies in {self._written}.")


def _file_name(record: RunRecord) -> str:
    title = re.sub(r"[^\w]+", "-", record.title).strip("-").lower()
    return "-".join(part for part in (title[:40], record.run_id, "report") if part)
