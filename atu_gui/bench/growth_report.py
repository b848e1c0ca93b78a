"""What a measurement of growth found, as a JSON file for programs and a Markdown file for people."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from atu_gui.bench.growth import PARTS, Growth, Plan, RunPoint, StepPoint
from atu_gui.core import text
from atu_gui.core.errors import InputError
from atu_gui.core.rates import Rates
from atu_gui.core.versions import versions

NAMES = ("growth.json", "growth.md")
_GB = 1e9


def require_place(folder: Path, *, force: bool) -> None:
    """Make the folder; refuse one that holds such files already, unless they may be replaced.

    Raises:
        InputError: They are there, or it can be no folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror or error}.", "Name another folder.") from None
    there = [name for name in NAMES if (folder / name).exists()]
    if there and not force:
        raise InputError(f"{folder} holds {' and '.join(there)} already.", "Name another folder, or add --force.")


def write_report(folder: Path, plan: Plan, found: Growth) -> None:
    """Write both files; what was not measured is left out."""
    data = {"machine": machine(), "versions": versions(), "plan": asdict(plan), **asdict(found)}
    (folder / NAMES[0]).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / NAMES[1]).write_text("\n".join(_page(plan, found)) + "\n", encoding="utf-8")


def machine() -> dict[str, str | int]:
    """What it was measured on."""
    return {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count() or 1}


def _processor() -> str:
    """Its name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _page(plan: Plan, found: Growth) -> Iterator[str]:
    on = machine()
    yield "# How cost grows"
    yield ""
    yield f"{on['processor']}, {on['cores']} cores, {found.threads} of torch's threads, device {plan.device};"
    yield f"{on['system']}."
    yield f"{', '.join(f'{name} {version}' for name, version in versions().items())}."
    yield f"Seconds of the {found.clock} clock."
    if not found.complete:
        yield ""
        yield "**Ended before everything was measured.**"
    yield from _steps(found.steps)
    yield from _rates(found)
    yield from _texts([one for one in found.runs if one.axis == "texts"])
    yield from _memory([one for one in found.runs if one.axis == "memory"])
    yield from _foreseen(found)


def _steps(points: Sequence[StepPoint]) -> Iterator[str]:
    if not points:
        return
    yield from _heading("A step", "Medians with the lowest and highest; “by rates” is what three rates make of it.")
    rows = [
        (
            one.model,
            one.axis,
            f"{one.value:g}",
            one.part,
            f"{one.seconds:.3f} s",
            f"{one.low:.3f}–{one.high:.3f}",
            str(one.n),
            f"{one.predicted:.3f} s ({_off(one.predicted, one.seconds)})",
        )
        for one in points
    ]
    yield from _table(("model", "axis", "value", "step", "median", "spread", "n", "by rates"), rows)


def _rates(found: Growth) -> Iterator[str]:
    if not found.rates:
        return
    yield from _heading(
        "Rates", "Fitted to all points of a model; the others are foretold from them. Error: median, and largest."
    )
    rows = []
    for name, rates in found.rates.items():
        own = [(one.predicted, one.seconds) for one in found.steps if one.model == name and one.part != "first align"]
        rows.append((name, *_rate_words(rates), "itself", _errors(own)))
        others = sorted({one.model for one in found.cross if one.rates_of == name})
        for other in others:
            pairs = [
                (one.predicted, one.measured)
                for one in found.cross
                if (one.rates_of, one.model) == (name, other) and one.part != "first align"
            ]
            rows.append((name, *_rate_words(rates), other, _errors(pairs)))
    yield from _table(("rates of", "operations", "traffic", "a block", "foretell", "align and unlearn steps"), rows)


def _texts(runs: Sequence[RunPoint]) -> Iterator[str]:
    if not runs:
        return
    first = runs[0].spec
    yield from _heading(
        "Texts",
        f"Whole runs of {first.align} align and {first.unlearn} unlearn steps of {first.batch} × {first.tokens} tokens "
        f"with {first.model}, each in a process of its own with an empty cache.",
    )
    rows = [
        (
            f"2 × {one.spec.texts:,}",
            f"{one.cost.read:,}",
            f"{one.cost.prepare_s:.1f} s",
            text.size(one.cost.peak_bytes),
            text.size(one.cost.peak_bytes - one.cost.loaded_bytes),
            text.size(one.cost.disk_bytes),
        )
        for one in runs
    ]
    yield from _table(("texts", "read", "ready after", "memory at most", "more than before", "on the disk"), rows)


def _memory(runs: Sequence[RunPoint]) -> Iterator[str]:
    if not runs:
        return
    yield from _heading("Memory", "Of the whole process at most, in real runs of five steps, and what the window says.")
    rows = [
        (
            one.spec.model,
            "two thirds" if one.spec.layer < 0 else "a third",
            f"{one.spec.batch} × {one.spec.tokens}",
            text.size(one.cost.peak_bytes),
            f"{text.size(one.cost.estimated_bytes)} ({_off(one.cost.estimated_bytes, one.cost.peak_bytes)})",
        )
        for one in runs
    ]
    yield from _table(("model", "layer at", "batch", "measured", "estimated"), rows)


def _foreseen(found: Growth) -> Iterator[str]:
    if not found.foreseen:
        return
    of = next(reversed(found.rates))
    yield from _heading(
        "Larger models",
        f"Foretold from shapes: times by the rates of {of} on this machine, memory by the estimate of the window, "
        "default settings (a third of the depth, 8 × 96 tokens, AdamW). Nothing of it was run.",
    )
    rows = []
    for one in found.foreseen:
        uses = dict(one.uses)
        training = sum(uses.get(name, 0.0) for name in ("Gradients", "Optimizer", "Untouched values", "Heads"))
        rows.append(
            (
                one.name,
                f"{one.parameters / _GB:.2f} B",
                *(f"{seconds:.2f} s" for seconds in one.steps),
                text.duration(one.all_steps),
                text.size(sum(uses.values())),
                text.size(uses["Model"]),
                text.size(training),
                text.size(uses["Activations"]),
                text.size(one.disk),
            )
        )
    names = (
        "model",
        "parameters",
        *PARTS,
        "all steps",
        "memory",
        "weights",
        "training",
        "activations",
        "rounds on disk",
    )
    yield from _table(names, rows)


def _rate_words(rates: Rates) -> tuple[str, str, str]:
    return (
        f"{1e-9 / rates.operation:.0f} Gflop/s" if rates.operation else text.NOTHING,
        f"{1e-9 / rates.byte:.1f} GB/s" if rates.byte else text.NOTHING,
        f"{1e3 * rates.block:.2f} ms",
    )


def _errors(pairs: Sequence[tuple[float, float]]) -> str:
    errors = [abs(predicted / measured - 1) for predicted, measured in pairs if measured]
    if not errors:
        return text.NOTHING
    return f"{text.percent(median(errors))}, {text.percent(max(errors))} at most ({len(errors)})"


def _off(predicted: float, measured: float) -> str:
    return f"{100 * (predicted / measured - 1):+.0f} %".replace("-", text.MINUS) if measured else text.NOTHING


def _heading(title: str, words: str) -> Iterator[str]:
    yield from ("", f"## {title}", "", words, "")


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
