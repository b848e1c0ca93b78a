"""The tables of a report: cells of plain words, every score with its interval and the number of items behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from atu_gui.core import text
from atu_gui.core.audits import AUDITS
from atu_gui.core.comeback import share_words
from atu_gui.core.evaluation import PARTS, Evaluation
from atu_gui.core.events import AuditFound, DeepScored, GroupScores, Interval, RoundScored
from atu_gui.core.materials import Group
from atu_gui.core.score_words import SMOOTH

_GROUPS: tuple[Group, ...] = ("forget", "neighbour")
_SIDES: tuple[Literal["dev", "test"], ...] = ("dev", "test")


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, and below it what it rests on."""

    words: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows; the first `left` columns hold words, the others figures. `strong` are rows to be seen."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: int = 1
    strong: tuple[int, ...] = ()


def rounds(scored: Sequence[RoundScored], kept: int) -> Table:
    """Scores by round, of either side."""
    sided = (f"{text.capital(group)}, {side}" for group in _GROUPS for side in _SIDES)
    headings = ("Round", "τ", *sided, "Token loss", "Fluency, bits", "Align cosine", "Time")
    rows = []
    for one in scored:
        recalls = [
            Cell("void", "collapsed")
            if one.collapse and group == "forget"
            else score(one.recall(group, side) if one.tested or side == "test" else None)
            for group in _GROUPS
            for side in _SIDES
        ]
        utility = (score(one.token_loss), score(one.fluency_entropy))
        rest = (Cell(text.number(one.align_cosine)), Cell(text.duration(one.seconds)))
        rows.append((_round(one, kept), Cell(text.number(one.tau)), *recalls, *utility, *rest))
    strong = tuple(at for at, one in enumerate(scored) if kept and one.round == kept)
    return _measured(Table("Scores per round", headings, tuple(rows), strong=strong))


def smooth(scored: Sequence[RoundScored], kept: int) -> Table:
    """Log-probabilities and smooth scores by round, on test questions and of verbatim strings."""
    fields = ("logprob", *SMOOTH)
    groups: list[str] = [*_GROUPS, *(["verbatim"] if any(one.verbatim for one in scored) else [])]
    rows = [
        (_round(one, kept) if not at else Cell(""), Cell(group), *(score(_smooth(one, group, name)) for name in fields))
        for one in scored
        for at, group in enumerate(groups)
    ]
    strong = tuple(at for at in range(len(rows)) if kept and scored[at // len(groups)].round == kept)
    headings = ("Round", "Questions", "Log-prob", *(name for name, _ in SMOOTH.values()))
    return _measured(Table("Smooth scores per round", headings, tuple(rows), left=2, strong=strong))


def deep(scored: Sequence[DeepScored]) -> Table:
    """leak@k and exposure, of the untouched model and the kept round."""
    rows = []
    for one in scored:
        name = Cell(f"Round {one.round}" if one.round else "Untouched")
        for group, leaks in (
            ("forget", one.forget_leak),
            ("neighbour", one.neighbour_leak),
            ("verbatim", one.verbatim_leak),
        ):
            rows += [(name, Cell(f"leak@{k}, {group}"), score(leak)) for k, leak in zip(one.ks, leaks, strict=False)]
        if one.exposure is not None:
            rows.append((name, Cell(f"exposure among {text.count(one.candidates)}, bits"), score(one.exposure)))
    return Table("Scores taken once", ("Round", "Score", "Value"), tuple(rows), left=2)


def audits(found: Sequence[AuditFound]) -> Table:
    """A row for each attack and measure: what came back of what was there before."""
    rows = []
    for kind in AUDITS:
        for one in (each for each in found if each.audit == kind):
            for at, back in enumerate(one.comebacks):
                named = (Cell(AUDITS[kind].title), Cell(one.attack)) if not at else (Cell(""), Cell(""))
                values = (score(value) for value in (back.untouched, back.unlearned, back.attacked))
                what = Cell(back.measure, back.group)
                rows.append((*named, what, *values, Cell(share_words(back.share))))
    headings = ("Audit", "Attack", "Measure", "Untouched", "Round", "Attacked", "Came back")
    return Table("What audits brought back", headings, tuple(rows), left=3)


def evaluation(found: Evaluation) -> Table:
    """Every score of the benchmark with its intervals."""
    rows = tuple(
        (
            Cell(one.name),
            Cell(text.number(one.value, one.digits)),
            Cell(one.span(one.items)),
            Cell(one.span(one.targets)),
            Cell(text.count(one.n) + (" (few)" if one.few else "")),
        )
        for one in found.scores
    )
    return Table(found.title, ("Score", "Value", "95 % over items", "95 % over targets", "n"), rows)


def parts_of(found: Evaluation) -> str:
    """What was asked, in words."""
    return ", ".join(PARTS.get(time.part, time.part) for time in found.times)


def score(value: Interval | None, digits: int = 2) -> Cell:
    """A mean, and below it its interval and the number of items."""
    if value is None:
        return Cell(text.NOTHING)
    span = f"{text.number(value.low, digits)} to {text.number(value.high, digits)}"
    return Cell(text.number(value.mean, digits), f"{span}, n = {text.count(value.n)}")


def _smooth(one: RoundScored, group: str, field: str) -> Interval | None:
    """A score on the side that judges; in records without sides of all questions."""
    scores: GroupScores | None = getattr(one, f"{group}_test", None) or getattr(one, group)
    if scores is None and field == "logprob" and group != "verbatim":
        return one.forget_logprob if group == "forget" else one.neighbour_logprob
    value: Interval | None = getattr(scores, field) if scores is not None else None
    return value


def _measured(made: Table) -> Table:
    """Without the columns in which nothing was measured, as in records of earlier versions."""
    kept = [
        at
        for at in range(len(made.headings))
        if at < made.left or any(row[at].words != text.NOTHING for row in made.rows)
    ]
    headings = tuple(made.headings[at] for at in kept)
    return replace(made, headings=headings, rows=tuple(tuple(row[at] for at in kept) for row in made.rows))


def _round(one: RoundScored, kept: int) -> Cell:
    if not one.round:
        return Cell("Untouched")
    return Cell(f"Round {one.round}", "kept" if one.round == kept else "")
