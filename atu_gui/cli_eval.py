"""`atu eval`: put the RWKU benchmark to a model or a round, and print the scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from atu_gui.cli_options import split_round
from atu_gui.cli_progress import make_teller
from atu_gui.cli_report import evaluation_table, make_stdout
from atu_gui.cli_session import Session
from atu_gui.core.config import ModelConfig
from atu_gui.core.evaluation import HUB, PARTS, EvaluationRequest, Reading, make_folder, write_evaluation
from atu_gui.service.workbench import Workbench


def evaluate(
    rwku: Annotated[
        list[str], typer.Option(metavar="DIR", help="An RWKU target folder, or hub:NAME; may be repeated.")
    ],
    run_and_round: Annotated[
        str, typer.Argument(metavar="[RUN[:round]]", help="Id, its beginning, folder, or “last”.")
    ] = "",
    model: Annotated[str | None, typer.Option(help="An untouched model instead of a run.")] = None,
    reading: Annotated[str, typer.Option(help="rwku (as published) or corrected.")] = "rwku",
    parts: Annotated[str, typer.Option(help="Of " + ",".join(PARTS) + ".", show_default="all")] = ",".join(PARTS),
    limit: Annotated[int | None, typer.Option(min=1, help="Items of each part and target at most.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for figures and raw answers.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Evaluate a model or a round on the RWKU benchmark."""
    run_name, round_ = split_round(run_and_round)
    request = EvaluationRequest(
        targets=tuple(one if one.startswith(HUB) else str(Path(one).expanduser().absolute()) for one in rwku),
        model=ModelConfig(source=model) if model else None,
        run=run_name,
        round=round_,
        reading=cast(Reading, reading),
        parts=tuple(part.strip() for part in parts.split(",") if part.strip()),
        limit=limit,
    )
    if out is not None:
        # Minutes of asking must not end at a folder that cannot be had.
        make_folder(out)
    bench = Workbench()
    session = Session(bench, make_teller(Console(stderr=True)))
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
