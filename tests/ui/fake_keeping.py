"""Runs that were kept, in memory: what the fake workbench's store knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import AtuError, InputError
from atu_gui.core.events import Event, RoundScored, RunFinished, RunStarted
from atu_gui.core.materials import Materials
from atu_gui.core.ports import Exported, RoundSummary, RunRecord, Weights
from atu_gui.core.schedule import settle
from tests.ui.fake_run import PLANNED, Script, materials

T = TypeVar("T")


def past_config(name: str = "Leonardo da Vinci", **changes: object) -> RunConfig:
    """The config of such a run."""
    return PLANNED.model_copy(update={"concepts": [Concept(name=name)], **changes}, deep=True)


def past_events(run_id: str, config: RunConfig, started: float = 1.7e9) -> list[Event]:
    """What a run said."""
    events = []
    for event in Script(settle(config), RunControl(), None, 0.0).events():
        if hasattr(event, "run_id"):
            event = dataclasses.replace(event, run_id=run_id)  # type: ignore[type-var]
        if isinstance(event, RunStarted):
            event = dataclasses.replace(event, started=started, title=config.title)
        events.append(event)
    return events


def record_of(events: Sequence[Event], **changes: object) -> RunRecord:
    """The record that the store would make of them."""
    start = events[0]
    assert isinstance(start, RunStarted)
    rounds = tuple(
        RoundSummary(one.round, one.tau, one.recall("forget", "test"), one.recall("neighbour", "test"), one.token_loss)
        for one in events
        if isinstance(one, RoundScored)
    )
    end = next((event for event in events if isinstance(event, RunFinished)), None)
    record = RunRecord(
        start.run_id, start.title, start.concepts, start.layers, "done", start.started, end.seconds if end else 40.0,
        end.best_round if end else 0, start.folder, rounds, end.stopped_because if end else "",
    )  # fmt: skip
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


class FakeKeeping:
    """The part of the port that is about kept runs; every answer is there at once."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, RunRecord] = {}
        self.told: dict[str, list[Event]] = {}
        self.kept_configs: dict[str, RunConfig] = {}
        self.deleted: dict[str, RunRecord] = {}
        self.returned: list[Weights] = []
        self.exported: list[tuple[Weights, Path]] = []
        self.export_error: AtuError | None = None
        self.reported: list[tuple[str, Path, bool]] = []
        self.report_error: AtuError | None = None

    def keep(self, run_id: str, config: RunConfig | None = None, **changes: object) -> list[Event]:
        """A run that was made before; returns its events."""
        config = config or past_config()
        events = past_events(run_id, config, started=1.7e9 + 1000 * len(self.records))
        self.told[run_id], self.kept_configs[run_id] = events, config
        self.records[run_id] = record_of(events, **changes)
        return events

    def runs(self) -> Future[Sequence[RunRecord]]:
        return _done(sorted(self.records.values(), key=lambda record: -record.started))

    def events_of(self, run_id: str) -> Future[Sequence[Event]]:
        return self._of(run_id, lambda: self.told[run_id])

    def config_of(self, run_id: str) -> Future[RunConfig]:
        return self._of(run_id, lambda: self.kept_configs[run_id])

    def materials_of(self, run_id: str) -> Future[Materials]:
        return self._of(run_id, lambda: materials(self.records[run_id].concepts[0]))

    def return_to(self, weights: Weights) -> Future[str]:
        def back() -> str:
            self.returned.append(weights)
            return f"run {weights.run_id}, round {weights.round}"

        return self._of(weights.run_id, back)

    def export_round(self, weights: Weights, folder: Path) -> Future[Exported]:
        if self.export_error is not None:
            return _failed(self.export_error)
        self.exported.append((weights, folder))
        return _done(Exported(folder, 538_000_000, 14))

    def write_report(self, run_id: str, file: Path, *, replace: bool = False) -> Future[Path]:
        def write() -> Path:
            self.reported.append((run_id, file, replace))
            return file

        return _failed(self.report_error) if self.report_error is not None else self._of(run_id, write)

    def annotate_run(self, run_id: str, *, title: str, note: str, tags: tuple[str, ...]) -> Future[None]:
        def write() -> None:
            self.records[run_id] = dataclasses.replace(self.records[run_id], title=title, note=note, tags=tags)

        return self._of(run_id, write)

    def delete_run(self, run_id: str) -> Future[None]:
        def delete() -> None:
            self.deleted[run_id] = self.records.pop(run_id)

        return self._of(run_id, delete)

    def undelete_run(self, run_id: str) -> Future[None]:
        if run_id not in self.deleted:
            return _failed(InputError(f"There is no run “{run_id}”."))
        self.records[run_id] = self.deleted.pop(run_id)
        return _done(None)

    def _of(self, run_id: str, work: Callable[[], T]) -> Future[T]:
        """What a run's record is good for; one that is not there is the user's error, as in the store."""
        if run_id not in self.records:
            return _failed(InputError(f"There is no run “{run_id}”."))
        return _done(work())


def _done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future


def _failed(error: AtuError) -> Future[T]:
    future: Future[T] = Future()
    future.set_exception(error)
    return future
