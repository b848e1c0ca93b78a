"""`atu bench …`: measurements that users can repeat on their own machine."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atu_gui.core import text
from atu_gui.core.locks import occupy

if TYPE_CHECKING:
    from atu_gui.bench.profiles import Profile

bench_app = typer.Typer(help="Measure this program on this machine.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON only.")]


@bench_app.command()
def startup(
    repeats: Annotated[int, typer.Option(min=1, help="Starts that are counted.")] = 5, as_json: _Json = False
) -> None:
    """Seconds from the start of the process to the window's first paint."""
    from atu_gui.bench.startup import measure_startup

    found = measure_startup(repeats)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
        return
    typer.echo(
        f"First paint after {found.first_paint_s:.2f} s, usable after {found.usable_s:.2f} s, plots built after "
        f"{found.ready_s:.2f} s (medians of {repeats}; {found.platform})."
    )
    typer.echo("torch was loaded by then." if found.torch_loaded else "torch was not loaded by then.")


@bench_app.command()
def responsiveness(
    repeats: Annotated[int, typer.Option(min=1, help="Runs with and without the window.")] = 3, as_json: _Json = False
) -> None:
    """Delay of the window's event loop while the starter model trains, and what the window costs the training."""
    from atu_gui.bench.responsiveness import bench_config, measure_responsiveness

    found = measure_responsiveness(bench_config(), repeats)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
        return
    typer.echo(
        f"Event loop late by {found.loop_delay_p99_ms:.1f} ms at the 99th percentile, {found.loop_delay_max_ms:.1f} ms "
        f"at most ({found.delays} measured)."
    )
    lost = (found.steps_lost, found.align_lost, found.unlearn_lost, found.window_share)
    steps, align, unlearn, window = (f"{text.number(100 * share, 1)} %" for share in lost)
    typer.echo(
        f"The open window costs the training {steps} of its steps per second (align {align}, unlearn {unlearn}); its "
        f"own thread uses {window} of a core."
    )


@bench_app.command()
def curves(
    points: Annotated[int, typer.Option(min=100, help="Steps in every curve.")] = 200_000,
    frames: Annotated[int, typer.Option(min=9, help="Pictures of each kind.")] = 200,
    as_json: _Json = False,
) -> None:
    """Time per picture while the curves of a long run are moved, zoomed and grow."""
    from atu_gui.bench.curves import measure_curves

    found = measure_curves(points, frames)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
        return
    typer.echo(f"{found.points:,} steps in every curve ({found.platform}), milliseconds per picture:")
    for name, one in (("moved", found.pan), ("zoomed", found.zoom), ("growing", found.grow)):
        typer.echo(
            f"  {name}: {one.median_ms:.1f} in the middle, {one.p99_ms:.1f} at the 99th percentile "
            f"(of the processor {one.processor_median_ms:.1f} and {one.processor_p99_ms:.1f}); {one.count} pictures"
        )


