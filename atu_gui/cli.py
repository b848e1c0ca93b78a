"""The command line `atu`: the same workbench as the window's, without a window."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

import atu_gui
from atu_gui.cli_audit import audit
from atu_gui.cli_bench import bench_app
from atu_gui.cli_diagnostics import diagnostics
from atu_gui.cli_eval import evaluate
from atu_gui.cli_options import RunFlags, build_config, split_round
from atu_gui.cli_progress import make_teller
from atu_gui.cli_report import going_on_words, make_stdout, rounds_table, runs_table, verdict_lines, written_lines
from atu_gui.cli_session import DONE, FAILED, INTERRUPTED, Interrupted, Session, leave_with, open_workbench
from atu_gui.core import network, paths, text
from atu_gui.core.black_box import BlackBox
from atu_gui.core.config import ModelConfig, RunConfig, dump_config
from atu_gui.core.control import NOT_FINITE
from atu_gui.core.errors import AtuError, InputError
from atu_gui.core.events import (
    ChatAnswered,
    Event,
    ItemAnswered,
    JobFailed,
    RoundScored,
    RunFinished,
    RunStarted,
    TextWritten,
)
from atu_gui.core.materials import Materials
from atu_gui.core.outcome import Outcome
from atu_gui.core.pace_memory import PaceMemory
from atu_gui.core.pacing import Pacing
from atu_gui.core.ports import ChatRequest, RunOutcome, Weights
from atu_gui.core.recorded import write_recording
from atu_gui.service.workbench import Workbench

app = typer.Typer(
    name="atu",
    help="Make a language model forget a concept (Align-then-Unlearn).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(bench_app, name="bench")
app.command()(audit)
app.command()(diagnostics)
app.command(name="eval")(evaluate)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 1 failed, 2 bad input, 130 interrupted."""
    with BlackBox(paths.log_folder(), "atu"):
        leave_with(lambda: app(args=arguments, prog_name="atu"))


def _help_of(setting: str) -> str:
    return ModelConfig.model_fields[setting].description or ""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"atu {atu_gui.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_print_version)] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Use no network; before the command.")] = False,
) -> None:
    """Options of the program itself."""
    network.begin(offline=offline)


