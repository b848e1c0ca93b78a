"""Which run the panels show: the one under way, or a recorded one that was opened.

The panels cannot tell them apart, because both are events. What the run under way says while another is shown is kept
here, so that nothing is lost when the user comes back to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from atu_gui.core.events import AuditFound, Event, RunStarted
from atu_gui.core.findings import newest
from atu_gui.core.inquiries import Inquiries
from atu_gui.core.ports import RunRecord


class Shown(Protocol):
    """A view of one run."""

    def handle(self, event: Event) -> None:
        """Take in an event."""
        ...

    def clear(self) -> None:
        """Forget the run."""
        ...


class Display(QObject):
    """Hands events to the views of a run.

    Signals: `changed` (another run is shown), `record_changed` (its name or state), `audits_changed` (what audits found
    of the run that is shown), `inquiries_changed` (what is known to have been asked of a past run that is shown).
    """

    changed = Signal()
    record_changed = Signal()
    audits_changed = Signal()
    inquiries_changed = Signal()

    def __init__(self, views: Iterable[Shown], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views = tuple(views)
        self._tape: list[Event] = []
        self._past: RunRecord | None = None
        self._past_events: tuple[Event, ...] = ()
        self._audits: tuple[AuditFound, ...] = ()
        self._inquiries: Inquiries | None = None

    @property
    def past(self) -> RunRecord | None:
        """The recorded run that is shown; None while it is the one under way, or none."""
        return self._past

    @property
    def live_run(self) -> str:
        """The id of the run that began last in this window, or nothing."""
        first = self._tape[0] if self._tape else None
        return first.run_id if isinstance(first, RunStarted) else ""

    @property
    def shown_run(self) -> str:
        """The id of the run that is shown, or nothing."""
        return self._past.run_id if self._past is not None else self.live_run

    @property
    def audits(self) -> tuple[AuditFound, ...]:
        """What is known of the findings of audits of the run that is shown."""
        return self._audits

    def show_audits(self, run_id: str, found: Sequence[AuditFound]) -> None:
        """Take in what is kept of a run's audits, where that run is shown."""
        if run_id == self.shown_run and tuple(found) != self._audits:
            self._audits = tuple(found)
            self.audits_changed.emit()

    @property
    def inquiries(self) -> Inquiries | None:
        """What was asked of the past run that is shown; None until that is known, and while no past run is shown."""
        return self._inquiries

    def show_inquiries(self, run_id: str, found: Inquiries) -> None:
        """Take in what was asked of a past run, where that run is shown."""
        if self._past is not None and run_id == self._past.run_id and found != self._inquiries:
            self._inquiries = found
            self.inquiries_changed.emit()

    @property
    def shown_events(self) -> tuple[Event, ...]:
        """What the run that is shown has said so far."""
        return self._past_events if self._past is not None else tuple(self._tape)

    def handle(self, event: Event) -> None:
        """Take in what the workbench says now."""
        if not hasattr(event, "run_id"):
            # Progress, notes and answers belong to no run; what is heard is shown.
            self._tell(event)
            return
        if isinstance(event, AuditFound):
            # An audit comes after its run and is none of what the run said.
            self.show_audits(event.run_id, newest((*self._audits, event)))
            return
        if isinstance(event, RunStarted):
            self._tape.clear()
            self._leave_past()
            self._forget_audits()
        self._tape.append(event)
        if self._past is None:
            self._tell(event)

    def show_past(self, record: RunRecord, events: Iterable[Event]) -> None:
        """Show a recorded run instead."""
        self._past, self._past_events, self._inquiries = record, tuple(events), None
        self._forget_audits()
        self._replay(self._past_events)
        self.changed.emit()

    def show_record(self, record: RunRecord) -> None:
        """Take in what the store says now of the recorded run that is shown: the user may have renamed it."""
        if self._past is not None and record.run_id == self._past.run_id and record != self._past:
            self._past = record
            self.record_changed.emit()

    def show_live(self) -> None:
        """Back to the run under way, or to nothing."""
        if self._past is not None:
            self._past, self._past_events, self._inquiries = None, (), None
            self._forget_audits()
            self._replay(self._tape)
            self.changed.emit()

    def _leave_past(self) -> None:
        if self._past is not None:
            self._past, self._past_events, self._inquiries = None, (), None
            self.changed.emit()

    def _forget_audits(self) -> None:
        if self._audits:
            self._audits = ()
            self.audits_changed.emit()

    def _replay(self, events: Iterable[Event]) -> None:
        for view in self._views:
            view.clear()
        for event in events:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        for view in self._views:
            view.handle(event)
