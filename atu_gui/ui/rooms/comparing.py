"""Comparing: reads what the chosen runs said and shows it side by side, the run that comes with the program too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from atu_gui.core.compared import Compared
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import AtuError, InputError
from atu_gui.core.events import Event, RoundScored, RunFailed, RunFinished
from atu_gui.core.ports import RunRecord
from atu_gui.core.recorded import Recording, read_recording, shipped_recording
from atu_gui.ui.rooms.room import Reach, Room


class ComparingRoom(Room):
    """Fills the compare view from the store; a run that goes on is read again after each of its rounds."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._read: dict[str, Compared] = {}
        # Read when a comparison is first opened, so that no start waits for it.
        self._recording: Recording | None = None
        # Answers to an older choice are dropped.
        self._asked = 0
        self._bench.compare.runs_chosen.connect(self._choose)
        self._bench.compare.left.connect(lambda: self._bench.show_view("run"))
        self._bench.runs.listed.connect(self._take_list)
        self._actions.compare.triggered.connect(self._open)
        self._bench.runs.corner.offer("stack", "Compare", self._actions.compare)

    def handle(self, event: Event) -> None:
        """Scores of a compared run come anew."""
        if isinstance(event, RoundScored | RunFinished | RunFailed) and event.run_id in self._read:
            del self._read[event.run_id]
            self._choose(self._bench.compare.list.ids)

    @Slot()
    def _open(self) -> None:
        """Show the comparison; the selected run enters it."""
        self._offer_recording()
        panel, selected = self._bench.compare, self._bench.runs.selected_run
        if selected is not None and selected.rounds and not panel.list.ids:
            alike = [
                one.run_id
                for one in self._bench.runs.records
                if one.rounds and one.concepts == selected.concepts and one.run_id != selected.run_id
            ]
            panel.list.choose((selected.run_id, *alike[:1]))
        self._show_page()
        self._bench.show_view("compare")

    def _offer_recording(self) -> None:
        if self._recording is not None:
            return
        try:
            read = read_recording(shipped_recording())
        except InputError as error:
            self._bench.log.write(str(error), "warning")
            return
        record = replace(read.record, title="Recorded run", note="Comes with the program.")
        self._recording = replace(read, record=record)
        self._bench.compare.list.show_runs(self._all(self._bench.runs.records))

    def _all(self, records: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
        """The runs of this machine, then the one that comes with the program, unless it was made here."""
        if self._recording is None or any(one.run_id == self._recording.record.run_id for one in records):
            return tuple(records)
        return (*records, self._recording.record)

    @Slot(tuple)
    def _take_list(self, records: tuple[RunRecord, ...]) -> None:
        records = self._all(records)
        self._bench.compare.list.show_runs(records)
        newer = {record.run_id: record for record in records}
        for run_id, run in list(self._read.items()):
            if run_id in newer and newer[run_id] != run.record:
                del self._read[run_id]
        if set(self._bench.compare.list.ids) - set(self._read):
            self._choose(self._bench.compare.list.ids)

    @Slot(tuple)
    def _choose(self, ids: tuple[str, ...]) -> None:
        self._asked += 1
        asked = self._asked
        missing = [run_id for run_id in ids if run_id not in self._read]
        if not missing:
            self._bench.compare.show_compared([self._read[run_id] for run_id in ids])
            return
        for run_id in missing:
            self._fetch(run_id, lambda: self._show_when_complete(asked, ids))

    def _show_when_complete(self, asked: int, ids: tuple[str, ...]) -> None:
        if asked == self._asked and all(run_id in self._read for run_id in ids):
            self._bench.compare.show_compared([self._read[run_id] for run_id in ids])

    def _fetch(self, run_id: str, then: Callable[[], None]) -> None:
        recording = self._recording
        if recording is not None and run_id == recording.record.run_id and not self._bench.runs.holds(run_id):
            self._read[run_id] = Compared.of(recording.record, recording.config, recording.events)
            then()
            return

        def got_config(config: RunConfig) -> None:
            self._session.request(
                lambda port: port.events_of(run_id), lambda events: got_events(config, events), self._say
            )

        def got_events(config: RunConfig, events: Sequence[Event]) -> None:
            record = next((one for one in self._bench.runs.records if one.run_id == run_id), None)
            if record is not None:
                self._read[run_id] = Compared.of(record, config, events)
                then()

        self._session.request(lambda port: port.config_of(run_id), got_config, self._say)

    def _say(self, error: AtuError) -> None:
        self._bench.show_view("run")
        self._bench.notice.say(error.message, error.hint)
