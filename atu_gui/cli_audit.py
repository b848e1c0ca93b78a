"""`atu audit`: look for what a round only hides, and print what came back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from atu_gui.cli_options import split_round
from atu_gui.cli_progress import make_teller
from atu_gui.cli_report import make_stdout, verdict_lines
from atu_gui.cli_session import Session
from atu_gui.core import text
from atu_gui.core.audits import AUDITS, AuditKind, AuditSettings
from atu_gui.core.comeback import share_words
from atu_gui.core.errors import InputError
from atu_gui.core.events import AuditFound, AuditPoint, to_record
from atu_gui.core.outcome import Outcome
from atu_gui.core.ports import Weights
from atu_gui.service.workbench import Workbench
from atu_gui.store.summary import verdicts

_DEFAULTS = AuditSettings()
_FEW = 30


def audit(
    run_and_round: Annotated[str, typer.Argument(metavar="RUN[:round]", help="Id, its beginning, folder, or “last”.")],
    only: Annotated[str, typer.Option(help=f"Some of {', '.join(AUDITS)}, with commas.")] = "",
    steps: Annotated[int, typer.Option(min=1, help="Relearning steps.")] = _DEFAULTS.steps,
    rate: Annotated[float, typer.Option(min=0.0, help="Learning rate of relearning.")] = _DEFAULTS.learning_rate,
    texts: Annotated[int, typer.Option(min=1, help="Passages to relearn from, at most.")] = _DEFAULTS.texts,
    shots: Annotated[int, typer.Option(min=0, help="Solved examples before a question.")] = _DEFAULTS.shots,
    limit: Annotated[int, typer.Option(min=0, help="Questions of either group at most; 0 asks all.")] = 0,
    never_knew: Annotated[str, typer.Option(help="A model that never knew, to relearn beside.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Compute what is kept already anew.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only, raw answers included.")] = False,
) -> None:
    """Attack a round: quantise, relearn, prompt, read its layers; prints what came back of what was there before."""
    which = chosen(only)
    settings = AuditSettings(
        steps=steps, learning_rate=rate, texts=texts, shots=shots, limit=limit, never_knew=never_knew, seed=seed
    )
    run_name, round_ = split_round(run_and_round)
    bench = Workbench()
    session = Session(bench, make_teller(Console(stderr=True)))
    with session.open():
        found = session.wait(bench.find_run(run_name), on_interrupt=bench.cancel, words="")
        wanted = found.best_round if round_ is None else round_
        if not wanted:
            raise InputError("Round 0 is the untouched model: it hides nothing.", "Name a round, as in last:1.")
        future = bench.audit(Weights(found.run_id, wanted), which, settings, again=again)
        words = "Stopping; audits that are complete are kept."
        findings = session.wait(future, on_interrupt=bench.cancel, words=words)
        events = session.wait(bench.events_of(found.run_id), on_interrupt=bench.cancel, words="")
        kept = session.wait(bench.audits_of(found.run_id), on_interrupt=bench.cancel, words="")
    outcome = Outcome.of(events, kept)
    if as_json:
        made = {"run": found.run_id, "round": wanted, "findings": [to_record(one) for one in findings]}
        made["verdicts"] = verdicts(outcome)
        typer.echo(json.dumps(made, ensure_ascii=False))
        return
    stdout = make_stdout()
    stdout.print(findings_table(f"Audits of run {found.run_id}, round {wanted}", findings))
    for line in notes(findings):
        stdout.print(line, markup=False)
    if outcome is not None and outcome.round != wanted:
        stdout.print(f"The verdict is about round {outcome.round}; audit that one to change it.", markup=False)
    for line in verdict_lines(outcome):
        stdout.print(line, markup=False, soft_wrap=True)


def chosen(words: str) -> tuple[AuditKind, ...]:
    """The audits that an option names, in our order; all where it names none.

    Raises:
        InputError: One of them does not exist.
    """
    names = [name.strip() for name in words.split(",") if name.strip()]
    unknown = [name for name in names if name not in AUDITS]
    if unknown:
        raise InputError(f"There is no audit “{unknown[0]}”.", f"Choose from {', '.join(AUDITS)}.")
    return tuple(kind for kind in AUDITS if kind in names or not names)


def findings_table(title: str, findings: Sequence[AuditFound]) -> Table:
    """One line per attack and measure, every value with its 95 % interval."""
    table = Table(box=SIMPLE_HEAD, title=f"{title}; 95 % intervals", title_justify="left")
    for name in ("audit", "attack", "of", "measure"):
        table.add_column(name)
    for name in ("untouched", "unlearned", "attacked", "untouched, attacked", "came back", "n", "time"):
        table.add_column(name, justify="right")
    for one in findings:
        for at, comeback in enumerate(one.comebacks):
            values = (comeback.untouched, comeback.unlearned, comeback.attacked, comeback.control)
            table.add_row(
                *((AUDITS[one.audit].title, one.attack) if not at else ("", "")),
                comeback.group,
                comeback.measure,
                *map(text.interval, values),
                share_words(comeback.share),
                str(comeback.attacked.n),
                text.duration(one.seconds) if not at else "",
            )
    return table


def notes(findings: Sequence[AuditFound]) -> list[str]:
    """What must be known to read the table."""
    lines = [f"{AUDITS[one.audit].title}, {one.attack}: {one.note}" for one in findings if one.note]
    for one in findings:
        if one.axis == "step":
            curve = ", ".join(_point(point) for point in one.curve)
            lines.append(f"Log-prob by step of relearning on {one.attack} (untouched model trained alike): {curve}.")
    few = {comeback.attacked.n for one in findings for comeback in one.comebacks if comeback.attacked.n < _FEW}
    if few:
        lines.append(f"Fewer than {_FEW} items say little: read the intervals.")
    lines.append(
        "Came back: of what the round lost, the share that the attack restored, less what it adds to the untouched "
        "model. Unclear: no loss is sure, or the attack breaks the untouched model, too."
    )
    return lines


def _point(point: AuditPoint) -> str:
    never = "" if point.floor is None else f", never knew {text.number(point.floor)}"
    return f"{point.at}: {text.number(point.attacked)} ({text.number(point.beside)}{never})"
