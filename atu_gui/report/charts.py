"""The curves of a run as drawings: the same numbers as in the window, from the same functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from atu_gui.core import text
from atu_gui.core.events import AuditFound, Interval
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.round_marks import Limit, RoundMarks
from atu_gui.core.run_curves import RunCurves
from atu_gui.report.canvas import DASH_DOT, DASHED, DOTTED, LONG_DASHED, Canvas, Key, digits_of, ticks, whole_ticks

# As in the window when it is first opened: lines are means over so many steps, what they are of is drawn faint.
_SMOOTHED = 8
_WIDE, _NARROW = 1200.0, 390.0
_APART = 0.05
# Room for the words of goals, floors and limits.
_LIMIT = 66.0


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its heading, a caption and its legend."""

    title: str
    caption: str
    keys: tuple[Key, ...]
    drawing: Markup
    wide: bool = False


def step_charts(run: RunCurves) -> list[Chart]:
    """Similarity with τ, and align cosine, over the steps of a run; one of which nothing was measured is left out."""
    made = [_similarity(run)] if len(run.mean) and len(run.p95) else []
    return [*made, _cosine(run)] if len(run.held_out) or len(run.batch_cosine) else made


def round_charts(run: RunCurves, guards: GuardConfig, asked: str) -> list[Chart]:
    """Recall, utility and the frontier by round; those for which nothing was measured are left out."""
    marks = _drawable(RoundMarks.of(run, guards))
    kept = run.best_round or 0
    made: list[Chart] = []
    keys: tuple[Key, ...]
    if marks.forget or marks.neighbour:
        keys = (
            Key("forget", "forget", mark="circle"),
            Key("neighbour", "neighbour", LONG_DASHED, "square"),
            Key("before", "untouched", DASHED),
        )
        series = [(keys[0], marks.forget, -_APART), (keys[1], marks.neighbour, _APART)]
        drawn = _by_round("Recall per round", series, marks.recall_limits, floor=0.0)
        made.append(Chart("Recall per round", asked, keys, drawn))
    if marks.loss:
        keys = (Key("utility", "token loss, nats", DASH_DOT, "triangle"), Key("before", "untouched", DASHED))
        drawn = _by_round("Utility per round", [(keys[0], marks.loss, 0.0)], marks.loss_limits)
        made.append(Chart("Utility", "neutral text", keys, drawn))
    if len(marks.dots) > 1:
        made.append(_frontier(marks, kept, asked))
    return made


def audit_charts(found: Sequence[AuditFound]) -> list[Chart]:
    """What an attack brought back, over its steps or the model's layers."""
    return [_comeback(one) for one in found if len(one.curve) > 1]


def _drawable(marks: RoundMarks) -> RoundMarks:
    """Without what has no place in a drawing: a model that has lost its language may have an endless loss."""

    def finite(scores: Mapping[int, Interval]) -> dict[int, Interval]:
        return {at: one for at, one in scores.items() if all(map(math.isfinite, (one.mean, one.low, one.high)))}

    loss = finite(marks.loss)
    dots = tuple(dot for dot in marks.dots if dot.round in loss)
    limits = tuple(limit for limit in marks.loss_limits if math.isfinite(limit.value))
    scores = (finite(marks.forget), finite(marks.neighbour), loss)
    return RoundMarks(*scores, marks.recall_limits, limits, dots)


def _similarity(run: RunCurves) -> Chart:
    taus = [line.tau for line in run.tau_lines]
    values = [*taus, run.mean.low, run.p95.high]
    canvas = _over_steps(run, (min(0.0, *values), max(0.05, *values) * 1.06), 300.0)
    canvas.line(run.mean.steps.tolist(), run.mean.values.tolist(), "similarity raw", width=1)
    canvas.line(run.p95.steps.tolist(), run.p95.values.tolist(), "similarity raw", width=1)
    canvas.line(run.mean.steps.tolist(), run.mean.smoothed(_SMOOTHED).tolist(), "similarity")
    canvas.line(run.p95.steps.tolist(), run.p95.smoothed(_SMOOTHED).tolist(), "similarity", dash=DOTTED)
    for line in run.tau_lines:
        canvas.line((line.start, line.end), (line.tau, line.tau), "after", width=2)
    for flag in run.flags:
        canvas.upright(flag.step, "after", DOTTED)
        canvas.words(flag.step, canvas.ys[1], flag.text, up=-22.0, anchor="start")
    shown = [value.values[-1] if len(value) else None for value in (run.mean, run.p95)]
    keys = (
        Key("similarity", "mean", value=text.number(shown[0])),
        Key("similarity", "p95", DOTTED, value=text.number(shown[1])),
        Key("after", "τ applied", value=text.number(run.applied_tau)),
    )
    caption = f"cosine of predictions to the concept, by step; mean over {_SMOOTHED} steps, single steps faint"
    return Chart("Similarity to concept", caption, keys, canvas.svg("Similarity to concept by step", "wide"), True)


def _cosine(run: RunCurves) -> Chart:
    highest = max(0.1, run.held_out.high, run.batch_cosine.high)
    lowest = min(0.0, run.held_out.low, run.batch_cosine.low)
    canvas = _over_steps(run, (lowest, highest * 1.08), 170.0, labels=False)
    canvas.line(run.batch_cosine.steps.tolist(), run.batch_cosine.values.tolist(), "cosine raw", width=1)
    canvas.line(run.held_out.steps.tolist(), run.held_out.values.tolist(), "cosine")
    last = run.held_out.values[-1] if len(run.held_out) else None
    keys = (Key("cosine", "held-out", value=text.number(last)),)
    caption = "predictions to the real embedding of the next words; batches faint"
    return Chart("Align cosine", caption, keys, canvas.svg("Align cosine by step", "wide"), True)