@bench_app.command()
def eta(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Folders of runs, or recordings; the shipped one unless told.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """How far the announced remaining time of finished runs was from the truth."""
    from atu_gui.bench.eta import measure_eta
    from atu_gui.core.recorded import shipped_recording

    found = measure_eta(runs or [shipped_recording()])
    if as_json:
        typer.echo(json.dumps(found))
        return
    titles = {"first": "As the first run on its machine", "next": "After the run named before it"}
    for kind, reports in found.items():
        typer.echo(f"{titles[kind]}, after the first tenth of the time:")
        for one in reports:
            if one["whole"]:
                words = f"remaining time within 20 % for {one['within']:.0%} of the time, that of the whole run for "
                words += f"{one['within_whole']:.0%}; median error {one['median_error']:.0%}"
            else:
                words = f"ended early; “at most” was true for {one['held']:.0%} of the time; had the last round been "
                words += f"known, within 20 % for {one['paced']:.0%}"
            typer.echo(f"  {one['run']}: {one['seconds']:.0f} s; {words}")


@bench_app.command()
def step(
    only: Annotated[list[str] | None, typer.Option(help="A row to measure; may be repeated. All without it.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Steps of each way that are counted.")] = 5,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    model: Annotated[str, typer.Option(help="The language model, as in a run.")] = "starter",
    encoder: Annotated[str, typer.Option(help="The encoder of the rows that do not name MPNet.")] = "starter",
    mpnet: Annotated[str | None, typer.Option(help="all-mpnet-base-v2 as a folder; without it, from the hub.")] = None,
    shape: Annotated[
        str | None, typer.Option(help="phi-3-mini or llama-3-8b: random weights of that shape instead of a model.")
    ] = None,
    compiled: Annotated[bool, typer.Option("--compiled", help="Compile the blocks of our unlearn steps.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="What steps are made of, instead of the rows.")] = False,
    as_json: _Json = False,
) -> None:
    """Cost of a step, ours against the published way."""
    from atu_gui.bench.step import NAMES, SHAPED_ROWS, SHAPES, Sources, measure_shaped, measure_steps, profile_steps

    sources = Sources(model, encoder, device=device, compiled=compiled)
    if mpnet is not None:
        sources = replace(sources, mpnet=mpnet)
    if profile:
        if shape is not None or device != "cpu":
            raise typer.BadParameter("--profile watches steps of a model on the processor.")
        told = [_told(found, as_json) for found in profile_steps(only or list(SHAPES), sources)]
        if as_json:
            typer.echo(json.dumps({"profiles": told}))
        return
    rows = []
    if shape is not None:
        measured = measure_shaped(shape, only or list(SHAPED_ROWS), device, repeats, compiled=compiled)
    else:
        measured = measure_steps(only or NAMES, sources, repeats)
    for row in measured:
        rows.append(asdict(row))
        if not as_json:
            gap = "" if row.loss_gap is None else f", losses within {row.loss_gap:.1e}"
            memory = "" if row.peak_bytes is None else f", {row.peak_bytes / 1e9:.1f} GB at most"
            floor = f"; the floor is {row.floor_s / row.ours_s:.0%} of it, at most × {row.most:.2f}"
            typer.echo(f"{row.name}: × {row.ratio:.2f} (± {100 * row.spread:.0f} %{gap}){memory}{floor}")
    if as_json:
        typer.echo(json.dumps({"rows": rows}))


@bench_app.command()
def gains(
    only: Annotated[list[str] | None, typer.Option(help="A ladder to climb; may be repeated. All without it.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Turns that are counted.")] = 5,
    model: Annotated[str, typer.Option(help="The language model, as in a run.")] = "starter",
    encoder: Annotated[str, typer.Option(help="The encoder of unlearn steps.")] = "starter",
    mpnet: Annotated[str | None, typer.Option(help="all-mpnet-base-v2 as a folder; without it, from the hub.")] = None,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Also try compiled blocks, which takes minutes.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """What each optimisation of a step was to save, and what it saves."""
    from atu_gui.bench.gains import LADDERS, measure_gains
    from atu_gui.bench.step import Sources

    sources = Sources(model, encoder) if mpnet is None else Sources(model, encoder, mpnet)
    found = []
    for gain in measure_gains(only or list(LADDERS), sources, repeats, compiled=compiled):
        found.append(asdict(gain))
        if not as_json:
            gap = "" if gain.loss_gap is None else f", loss within {gain.loss_gap:.1e}"
            typer.echo(
                f"{gain.ladder}, {gain.name}: {gain.seconds:.2f} s (counted {gain.counted_s:.2f}), "
                f"× {gain.measured:.2f} ± {100 * gain.spread:.0f} %, foretold × {gain.predicted:.2f}, "
                f"against {gain.against}{gap}"
            )
    if as_json:
        typer.echo(json.dumps({"gains": found}))


def _told(found: Profile, silent: bool) -> dict[str, object]:
    """JSON-ready; said as well unless silent."""
    if not silent:
        typer.echo(f"{found.name}, {found.way}: {found.seconds:.2f} s a step")
        typer.echo("  " + ", ".join(f"{group} {share:.1%}" for group, share in found.groups.items()))
        for one in found.operators:
            typer.echo(f"    {one.name}: {one.share:.1%}, {one.calls:g} calls")
    return asdict(found)


@bench_app.command("whole_run")
def whole_run(
    repeats: Annotated[int, typer.Option(min=1, help="Steps of the published way that are counted.")] = 3,
    check: Annotated[bool, typer.Option(help="Also make a short run both ways, to see what the sum is worth.")] = True,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    model: Annotated[str, typer.Option(help="The language model, as in a run.")] = "starter",
    encoder: Annotated[str, typer.Option(help="The encoder.")] = "starter",
    as_json: _Json = False,
) -> None:
    """A whole default run, ours against the published way: the sum of what its parts take."""
    from atu_gui.bench.step import Sources, load_models
    from atu_gui.bench.whole import measure_whole

    found = measure_whole(*load_models(Sources(model, encoder, device=device)), repeats=repeats, check=check)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
        return
    whole, short = found.whole, found.short
    typer.echo(
        f"A whole default run, summed from its parts: {whole.published_s:,.0f} s the published way, "
        f"{whole.ours_s:,.0f} s ours, × {found.ratio:.1f}; no way takes less than {found.floor_s:,.0f} s, "
        f"× {whole.published_s / found.floor_s:.1f}."
    )
    for part, seconds in found.ours.items():
        typer.echo(f"  {part}: {found.published[part]:.3f} s and {seconds:.3f} s, at least {found.floors[part]:.3f} s")
    typer.echo(f"  preparing a text: {found.prepare_s:.3f} s, ours alone")
    if short is not None:
        typer.echo(
            f"A short run, really made: {short.published_run_s:.0f} s the published way (summed: "
            f"{short.published_s:.0f} s), {short.ours_run_s:.0f} s ours (summed: {short.ours_s:.0f} s)."
        )


@bench_app.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long the window is used.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help="Draws what is done.")] = 0,
    as_json: _Json = False,
) -> None:
    """Run after run of a tiny model in one window, with random tuning and chats: what is left behind."""
    from atu_gui.bench.soak import measure_soak

    found = measure_soak(minutes, seed)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
        return
    typer.echo(
        f"{found.runs} runs, {found.chats} questions and {found.wishes} wishes in {minutes:g} minutes "
        f"({found.platform}); after the warm-up → at the end:"
    )
    for name, (before, after), unit in (
        ("memory", found.memory_mb, " MB"),
        ("threads", found.threads, ""),
        ("open files", found.handles, ""),
        ("delay of the event loop, middle", found.loop_delay_median_ms, " ms"),
        ("delay of the event loop, 99th percentile", found.loop_delay_p99_ms, " ms"),
    ):
        typer.echo(f"  {name}: {before:.1f} → {after:.1f}{unit}")
    typer.echo(f"Memory grew by {text.number(100 * found.memory_growth, 1)} %.")


@bench_app.command()
def faults(
    kills: Annotated[int, typer.Option(min=1, help="Processes to kill.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Draws the moments.")] = 0,
    window: Annotated[bool, typer.Option("--window", help="Begin and resume them in the window.")] = False,
    inject: Annotated[bool, typer.Option("--inject", help="Let writes and allocations fail instead.")] = False,
    most: Annotated[int | None, typer.Option(min=1, help="With --inject: so many of them, drawn.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="With --inject: disk, store or memory.")] = None,
    as_json: _Json = False,
) -> None:
    """Kill runs of a tiny model without warning, resume them, and compare with a run that was left alone."""
    if inject:
        _inject(most, seed, kind or [], as_json=as_json)
        return
    from atu_gui.bench.faults import measure_faults

    found = None
    for found in measure_faults(kills, seed, window=window):
        if not as_json:
            typer.echo(f"{found.kills} kills: {found.identical} of {found.runs} runs end the same.")
    assert found is not None
    if as_json:
        typer.echo(json.dumps(found.as_json()))


def _inject(most: int | None, seed: int, kinds: list[str], *, as_json: bool) -> None:
    from atu_gui.bench.injection import measure_injection

    rows = []
    for row in measure_injection(most, seed, kinds):
        rows.append(row)
        if not as_json:
            typer.echo(row.row())
    if as_json:
        typer.echo(json.dumps([row.as_json() for row in rows]))
    bad = [row for row in rows if row.fault_found]
    if bad:
        typer.echo(f"{len(bad)} of {len(rows)} faults were not taken well.", err=True)
        raise typer.Exit(1)


@bench_app.command()
def architectures(
    only: Annotated[list[str] | None, typer.Option(help="A row by name; may be repeated. All without it.")] = None,
    as_json: _Json = False,
) -> None:
    """Put every kind of language model, in tiny random form, through load, align, unlearn, chat, export and resume."""
    from atu_gui.bench.architectures import STATIONS, measure_architectures
    from atu_gui.bench.tiny_architectures import ARCHITECTURES

    unknown = [name for name in only or () if name not in ARCHITECTURES]
    if unknown:
        raise typer.BadParameter(f"There is no row “{unknown[0]}”. There are: {'; '.join(ARCHITECTURES)}.")
    rows = []
    for row in measure_architectures(only or ()):
        rows.append(row)
        if not as_json:
            marks = " ".join(f"{name} {'yes' if name in row.passed else 'NO'}" for name in STATIONS)
            typer.echo(f"{row.name} ({row.parameters:,} parameters, {row.seconds:.1f} s): {marks}")
            for station, words in row.failed.items():
                typer.echo(f"  {station}: {words}")
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows]))