@app.command()
def run(
    config_file: Annotated[Path | None, typer.Argument(metavar="[CONFIG.toml]", help="Settings; flags win.")] = None,
    model: Annotated[str | None, typer.Option(help="“starter”, a hub id, a folder or a GGUF file.")] = None,
    encoder: Annotated[str | None, typer.Option(help="A sentence-transformers model by id or folder.")] = None,
    concept: Annotated[list[str] | None, typer.Option(help="What to forget; may be repeated.")] = None,
    alias: Annotated[list[str] | None, typer.Option(help="Another name; “Concept=name” with several concepts.")] = None,
    description: Annotated[list[str] | None, typer.Option(help="A phrase that describes the concept.")] = None,
    texts: Annotated[list[Path] | None, typer.Option(help="Passages about the concept: file or RWKU folder.")] = None,
    retain: Annotated[list[Path] | None, typer.Option(help="Texts to keep: file or other RWKU folder.")] = None,
    neighbour: Annotated[list[str] | None, typer.Option(help="A related entity that must survive.")] = None,
    probes: Annotated[list[Path] | None, typer.Option(help="Questions: RWKU folder or pack file.")] = None,
    layers: Annotated[str | None, typer.Option(help="Hook layers, for instance 12 or 12,18.")] = None,
    tau: Annotated[float | None, typer.Option(help="One τ for every round, instead of a schedule's.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help="adaptive, gentle, thorough, paper or a preset of yours.")
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="default or paper.")] = None,
    paper_scale: Annotated[float | None, typer.Option(help="Factor on the paper schedule's step counts.")] = None,
    budget: Annotated[str | None, typer.Option(help="Time for the run, for instance 10m.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    dtype: Annotated[str | None, typer.Option(help="auto, float32, bfloat16 or float16.")] = None,
    allow_pickle: Annotated[bool, typer.Option("--allow-pickle", help=_help_of("allow_pickle"))] = False,
    allow_remote_code: Annotated[bool, typer.Option("--allow-remote-code", help=_help_of("allow_remote_code"))] = False,
    name: Annotated[str | None, typer.Option(help="Name of the run.")] = None,
    print_config: Annotated[bool, typer.Option("--print-config", help="Print all settings and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before using what the model wrote.")] = False,
) -> None:
    """Make a model forget."""
    flags = RunFlags(
        model=model,
        encoder=encoder,
        concept=concept or [],
        alias=alias or [],
        description=description or [],
        texts=texts or [],
        retain=retain or [],
        neighbour=neighbour or [],
        probes=probes or [],
        layers=layers,
        tau=tau,
        schedule=schedule,
        recipe=recipe,
        paper_scale=paper_scale,
        budget=budget,
        seed=seed,
        out=out,
        device=device,
        dtype=dtype,
        allow_pickle=allow_pickle,
        allow_remote_code=allow_remote_code,
        name=name,
    )
    config = build_config(config_file, flags)
    if print_config:
        typer.echo(dump_config(config), nl=False)
        return
    asks = not yes and sys.stdin.isatty() and not (config.texts.concept and config.texts.probes)
    raise typer.Exit(_RunCommand().begin(config, asks=asks))


@app.command()
def resume(
    run_name: Annotated[str, typer.Argument(metavar="RUN", help="Id, its beginning, folder, or “last”.")],
) -> None:
    """Go on with a run that was cut off, from its last checkpoint."""
    raise typer.Exit(_RunCommand().resume(run_name))


@app.command()
def starter() -> None:
    """Bring the starter kit: a small language model and a text encoder."""
    bench = Workbench()
    if bench.starter_ready():
        bench.close()
        typer.echo("The starter kit is on this machine already.")
        return
    session = Session(bench, make_teller(Console(stderr=True)))
    with session.open():
        session.wait(
            bench.fetch_starter(),
            on_interrupt=bench.cancel,
            words="Stopping; what has arrived is kept, and the next `atu starter` goes on from there.",
        )
    typer.echo("The starter kit is in place.")


@app.command()
def chat(
    run_and_round: Annotated[str, typer.Argument(metavar="RUN[:round]", help="Id, its beginning, folder, or “last”.")],
    prompt: Annotated[str, typer.Argument(help="What to ask.")],
    tokens: Annotated[int, typer.Option(min=1, help="Length of the answers at most.")] = 160,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 always takes the likeliest word.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = 0,
) -> None:
    """Ask a run: prints the answers before and after."""
    run_name, round_ = split_round(run_and_round)
    bench = Workbench()
    session = Session(bench, make_teller(Console(stderr=True)))
    answers: list[ChatAnswered] = []
    failures: list[JobFailed] = []
    with session.open():
        found = session.wait(bench.find_run(run_name), on_interrupt=bench.cancel, words="")
        wanted = found.best_round if round_ is None else round_
        sides = (Weights(found.run_id, 0), Weights(found.run_id, wanted)) if wanted else (Weights(found.run_id, 0),)
        session.wait(bench.load(found.config.model, found.config.encoder), on_interrupt=bench.cancel, words="Stopping.")
        request = bench.chat(ChatRequest(prompt, sides, tokens, temperature, seed))

        def enough(event: Event) -> bool:
            if isinstance(event, JobFailed):
                failures.append(event)
            elif isinstance(event, ChatAnswered):
                answers.append(event)
            return len(answers) == len(sides)

        session.wait_for(enough, on_interrupt=lambda: bench.stop_chat(request))
    if failures:
        raise InputError(failures[0].message, failures[0].hint)
    for answer in answers:
        typer.echo(f"[{answer.named}]\n{answer.text.strip()}\n")
    if round_ is None and not wanted:
        typer.echo("No round of this run was good, so there is no answer after it; name a round, such as last:1.")
    if session.interrupts:
        raise Interrupted


@app.command()
def export(
    run_and_round: Annotated[str, typer.Argument(metavar="RUN[:round]", help="Id, its beginning, folder, or “last”.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
) -> None:
    """Write a round as a Hugging Face folder: safetensors, tokenizer, model card; checked by loading it again."""
    run_name, round_ = split_round(run_and_round)
    bench = Workbench()
    session = Session(bench, make_teller(Console(stderr=True)))
    with session.open():
        found = session.wait(bench.find_run(run_name), on_interrupt=bench.cancel, words="")
        wanted = found.best_round if round_ is None else round_
        if not wanted:
            raise InputError(
                "Round 0 is the untouched model: there is nothing to export.", "Name a round, as in last:1."
            )
        future = bench.export_round(Weights(found.run_id, wanted), folder)
        done = session.wait(future, on_interrupt=bench.cancel, words="Stopping; nothing is kept.")
    typer.echo(
        f"Round {wanted} of run {found.run_id} is in {done.folder} ({text.size(done.size)}). "
        f"Loaded again, it gives the same answers to {done.answers} questions."
    )


@app.command()
def record(
    run_name: Annotated[str, typer.Argument(metavar="RUN", help="Id, its beginning, folder, or “last”.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Such as run.jsonl.gz; must not exist yet.")],
) -> None:
    """Write a run's config, events, audits and questions into one file without paths of this machine."""
    file = paths.expanded(file)
    if file.exists():
        raise InputError(f"{file} exists already.", "Name another file.")
    bench = open_workbench()
    try:
        run_id = bench.find_run(run_name).result().run_id
        config, events = bench.config_of(run_id).result(), bench.events_of(run_id).result()
        write_recording(file, config, events, bench.audits_of(run_id).result(), bench.inquiries_of(run_id).result())
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from error
    finally:
        bench.close()
    typer.echo(f"Run {run_id} is in {file} ({text.size(file.stat().st_size)}).")


@app.command()
def report(
    run_name: Annotated[str, typer.Argument(metavar="RUN", help="Id, its beginning, folder, or “last”.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="The page to write, such as report.html.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write all that is known of a run as one page for a browser: verdict, curves, scores, audits, answers."""
    bench = open_workbench()
    try:
        file = bench.write_report(run_name, to, replace=force).result()
    finally:
        bench.close()
    typer.echo(f"The report is in {file} ({text.size(file.stat().st_size)}).")


@app.command()
def runs() -> None:
    """List the runs of this machine, newest first."""
    bench = open_workbench()
    try:
        records = bench.runs().result()
    finally:
        bench.close()
    if records:
        make_stdout().print(runs_table(records))
    else:
        typer.echo("There are no runs yet. Begin one with `atu run`.")


class _RunCommand:
    """`atu run` and `atu resume` after their options: prepare, show what the model wrote, run, and report."""

    def __init__(self) -> None:
        self._bench = Workbench()
        self._pacing = Pacing(PaceMemory(paths.paces_file()))
        self._session = Session(self._bench, make_teller(Console(stderr=True), self._pacing.progress), self._heard)
        self._stdout = make_stdout()
        self._written: list[TextWritten] = []
        self._rounds: list[RoundScored] = []
        self._said: list[Event] = []

    def begin(self, config: RunConfig, *, asks: bool) -> int:
        """A new run; the exit code. Problems are raised."""
        self._pacing.expect(config)

        def start() -> Future[RunOutcome]:
            materials = self._reviewed(config) if asks else None
            # Nobody could let a run go on that a guard paused.
            config.guards.action = "stop"
            return self._bench.run(config, materials)

        return self._execute(start)

    def resume(self, name: str) -> int:
        """A run that was cut off; the exit code. Problems are raised."""
        return self._execute(lambda: self._bench.resume_run(name, attended=False))

    def _execute(self, start: Callable[[], Future[RunOutcome]]) -> int:
        try:
            with self._session.open():
                future = start()
                words = "Leaving after this step, to be resumed; Ctrl-C once more leaves at once."
                outcome = self._session.wait(future, on_interrupt=self._bench.control.suspend, words=words)
        except Interrupted:
            self._say_how_to_go_on()
            raise
        except AtuError:
            if self._rounds:
                self._stdout.print(rounds_table(self._rounds, 0))
            raise
        self._report(outcome)
        if self._session.interrupts:
            return INTERRUPTED
        return FAILED if outcome.stopped_because.startswith(NOT_FINITE) else DONE

    def _reviewed(self, config: RunConfig) -> Materials:
        """Have everything written, show it, and ask before it is used."""
        materials = self._session.wait(self._bench.prepare(config), on_interrupt=self._bench.cancel, words="Stopping.")
        self._show_written()
        if self._session.ask("Run on these texts and questions? [Y/n] ") not in {"", "y", "yes"}:
            raise Interrupted
        return materials

    def _heard(self, event: Event) -> None:
        self._pacing.handle(event)
        if isinstance(event, RunStarted | RoundScored | ItemAnswered | RunFinished):
            self._said.append(event)
        match event:
            case TextWritten():
                self._written.append(event)
            case RunStarted():
                self._show_written()
            case RoundScored():
                self._rounds.append(event)

    def _say_how_to_go_on(self) -> None:
        """After an interrupt: what the run has, and the command that goes on with it."""
        started = next((event for event in self._said if isinstance(event, RunStarted)), None)
        if started is None:
            return
        if self._rounds:
            self._stdout.print(rounds_table(self._rounds, 0))
        self._stdout.print(going_on_words(started), markup=False, soft_wrap=True)

    def _show_written(self) -> None:
        for line in written_lines(self._written):
            self._stdout.print(line, markup=False)
        self._written.clear()

    def _report(self, outcome: RunOutcome) -> None:
        self._stdout.print(rounds_table(self._rounds, outcome.best_round))
        for line in verdict_lines(Outcome.of(self._said)):
            self._stdout.print(line, markup=False, soft_wrap=True)
        best = f"Round {outcome.best_round} is kept." if outcome.best_round else "No round was good: nothing is kept."
        self._stdout.print(f"Stopped because: {outcome.stopped_because}. {best}".replace("..", "."), markup=False)
        self._stdout.print(f"Results: {outcome.folder}", markup=False, soft_wrap=True)
        if outcome.best_round:
            self._stdout.print(f'Ask it: atu chat {outcome.run_id} "…"', markup=False)


if __name__ == "__main__":
    main()