def _over_steps(run: RunCurves, ys: tuple[float, float], height: float, *, labels: bool = True) -> Canvas:
    """A canvas with the stages of the run: unlearn stages tinted, with a ribbon and the number of their round."""
    last = max(run.now, 1.0)
    canvas = Canvas(_WIDE, height, (0.0, last), ys)
    for band in run.bands():
        if band.future:
            continue
        left, right = canvas.x(band.start), canvas.x(min(band.end, last))
        tall = canvas.bottom - canvas.top
        rect = '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>'
        canvas.add(rect, left, canvas.top, round(right - left, 1), tall, f"{band.stage}-band")
        if band.stage == "unlearn":
            canvas.add(rect, left, canvas.top, round(right - left, 1), 3, "ribbon")
        name = band.round if band.stage == "unlearn" else "align" if band.round == 1 else ""
        if labels:
            canvas.add('<text x="{}" y="{}">{}</text>', left + 3, canvas.top + 16, name)
    canvas.axes(whole_ticks(last, 10)[1:], "step")
    return canvas


_Series = tuple[Key, Mapping[int, Interval], float]


def _by_round(name: str, series: Sequence[_Series], limits: Sequence[Limit], *, floor: float | None = None) -> Markup:
    """Scores with their intervals; dashed: what the untouched model scored."""
    values = [each for _, scores, _ in series for one in scores.values() for each in (one.low, one.high)]
    values += [limit.value for limit in limits] + ([floor] if floor is not None else [])
    spare = 0.08 * max(max(values) - min(values), 0.05)
    low = floor if floor is not None else min(values) - spare
    last = max(number for _, scores, _ in series for number in scores)
    canvas = Canvas(_NARROW, 250.0, (-0.5, max(last, 1) + 0.5), (low, max(values) + spare), right=_LIMIT)
    canvas.axes(whole_ticks(last, 8), "round")
    for limit in limits:
        canvas.level(limit.value, "muted", DOTTED, f"{limit.word} {text.number(limit.value)}")
    for key, scores, aside in series:
        if 0 in scores:
            canvas.level(scores[0].mean, f"{key.css} untouched", DASHED)
        xs = [number + aside for number in scores]
        canvas.line(xs, [one.mean for one in scores.values()], key.css, dash=key.dash)
        for number, one in scores.items():
            canvas.whisker(number + aside, one.low, one.high, key.css)
            tip = f"{key.words}, {f'round {number}' if number else 'untouched'}: {text.scored(one)}"
            canvas.mark(number + aside, one.mean, key.css, key.mark, tip=tip)
    return canvas.svg(f"{name}, with 95 % intervals", "narrow")


def _frontier(marks: RoundMarks, kept: int, asked: str) -> Chart:
    forget, loss = [dot.forget for dot in marks.dots], [dot.loss for dot in marks.dots]
    wide, tall = max(*forget, 0.05), max(max(loss) - min(loss), 0.02)
    span = (-0.05 * wide, 1.2 * wide)
    canvas = Canvas(_NARROW, 250.0, span, (min(loss) - 0.35 * tall, max(loss) + 0.35 * tall))
    across = ticks(span, 5)
    canvas.axes(across, "", digits=digits_of(span, 5), upright=True)
    canvas.line(forget, loss, "edge", width=1)
    for dot in marks.dots:
        shape = "cross" if dot.rejected else "circle"
        css = "warn" if dot.rejected else "after" if dot.round else "before"
        name = str(dot.round) if dot.round else "untouched"
        tip = f"Round {name}: forget {text.number(dot.forget)}, token loss {text.number(dot.loss)}"
        if dot.rejected:
            tip += ", rejected by a guard"
        canvas.mark(dot.forget, dot.loss, css, shape, hollow=not dot.round, tip=tip)
        canvas.words(dot.forget, dot.loss, name, up=12.0 if dot.round else -20.0)
        if dot.round == kept and kept:
            canvas.ring(dot.forget, dot.loss)
    keys = [Key("after", "round", mark="circle")]
    if any(dot.rejected for dot in marks.dots):
        keys.append(Key("warn", "rejected", mark="cross"))
    caption = f"forget recall, {asked}, against token loss; lower left is better" + (", ring: kept" if kept else "")
    return Chart("Frontier", caption, tuple(keys), canvas.svg("Frontier: forget recall against token loss", "narrow"))


def _comeback(one: AuditFound) -> Chart:
    lines: tuple[tuple[Key, list[tuple[float, float]]], ...] = (
        (Key("after", "round"), [(point.at, point.attacked) for point in one.curve]),
        (
            Key("before", "never knew" if one.axis == "step" else "untouched", DASHED),
            [(point.at, point.beside) for point in one.curve if point.beside is not None],
        ),
        (
            Key("muted", "shuffled labels", DOTTED),
            [(point.at, point.floor) for point in one.curve if point.floor is not None],
        ),
    )
    values = [value for _, points in lines for _, value in points]
    spare = 0.08 * max(max(values) - min(values), 0.05)
    places = [point.at for point in one.curve]
    ends = (float(min(places)), float(max(places)))
    canvas = Canvas(_NARROW, 190.0, ends, (min(values) - spare, max(values) + spare))
    canvas.axes([value for value in whole_ticks(ends[1], 8) if value >= ends[0]], one.axis)
    for key, points in lines:
        canvas.line([at for at, _ in points], [value for _, value in points], key.css, dash=key.dash)
    keys = tuple(key for key, points in lines if points)
    what = one.comebacks[0].measure if one.comebacks else ""
    return Chart(text.capital(one.attack), what, keys, canvas.svg(f"{one.attack}: {what} by {one.axis}", "narrow"))
