"""Material of a report: of the real run that comes with the program, and of made-up ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from atu_gui.core.compared import Compared
from atu_gui.core.events import Event, RunFinished, RunStarted
from atu_gui.core.recorded import read_recording, record_of, shipped_recording
from atu_gui.report.material import Material
from tests.ui.fake_keeping import past_config, past_events


def real() -> Material:
    """The run that comes with the program."""
    recording = read_recording(shipped_recording())
    run = Compared.of(recording.record, recording.config, recording.events)
    return of(run)


def made_up(events: Sequence[Event] | None = None) -> Material:
    """A made-up run of three rounds, or one that said these."""
    config = past_config()
    said = tuple(events) if events is not None else tuple(past_events("aaaa", config))
    return of(Compared.of(record_of(said), config, said))


def of(run: Compared) -> Material:
    """Material without audits, evaluations and rephrasings."""
    start = next(event for event in run.events if isinstance(event, RunStarted))
    return Material(run, start, (), (), (), {"torch": "2.13.0"}, (("Language model", "abc123"),), 1.8e9)


def without_end(material: Material) -> Material:
    """As if it had been cut off."""
    said = tuple(event for event in material.run.events if not isinstance(event, RunFinished))
    record = dataclasses.replace(record_of(said), status="crashed")
    return dataclasses.replace(material, run=Compared.of(record, material.run.config, said))