@bench_app.command("eval")
def evaluation(
    rwku: Annotated[Path, typer.Option(metavar="DIR", help="An RWKU target folder.")],
    model: Annotated[str, typer.Option(help="The language model, as in a run.")] = "starter",
    tiny: Annotated[bool, typer.Option("--tiny", help="A tiny model with random weights instead.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Questions of each part at most.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Pairs that are measured.")] = 1,
    as_json: _Json = False,
) -> None:
    """Cost of a target's questions, ours against the published batching, and whether the answers are the same."""
    from atu_gui.bench.evaluating import measure_eval

    found = measure_eval(rwku, source=model, tiny=tiny, limit=limit, repeats=repeats)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    ties = sum(one.tie for one in found.differing)
    typer.echo(
        f"{found.probes} questions ({found.distinct} distinct): published {found.published.seconds:.1f} s, ours "
        f"{found.ours.seconds:.1f} s, × {found.ratio:.2f} (of the processor × {found.processor_ratio:.2f}); answers "
        f"that end at the first line × {found.first_line_ratio:.2f}."
    )
    typer.echo(
        f"Tokens through the blocks: published {found.published.tokens:,}, ours {found.ours.tokens:,} (× "
        f"{found.token_ratio:.2f}); no way needs fewer than {found.least_tokens:,} (× "
        f"{found.least_tokens / found.published.tokens:.2f})."
    )
    typer.echo(f"{len(found.differing)} answers differ, {ties} of them where rounding decides between two tokens.")


