"""Keeping: the list of runs, opening one as it was, naming, deleting and bringing back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import AtuError
from atu_gui.core.events import Event, RoundScored, RunFailed, RunFinished, RunPaused, RunResumed, RunStarted
from atu_gui.core.ports import RunRecord
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.widgets.run_dialogs import AnnotateDialog

# After these the list of runs says something else.
_NEWS = (RunStarted, RoundScored, RunPaused, RunResumed, RunFinished, RunFailed)


class RunsRoom(Room):
    """Wires the runs panel to the store and to the views of a run."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._deleted: list[str] = []
        self._annotate = AnnotateDialog(self._bench.runs.theme, self._bench)
        self._annotate.annotated.connect(self._save_note)
        self._bench.runs.open_requested.connect(self.open)
        self._bench.runs.selected.connect(self._follow_selection)
        self._bench.past.left.connect(self._display.show_live)
        self._bench.past.pressed.connect(self._select_shown)
        for changed in (self._display.changed, self._display.record_changed):
            changed.connect(self._show_strip)
        self._actions.open_run.triggered.connect(self._open_selected)
        self._actions.close_run.triggered.connect(self._display.show_live)
        self._actions.annotate_run.triggered.connect(self._ask_note)
        self._actions.delete_run.triggered.connect(self._delete)
        self._actions.undelete_run.triggered.connect(self._undelete)
        self._bench.runs.corner.offer("folder-open", "Open", self._actions.open_run)
        self._bench.runs.set_menu(
            self._actions.open_run, None,
            self._actions.return_round, self._actions.branch_round, self._actions.audit_round,
            self._actions.export_round, None,
        )  # fmt: skip
        self._bench.runs.set_menu(self._actions.annotate_run, self._actions.delete_run, self._actions.undelete_run)
        self._follow_selection("")
        self._show_strip()
        self.refresh()

    def handle(self, event: Event) -> None:
        """Keep the list up to date."""
        if isinstance(event, _NEWS):
            self.refresh(select=event.run_id if isinstance(event, RunStarted) else "")

    def refresh(self, *, select: str = "") -> None:
        """Read the list again, and select a run in it."""

        def show(records: Sequence[RunRecord]) -> None:
            self._bench.runs.show_runs(records)
            for record in records:
                self._display.show_record(record)
            if select:
                self._bench.runs.select(select)

        self._session.request(lambda port: port.runs(), show, self._say)

    @Slot(str)
    def open(self, run_id: str) -> None:
        """Show a run as it went; the one of this window is shown live."""
        if run_id == self._display.live_run:
            self._display.show_live()
            self._show_page()
            return
        self._session.request(
            lambda port: port.config_of(run_id), lambda config: self._read_events(run_id, config), self._say
        )

    def _read_events(self, run_id: str, config: RunConfig) -> None:
        self._session.request(
            lambda port: port.events_of(run_id), lambda events: self._show_past(run_id, config, events), self._say
        )

    def _show_past(self, run_id: str, config: RunConfig, events: Sequence[Event]) -> None:
        record = next((one for one in self._bench.runs.records if one.run_id == run_id), None)
        if record is None:
            return
        self._bench.plots.set_guards(config.guards)
        self._bench.log.show_past(events)
        self._display.show_past(record, events)
        if not record.goes_on:
            self._bench.plots.show_ended()
        self._bench.runs.select(run_id)
        self._show_page()

    @Slot()
    def _show_strip(self) -> None:
        past = self._display.past
        kept = past is not None and self._bench.runs.holds(past.run_id)
        self._bench.past.show_run(past, live=bool(self._display.live_run), kept=kept)
        self._actions.close_run.setEnabled(past is not None)
        if past is None:
            self._bench.log.show_live()
            # Goals and floors of the set-up come back with its plan.
            self._bench.setup.schedule.changed.emit()

    @Slot()
    def _select_shown(self) -> None:
        """A button beside the name of the run that is shown is about that run, whatever is selected in the list."""
        if self._display.past is not None:
            self._bench.runs.select(self._display.past.run_id)

    @Slot()
    def _open_selected(self) -> None:
        record = self._bench.runs.selected_run
        if record is not None:
            self.open(record.run_id)

    @Slot()
    def _ask_note(self) -> None:
        record = self._bench.runs.selected_run
        if record is not None:
            self._annotate.ask(record)

    @Slot(str, str, str, tuple)
    def _save_note(self, run_id: str, title: str, note: str, tags: tuple[str, ...]) -> None:
        self._session.request(
            lambda port: port.annotate_run(run_id, title=title, note=note, tags=tags),
            lambda _: self.refresh(select=run_id),
            self._say,
        )

    @Slot()
    def _delete(self) -> None:
        record = self._bench.runs.selected_run
        if record is None:
            return

        def done(_: None) -> None:
            self._deleted.append(record.run_id)
            if self._display.past is not None and self._display.past.run_id == record.run_id:
                self._display.show_live()
            self._bench.notice.say(
                f"Run {record.run_id} “{record.title}” is deleted.",
                "Its files are removed when the window closes.",
                kind="info",
                offers=(self._actions.undelete_run,),
            )
            self.refresh()

        self._session.request(lambda port: port.delete_run(record.run_id), done, self._say)

    @Slot()
    def _undelete(self) -> None:
        if not self._deleted:
            return
        run_id = self._deleted[-1]

        def done(_: None) -> None:
            self._deleted.remove(run_id)
            self._bench.notice.hide()
            self.refresh(select=run_id)

        self._session.request(lambda port: port.undelete_run(run_id), done, self._say)

    @Slot(str)
    def _follow_selection(self, _run_id: str) -> None:
        record = self._bench.runs.selected_run
        for action in (self._actions.open_run, self._actions.annotate_run):
            action.setEnabled(record is not None)
        self._actions.delete_run.setEnabled(record is not None and not record.goes_on)
        self._actions.undelete_run.setEnabled(bool(self._deleted))

    def _say(self, error: AtuError) -> None:
        self._bench.notice.say(error.message, error.hint)
