"""How the command line shows that something happens: a live line in a terminal, plain lines elsewhere. On stderr."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import IO, Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from atu_gui.core import text
from atu_gui.core.events import (
    Event,
    GuardTripped,
    ModelLoaded,
    Note,
    Progress,
    RoundScored,
    RunContinued,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageStarted,
    StepDone,
    StoreMended,
    TauChosen,
)
from atu_gui.core.progress import RunProgress

_SECONDS_PER_LINE = 5.0


class Teller(Protocol):
    """Shows events while its block lasts."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        ...

    def tell(self, event: Event) -> None:
        """Show one event."""
        ...

    def say(self, line: str) -> None:
        """Show a sentence of the command line's own."""
        ...


def make_teller(console: Console, run: RunProgress | None = None) -> Teller:
    """The teller that suits what stderr is. `run` is the progress it tells; give one that knows more at the start."""
    run = run or RunProgress()
    return RichTeller(console, run) if console.is_terminal else PlainTeller(console.file, run=run)


class PlainTeller:
    """One line for each thing that matters; of steps and percentages one line every few seconds."""

    def __init__(
        self, stream: IO[str], now: Callable[[], float] = time.monotonic, run: RunProgress | None = None
    ) -> None:
        self._stream = stream
        self._now = now
        self._run = run or RunProgress()
        self._said = float("-inf")

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to tidy up."""

    def tell(self, event: Event) -> None:
        """Print what the event says, if it is time."""
        self._run.handle(event)
        line = lasting(event, self._run)
        if line:
            self.say(line)
        passing = fleeting(event, self._run)
        if passing and self._now() - self._said >= _SECONDS_PER_LINE:
            self._said = self._now()
            self.say(passing[0])

    def say(self, line: str) -> None:
        """Print a line."""
        print(line, file=self._stream, flush=True)


class RichTeller:
    """A live bar below the lines that stay."""

    def __init__(self, console: Console, run: RunProgress | None = None) -> None:
        self._run = run or RunProgress()
        self._bar = RichProgress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("Starting", total=None)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def tell(self, event: Event) -> None:
        """Print what stays, update what passes."""
        self._run.handle(event)
        line = lasting(event, self._run)
        if line:
            self.say(line)
        passing = fleeting(event, self._run)
        if passing:
            words, share = passing
            self._bar.update(
                self._task, description=escape(words), total=None if share is None else 1.0, completed=share or 0.0
            )

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(escape(line), highlight=False)


def lasting(event: Event, run: RunProgress) -> str:
    """A line that stays, or ""."""
    match event:
        case Note(level=level, text=words):
            return words if level == "info" else f"{level.capitalize()}: {words}"
        case StoreMended():
            return f"Warning: {event.words}"
        case ModelLoaded():
            encoder = f"encoder {event.encoder}; " if event.encoder else ""
            return (
                f"{event.name}: {event.layers} layers, {text.parameters(event.parameters)}, "
                f"{text.device(event.device)} {event.dtype}; {encoder}{event.seconds:.1f} s"
            )
        case RunStarted():
            concepts = ", ".join(event.concepts)
            probes = event.forget_probes + event.neighbour_probes
            return (
                f"Run {event.run_id}: {concepts}, {_layers(event.layers)}, {text.count(run.rounds, 'round')}, "
                f"{event.concept_passages} + {event.retain_passages} passages, {probes} questions"
            )
        case StageStarted(stage="align" | "unlearn"):
            return f"Round {event.round} of {run.rounds} · {event.stage} · {event.steps} steps"
        case TauChosen():
            return f"  τ {text.number(event.tau)} ({event.reason})"
        case RoundScored():
            return scored_line(event)
        case GuardTripped():
            return event.words
        case RunPaused():
            return f"Paused by {event.by}."
        case RunResumed():
            return "Going on."
        case RunContinued():
            return f"Resumed from the checkpoint at step {text.count(event.step)}."
        case RunFinished():
            return f"Run {event.run_id} ended after {text.duration(event.seconds)}: {event.stopped_because}"
        case _:
            return ""


def fleeting(event: Event, run: RunProgress) -> tuple[str, float | None] | None:
    """What is going on right now, with the share that is done; None where the event does not say."""
    match event:
        case Progress(job="paused"):
            return None
        case Progress():
            return _progress(event, run)
        case StepDone():
            return _step(event, run), run.stage_share
        case _:
            return None


def scored_line(scored: RoundScored) -> str:
    """A round's scores on one line."""
    name = f"Round {scored.round}" if scored.round else "Untouched model"
    side = " (test)" if scored.tested else ""
    forget, neighbour = (text.scored(scored.recall(group, "test"), 3) for group in ("forget", "neighbour"))
    parts = [
        "forget void: collapsed" if scored.collapse else f"forget{side} {forget}",
        f"neighbour{side} {neighbour}",
        f"token loss {text.interval(scored.token_loss)}",
        f"fluency {text.interval(scored.fluency_entropy)}",
    ]
    return f"{name}: {', '.join(parts)}"


def _progress(event: Progress, run: RunProgress) -> tuple[str, float | None]:
    share = min(1.0, event.done / event.total) if event.total else None
    words = event.what or event.job.capitalize()
    if event.unit in {"B", "bytes"}:
        words += f" · {text.size(event.done)}" + (f" of {text.size(event.total)}" if event.total else "")
    elif share is not None:
        words += f" · {text.percent(share)}"
    if event.seconds_left is not None:
        return f"{words} · {text.duration(event.seconds_left)} left", share
    return words + _said(run.left_words()), share


def _step(event: StepDone, run: RunProgress) -> str:
    begin, rest = run.words()
    parts = [begin, rest]
    if event.similarity_mean is not None:
        parts.append(f"similarity {text.number(event.similarity_mean)}")
    if event.align_cosine is not None:
        parts.append(f"align cosine {text.number(event.align_cosine)}")
    if event.tau is not None:
        parts.append(f"τ {text.number(event.tau)}")
    whole, stage = run.left_words(), run.stage_left()
    if whole:
        parts.append(f"run {whole}")
    elif stage is not None:
        # Nobody knows what the other stages cost before each kind of stage has been seen once.
        parts.append(f"stage {text.duration(stage)} left")
    return " · ".join(parts)


def _said(words: str) -> str:
    return f" · {words}" if words else ""


def _layers(layers: tuple[int, ...]) -> str:
    return f"layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}"