@bench_app.command()
def growth(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder for growth.json and growth.md.")],
    only: Annotated[list[str] | None, typer.Option(help="An axis to measure; may be repeated. All without it.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="A language model; may be repeated. The starter's.")] = None,
    encoder: Annotated[str, typer.Option(help="The encoder.")] = "starter",
    texts_model: Annotated[
        str, typer.Option(help="The model of runs on many texts; “tiny” is made on the spot.")
    ] = "tiny",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    repeats: Annotated[int, typer.Option(min=2, help="Steps of each kind that are counted.")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer settings, steps and texts.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files of an earlier measurement.")] = False,
) -> None:
    """How cost grows with layer, tokens, batch, concepts, model and texts, and what that says of larger models."""
    from atu_gui.bench.growth import AXES, Plan, measure_growth, new_growth
    from atu_gui.bench.growth_report import NAMES, require_place, write_report

    unknown = [name for name in only or () if name not in AXES]
    if unknown:
        raise typer.BadParameter(f"There is no axis “{unknown[0]}”. There are: {', '.join(AXES)}.")
    require_place(to, force=force)
    lock = occupy(to)
    axes = tuple(axis for axis in AXES if not only or axis in only)
    plan = Plan(tuple(model or ("starter",)), encoder, device, axes, quick, repeats, texts_model)
    found = new_growth(device)
    try:
        for event in measure_growth(plan, found):
            if event.job == "growth":
                typer.echo(f"{event.what} ({event.done:.0f} of {event.total:.0f})", err=True)
    finally:
        # What was measured before an interruption or a fault is worth as much as it was.
        if found.steps or found.runs:
            write_report(to, plan, found)
            typer.echo(f"Written: {', '.join(str(to / name) for name in NAMES)}.")
        lock.release()
