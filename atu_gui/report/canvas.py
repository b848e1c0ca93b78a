"""Draws lines, marks and words as SVG. Colours are CSS classes, so that a page can be light or dark.

Everything a run said reaches the drawing through `Markup.format`, which escapes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from atu_gui.core import text

Range = tuple[float, float]
# A line of more points than this is drawn by the lowest and highest of each stretch.
_MOST_POINTS = 1200
_MARK = 3.4
_SHAPES = {
    "circle": "M {l} {y} a {r} {r} 0 1 0 {d} 0 a {r} {r} 0 1 0 -{d} 0 z",
    "square": "M {l} {t} h {d} v {d} h -{d} z",
    "triangle": "M {x} {t} L {e} {b} L {l} {b} z",
    "cross": "M {l} {t} L {e} {b} M {l} {b} L {e} {t}",
}
LONG_DASHED, DASHED, DOTTED, DASH_DOT = "6 2", "4 4", "1 3", "6 2 1 2"


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: the class of its colour, words, dashes and mark."""

    css: str
    words: str
    dash: str = ""
    mark: str = ""
    value: str = ""

    @property
    def drawing(self) -> Markup:
        """Its line and mark, small."""
        line = Markup('<line x1="0" y1="5" x2="22" y2="5" class="stroke" stroke-dasharray="{}"/>').format(self.dash)
        return line + (_shape(11.0, 5.0, self.mark, hollow=False) if self.mark else Markup())


class Canvas:
    """A plot with its axes, in pixels of its view box.

    Args:
        xs, ys: The values at the edges of the plot.
    """

    def __init__(self, width: float, height: float, xs: Range, ys: Range, *, right: float = 14.0) -> None:
        self.width, self.height, self.xs, self.ys = width, height, xs, ys
        self.left, self.right, self.top, self.bottom = 44.0, width - right, 10.0, height - 28.0
        self._parts: list[Markup] = []

    def x(self, value: float) -> float:
        """Where a value lies from the left."""
        return round(self.left + (value - self.xs[0]) / (self.xs[1] - self.xs[0]) * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        """Where a value lies from the top."""
        return round(self.bottom - (value - self.ys[0]) / (self.ys[1] - self.ys[0]) * (self.bottom - self.top), 1)

    def add(self, markup: str, *values: object) -> None:
        """Markup of ours, its `{}` filled with values, which are escaped."""
        self._parts.append(Markup(markup).format(*values))

    def axes(self, across: Iterable[float], name: str, *, digits: int = 0, upright: bool = False) -> None:
        """Grid lines with their values on the left, and values below; `name` says what those are."""
        step = _step(self.ys, 5)
        for value in ticks(self.ys, 5):
            place = self.y(value)
            self.add('<line x1="{}" y1="{}" x2="{}" y2="{}" class="grid"/>', self.left, place, self.right, place)
            self._label(self.left - 8, place + 4, text.number(value, _decimals(step)), "end")
        for value in across:
            place = self.x(value)
            if upright:
                self.add('<line x1="{}" y1="{}" x2="{}" y2="{}" class="grid"/>', place, self.top, place, self.bottom)
            self._label(place, self.bottom + 16, text.number(value, digits), "middle")
        self._label(0, self.bottom + 16, name, "start")

    def line(self, xs: Sequence[float], ys: Sequence[float], css: str, *, dash: str = "", width: float = 1.5) -> None:
        """A line through points."""
        if not len(xs):
            return
        points = " ".join(f"{self.x(x)},{self.y(y)}" for x, y in thinned(xs, ys))
        self.add(
            '<polyline points="{}" class="stroke {}" stroke-dasharray="{}" stroke-width="{}"/>',
            points,
            css,
            dash,
            width,
        )

    def level(self, value: float, css: str, dash: str, words: str = "") -> None:
        """A line across the plot at a height, with words to the right of it: leave room for them."""
        place = self.y(value)
        self.line(self.xs, (value, value), css, dash=dash, width=1)
        if words:
            self._label(self.right + 5, place + 4, words, "start")

    def upright(self, value: float, css: str, dash: str = "") -> None:
        """A line from bottom to top."""
        self.line((value, value), self.ys, css, dash=dash, width=1)

    def whisker(self, x: float, low: float, high: float, css: str) -> None:
        """An interval."""
        place, top, bottom = self.x(x), self.y(high), self.y(low)
        path = f"M {place} {top} V {bottom} M {place - 3} {top} h 6 M {place - 3} {bottom} h 6"
        self.add('<path d="{}" class="stroke {}" stroke-width="1"/>', path, css)

    def mark(self, x: float, y: float, css: str, shape: str, *, hollow: bool = False, tip: str = "") -> None:
        """A mark at a point; `tip` is said when the pointer rests on it."""
        self.add('<g class="{}"><title>{}</title>{}</g>', css, tip, _shape(self.x(x), self.y(y), shape, hollow=hollow))

    def ring(self, x: float, y: float) -> None:
        """A circle around a point."""
        self.add('<circle cx="{}" cy="{}" r="7.5" class="stroke after" stroke-width="1.5"/>', self.x(x), self.y(y))

    def words(self, x: float, y: float, said: str, *, up: float = 10.0, anchor: str = "middle") -> None:
        """Words above a point, or below it where `up` is less than 0."""
        self._label(self.x(x), self.y(y) - up, said, anchor)

    def svg(self, name: str, css: str) -> Markup:
        """The drawing, with its name for who cannot see it."""
        head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            css, self.width, self.height, name
        )
        return head + Markup().join(self._parts) + Markup("</svg>")

    def _label(self, x: float, y: float, said: str, anchor: str) -> None:
        self.add('<text x="{}" y="{}" text-anchor="{}">{}</text>', x, y, anchor, said)


def ticks(span: Range, most: int) -> list[float]:
    """Round values within a span, at most so many and one more."""
    step = _step(span, most)
    first = math.ceil(span[0] / step - 1e-9)
    return [number * step for number in range(first, math.floor(span[1] / step + 1e-9) + 1)]


def whole_ticks(last: float, most: int) -> list[float]:
    """Whole numbers from 0, at most so many and one more."""
    step = max(1.0, _step((0.0, max(last, 1.0)), most))
    return [number * step for number in range(math.floor(last / step + 1e-9) + 1)]


def digits_of(span: Range, most: int) -> int:
    """Decimals that tell the ticks of a span apart."""
    return _decimals(_step(span, most))


def thinned(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
    """The points; of very many the lowest and the highest of each stretch, so that no peak is lost."""
    points = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    if len(points) <= _MOST_POINTS:
        return points
    length = math.ceil(len(points) / (_MOST_POINTS // 2))
    kept: list[tuple[float, float]] = []
    for at in range(0, len(points), length):
        stretch = points[at : at + length]
        ends = {min(stretch, key=lambda one: one[1]), max(stretch, key=lambda one: one[1])}
        kept += sorted(ends)
    return kept


def _step(span: Range, most: int) -> float:
    rough = max(span[1] - span[0], 1e-9) / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _shape(x: float, y: float, shape: str, *, hollow: bool) -> Markup:
    r = _MARK
    places = {"x": x, "y": y, "r": r, "d": 2 * r, "l": x - r, "e": x + r, "t": y - r, "b": y + r}
    path = _SHAPES[shape].format(**{name: round(value, 2) for name, value in places.items()})
    return Markup('<path d="{}" class="{}"/>').format(path, "hollow" if hollow or shape == "cross" else "full")
