"""How honest the announced remaining time was: recorded runs replayed through the reckoning that the window uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, RoundScored, RunFinished, RunStarted, StageStarted, StepDone, from_record
from atu_gui.core.paces import Paces, Part
from atu_gui.core.progress import RunProgress
from atu_gui.core.recorded import read_recording
from atu_gui.core.records import lines_of, parse

EVENTS_FILE = "events.jsonl"
ALL_ROUNDS = "all rounds done"
_FIRST = 0.1
_HONEST = 0.2


@dataclass(frozen=True, slots=True)
class EtaReport:
    """What one run's announcements were worth, after the first tenth of its time.

    Attributes:
        run: Its id.
        seconds: How long it took.
        whole: Whether it went through all its rounds; where a goal or guard ended it, the announcement was “at most”
            and its errors say little; `held` and `paced` do.
        held: Share of the time in which the run took no longer than announced, so that “at most” was true.
        paced: As `within`, had it been known in which round the run would end: what the paces alone were worth.
        known: Share of the time in which anything was announced.
        within: Share of the time in which the announced rest was within 20 % of the true rest.
        within_whole: The same of the announced time of the whole run.
        median_error: Median over the announcements of |announced rest − true rest| / true rest.
        errors: That error at every twentieth of the run, signed; None where nothing was announced.
    """

    run: str
    seconds: float
    whole: bool
    known: float
    within: float
    within_whole: float
    held: float
    paced: float
    median_error: float
    errors: tuple[float | None, ...]


def read_events(path: Path) -> tuple[Event, ...]:
    """The events of a run's folder, of its `events.jsonl`, or of a file that `atu record` wrote.

    Raises:
        InputError: Missing or damaged.
    """
    file = path / EVENTS_FILE if path.is_dir() else path
    if file.suffix == ".gz":
        return read_recording(file).events
    try:
        return tuple(from_record(parse(line)) for line in lines_of(file.read_text(encoding="utf-8")))
    except OSError:
        raise InputError(f"There is no recorded run at {path}.", "Name a run's folder, or a recording.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file} is damaged: {error}.", "Name another run.") from None


def replay(events: Sequence[Event], remembered: Mapping[Part, float] | None = None) -> tuple[EtaReport, Paces]:
    """Announce the remaining time at every event that has a clock; also gives the paces that the run showed.

    Between two such events time runs on as announced, as on the screen.

    Raises:
        InputError: The run has no end, or no step.
    """
    end = next((event for event in events if isinstance(event, RunFinished)), None)
    if end is None:
        raise InputError("The run has no end, so its remaining time was never known.", "Name a finished run.")
    if not any(isinstance(event, StepDone) for event in events):
        raise InputError(f"Run {end.run_id} ended before its first step.", "Name another run.")
    said, paces = _announced(events, remembered)
    report = _report(end, said)
    if report.whole:
        return report, paces
    last = max(event.round for event in events if isinstance(event, StageStarted))
    known = [_shortened(event, last) if isinstance(event, RunStarted) else event for event in events]
    return replace(report, paced=_report(end, _announced(known, remembered)[0]).within), paces


def _announced(
    events: Sequence[Event], remembered: Mapping[Part, float] | None
) -> tuple[list[tuple[float, float | None]], Paces]:
    """What was announced when, and the paces at the end."""
    progress = RunProgress(paces=Paces(remembered))
    said: list[tuple[float, float | None]] = []
    for event in events:
        progress.handle(event)
        if isinstance(event, StepDone | RoundScored):
            said.append((event.seconds, progress.run_left()))
    return said, progress.paces


def _shortened(event: RunStarted, last: int) -> RunStarted:
    """The run as it would have been announced with no round after `last`."""
    return replace(event, stages=tuple(stage for stage in event.stages if stage.round <= last))


def _report(end: RunFinished, said: Sequence[tuple[float, float | None]]) -> EtaReport:
    total = end.seconds
    begin = _FIRST * total
    spans = []
    for (at, left), until in zip(said, [*(at for at, _ in said[1:]), total], strict=True):
        if until > begin:
            # Halfway between two announcements: the one before, less the time that has passed since.
            since = max(at, begin)
            middle = (since + until) / 2
            spans.append((until - since, middle, None if left is None else max(0.0, at + left - middle)))
    time = sum(length for length, _, _ in spans) or 1.0
    known = [(length, middle, left) for length, middle, left in spans if left is not None]
    errors = [(length, abs(left - (total - middle)) / max(total - middle, 1e-9)) for length, middle, left in known]
    within = sum(length for length, error in errors if error <= _HONEST) / time
    whole = [(length, abs(left - (total - middle)) / total) for length, middle, left in known]
    return EtaReport(
        run=end.run_id,
        seconds=total,
        whole=end.stopped_because == ALL_ROUNDS,
        known=sum(length for length, _, _ in known) / time,
        within=within,
        within_whole=sum(length for length, error in whole if error <= _HONEST) / time,
        held=sum(length for length, middle, left in known if middle + left >= total) / time,
        paced=within,
        median_error=median(error for _, error in errors) if errors else float("nan"),
        errors=tuple(_error_at(said, total, share / 20) for share in range(2, 20)),
    )


def _error_at(said: Sequence[tuple[float, float | None]], total: float, share: float) -> float | None:
    now = share * total
    before = [(at, left) for at, left in said if at <= now]
    if not before or before[-1][1] is None:
        return None
    at, left = before[-1][0], before[-1][1]
    assert left is not None
    return round((max(0.0, at + left - now) - (total - now)) / (total - now), 3)


def measure_eta(runs: Sequence[Path]) -> dict[str, Any]:
    """Every run as the first one on its machine, and, where there are several, as the one after another of them.

    Raises:
        InputError: A run that is missing, damaged or without an end.
    """
    streams = [read_events(path) for path in runs]
    first = [replay(events) for events in streams]
    found: dict[str, Any] = {"first": [asdict(report) for report, _ in first]}
    if len(streams) > 1:
        after = [replay(events, first[number - 1][1].measured)[0] for number, events in enumerate(streams)]
        found["next"] = [asdict(report) for report in after]
    return found
