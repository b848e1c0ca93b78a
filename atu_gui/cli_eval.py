"""`atu eval`: put the RWKU benchmark to a model or a round, and print the scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from atu_gui.cli_options import split_round
from atu_gui.cli_progress import make_teller
from atu_gui.cli_report import evaluation_table, harness_table, make_stdout
from atu_gui.cli_session import Session
from atu_gui.core import paths
from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import InputError
from atu_gui.core.evaluation import HUB, PARTS, EvaluationRequest, Reading, filling, write_evaluation, write_figures
from atu_gui.core.harness import HarnessRequest
from atu_gui.service.workbench import Workbench


def evaluate(
    run_and_round: Annotated[
        str, typer.Argument(metavar="[RUN[:round]]", help="Id, its beginning, folder, or “last”.")
    ] = "",
    rwku: Annotated[
        list[str] | None, typer.Option(metavar="DIR", help="An RWKU target folder, or hub:NAME; may be repeated.")
    ] = None,
    lm_eval: Annotated[
        str, typer.Option(metavar="TASK[,TASK]", help="Tasks of the harness lm-eval instead, before and after.")
    ] = "",
    lm_eval_tasks: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with more tasks for lm-eval (YAML).")
    ] = None,
    model: Annotated[str | None, typer.Option(help="An untouched model instead of a run.")] = None,
    reading: Annotated[str, typer.Option(help="rwku (as published) or corrected.")] = "rwku",
    parts: Annotated[str, typer.Option(help="Of " + ",".join(PARTS) + ".", show_default="all")] = ",".join(PARTS),
    limit: Annotated[int | None, typer.Option(min=1, help="Items of each part and target at most.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for figures and raw answers.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Evaluate a model or a round on the RWKU benchmark, or a round on tasks of the standard harness."""
    run_name, round_ = split_round(run_and_round)
    out = None if out is None else paths.expanded(out)
    tasks = tuple(name.strip() for name in lm_eval.split(",") if name.strip())
    if bool(tasks) == bool(rwku):
        raise InputError("Either RWKU targets or tasks of lm-eval are asked.", "Give --rwku DIR or --lm-eval TASK.")
    if tasks:
        if not run_name or model:
            raise InputError("lm-eval is asked before and after a round.", "Name a run, as in last:1.")
        folder = None if lm_eval_tasks is None else paths.expanded(lm_eval_tasks)
        _ask_harness(HarnessRequest(tasks, run_name, round_, folder, limit), out, as_json)
        return
    request = EvaluationRequest(
        targets=tuple(one if one.startswith(HUB) else str(paths.expanded(one).absolute()) for one in rwku or ()),
        model=ModelConfig(source=model) if model else None,
        run=run_name,
        round=round_,
        reading=cast(Reading, reading),
        parts=tuple(part.strip() for part in parts.split(",") if part.strip()),
        limit=limit,
    )
    bench = Workbench()
    session = Session(bench, make_teller(Console(stderr=True)))
    # Minutes of asking must not end at a folder that cannot be had.
    with filling(out):
        with session.open():
            words = "Stopping; parts that are done are not asked again."
            found = session.wait(bench.evaluate(request), on_interrupt=bench.cancel, words=words)
        if out is not None:
            write_evaluation(found, out)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    stdout = make_stdout()
    stdout.print(evaluation_table(found))
    for line in (*(f"Differs from RWKU: {words}" for words in found.differs), *found.notes):
        stdout.print(line, markup=False)


def _ask_harness(request: HarnessRequest, out: Path | None, as_json: bool) -> None:
    bench = Workbench()
    session = Session(bench, make_teller(Console(stderr=True)))
    with filling(out):
        with session.open():
            found = session.wait(bench.ask_harness(request), on_interrupt=bench.cancel, words="Stopping.")
        if out is not None:
            write_figures(out, "harness.json", found.as_json())
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    stdout = make_stdout()
    stdout.print(harness_table(found))
    stdout.print("Prompts, scoring and standard errors are the harness's; the difference is paired over items.")
