"""What the command line prints on stdout: texts that the model wrote, the rounds of a run, the list of runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from atu_gui.core import text
from atu_gui.core.checkpoints import newest_written
from atu_gui.core.evaluation import Evaluation
from atu_gui.core.events import RoundScored, RunStarted, TextWritten
from atu_gui.core.harness import HarnessReport
from atu_gui.core.materials import Group
from atu_gui.core.outcome import Outcome
from atu_gui.core.ports import RunRecord
from atu_gui.core.run_state import run_state

# A table in a pipe or a file has no edge; everything fits this.
WIDTH_WITHOUT_TERMINAL = 160
_EXAMPLES = 3
_CHARACTERS = 100


def make_stdout() -> Console:
    """The console of results; colours and width follow the terminal."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)


def written_lines(events: Iterable[TextWritten]) -> list[str]:
    """What the model wrote, short: all neighbours, and the first few passages and questions of each subject."""
    groups: dict[str, list[TextWritten]] = {}
    for event in events:
        groups.setdefault(event.what, []).append(event)
    lines = []
    if "neighbour" in groups:
        names = ", ".join(dict.fromkeys(event.text for event in groups["neighbour"]))
        lines.append(f"Neighbours that the model named: {names}")
    for what, title in (
        ("passage", "Passages that the model wrote about {}"),
        ("retain", "Texts to keep that the model wrote"),
        ("question", "Questions that the model made"),
    ):
        written = groups.get(what, [])
        if written:
            about = ", ".join(dict.fromkeys(event.about for event in written))
            lines.append(f"{title.format(about)} ({len(written)}), for example:")
            lines.extend(f"  – {_short(event.text)}" for event in written[:_EXAMPLES])
    return lines


def rounds_table(rounds: Sequence[RoundScored], best_round: int) -> Table:
    """One line per round; recalls of dev and test questions with their 95 % interval and the number of items."""
    table = Table(box=SIMPLE_HEAD, title="Scores with 95 % intervals", title_justify="left")
    for name in ("round", "τ", "forget dev", "forget test", "log-prob", "neighbour test", "token loss", "fluency"):
        table.add_column(name, no_wrap=True, justify="left" if name == "round" else "right")
    table.add_column("similarity", no_wrap=True, justify="right")
    table.add_column("time", no_wrap=True, justify="right")
    before = 0.0
    for scored in rounds:
        mark = " (best)" if scored.round == best_round and scored.round else ""
        table.add_row(
            f"{scored.round}{mark}" if scored.round else "untouched",
            text.number(scored.tau),
            _recall(scored, "forget", "dev"),
            _recall(scored, "forget", "test"),
            text.number(scored.forget_logprob.mean if scored.forget_logprob else None),
            _recall(scored, "neighbour", "test"),
            text.number(scored.token_loss.mean if scored.token_loss else None),
            text.number(scored.fluency_entropy.mean if scored.fluency_entropy else None),
            text.number(scored.similarity_mean),
            text.duration(scored.seconds - before),
        )
        before = scored.seconds
    return table


def evaluation_table(found: Evaluation) -> Table:
    """One line per score, with intervals over items and over targets."""
    table = Table(box=SIMPLE_HEAD, title=found.title, title_justify="left")
    table.add_column("score", no_wrap=True)
    for name in ("value", "95 % over items", "95 % over targets", "n"):
        table.add_column(name, no_wrap=True, justify="right")
    for score in found.scores:
        items, targets = (score.span(interval) for interval in (score.items, score.targets))
        few = " (few)" if score.few else ""
        table.add_row(score.name, text.number(score.value, score.digits), items, targets, f"{score.n}{few}")
    return table


def harness_table(found: HarnessReport) -> Table:
    """One line per metric of the standard harness, before beside after."""
    limit = f"; at most {found.limit} items of each task" if found.limit else ""
    title = f"{found.weights} · lm-eval {found.version}{limit}"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("task")
    table.add_column("metric")
    for name in ("before ± error", "after ± error", "difference (95 %)", "n"):
        table.add_column(name, no_wrap=True, justify="right")
    for score in found.scores:
        sides = (
            text.number(one.value, 3) + ("" if one.error is None else f" ± {text.number(one.error, 3)}")
            for one in (score.before, score.after)
        )
        change = score.difference
        told = text.NOTHING
        if change is not None:
            low, high = text.number(change.low, 3), text.number(change.high, 3)
            told = f"{text.number(change.mean, 3)} ({low} … {high})"
        table.add_row(score.before.task, score.before.metric, *sides, told, str(score.after.n))
    return table


def verdict_lines(outcome: Outcome | None) -> list[str]:
    """The verdict of each target with its evidence."""
    verdicts = outcome.verdicts if outcome else ()
    return [
        line
        for name, verdict in verdicts
        for line in (f"{name}: {verdict.kind}.", *(f"  – {words}" for words in verdict.evidence))
    ]


def _recall(scored: RoundScored, group: Group, side: Literal["dev", "test"]) -> str:
    if scored.collapse and group == "forget":
        return "void: collapsed"
    return text.scored(scored.recall(group, side), 2).replace(", n = ", " n ")


def runs_table(records: Sequence[RunRecord]) -> Table:
    """One line per run, newest first."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("run", "started", "forgets", "layers", "state", "rounds", "best", "time"):
        table.add_column(name, no_wrap=name != "forgets")
    for record in records:
        table.add_row(
            record.run_id,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started)),
            escape(record.title),
            ", ".join(map(str, record.layers)),
            run_state(record),
            str(max((summary.round for summary in record.rounds), default=0)),
            str(record.best_round) if record.best_round else text.NOTHING,
            text.duration(record.seconds),
        )
    return table


def _short(passage: str) -> str:
    line = " ".join(passage.split())
    return line if len(line) <= _CHARACTERS else line[: _CHARACTERS - 1].rstrip() + "…"


def going_on_words(started: RunStarted) -> str:
    """What becomes of a run that was interrupted: the command that goes on with it, where it was kept."""
    if newest_written(Path(started.folder)) is None:
        return f"Run {started.run_id} was left before anything of it could be kept; begin it again."
    return f"Run {started.run_id} is kept: `atu resume {started.run_id}` goes on with it."
