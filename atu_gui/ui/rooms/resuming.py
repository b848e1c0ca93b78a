"""Resuming: runs that were cut off are offered on start, and can be gone on with from the list."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from atu_gui.core import text
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import AtuError
from atu_gui.core.ports import RunRecord
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.session import Phase

_HOW = {"crashed": "was cut off", "interrupted": "was left", "failed": "failed"}


class ResumingRoom(Room):
    """Goes on with a run that has a checkpoint."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._has_offered = False
        self._offered = ""
        self._wanted = ""
        self._offers = tuple(
            self._offer(words, tip, do)
            for words, tip, do in (
                ("Resume", "Go on from its last checkpoint.", lambda: self._resume(self._offered)),
                ("Show", "Show how far it came.", lambda: self._bench.runs.open_requested.emit(self._offered)),
                ("Dismiss", "It stays in the list of runs and can be resumed from there.", lambda: None),
            )
        )
        self._bench.runs.corner.offer("play", "Resume", self._actions.resume_run)
        self._bench.runs.set_menu(self._actions.resume_run)
        self._bench.runs.selected.connect(self._follow)
        self._bench.runs.listed.connect(self._offer_once)
        self._actions.resume_run.triggered.connect(self._resume_selected)
        self._session.phase_changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        record, idle = self._bench.runs.selected_run, self._session.phase is Phase.IDLE
        self._actions.resume_run.setEnabled(idle and record is not None and record.can_resume)
        if idle and self._wanted:
            wanted, self._wanted = self._wanted, ""
            self._resume(wanted)

    @Slot(tuple)
    def _offer_once(self, records: tuple[RunRecord, ...]) -> None:
        """The first list of this window says what was cut off before it."""
        if self._has_offered:
            return
        self._has_offered = True
        cut_off = [record for record in records if record.can_resume]
        if not cut_off:
            return
        newest = cut_off[0]
        assert newest.checkpoint is not None
        self._offered = newest.run_id
        more = f" {text.count(len(cut_off) - 1, 'older run')} can be resumed from the list." if len(cut_off) > 1 else ""
        ago = text.ago(time.time() - newest.checkpoint)
        self._show_page()
        self._bench.notice.say(
            f"Run {newest.run_id} “{newest.title}” {_HOW[newest.status]} before its end.",
            f"Its last checkpoint was written {ago}; it goes on from there as if nothing had happened.{more}",
            kind="warn",
            offers=self._offers,
        )

    @Slot()
    def _resume_selected(self) -> None:
        record = self._bench.runs.selected_run
        if record is not None:
            self._resume(record.run_id)

    def _resume(self, run_id: str) -> None:
        if self._session.phase is not Phase.IDLE:
            # On start the model is still being loaded.
            self._wanted = run_id
            return

        def go_on(config: RunConfig) -> None:
            self._show_page()
            # What the set-up says is what runs; a later run needs a folder of its own.
            self._bench.setup.show_config(config.model_copy(update={"out": None}))
            self._session.resume_run(run_id, config)

        self._session.request(lambda port: port.config_of(run_id), go_on, self._say)

    def _offer(self, words: str, tip: str, do: Callable[[], None]) -> QAction:
        made = QAction(words, self)
        made.setToolTip(tip)
        made.triggered.connect(lambda _on=False: do())
        return made

    def _say(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)
