"""What work is made of, and how fast a machine does it: three rates, fitted to what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Work:
    """An amount of computing.

    Attributes:
        operations: Floating-point operations of matrix products.
        traffic: Bytes that are read or written besides: element by element, by the optimizer, and weights as they are
            fetched.
        passes: Blocks that are gone through, forward or backward; each is a few dozen calls however small it is.
    """

    operations: float = 0.0
    traffic: float = 0.0
    passes: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.operations + other.operations, self.traffic + other.traffic, self.passes + other.passes)

    def __mul__(self, times: float) -> Work:
        return Work(self.operations * times, self.traffic * times, self.passes * times)


@dataclass(frozen=True, slots=True)
class Rates:
    """How long a machine takes for one of each, in seconds; 0 where it is too little to be seen."""

    operation: float
    byte: float
    block: float

    def seconds(self, work: Work) -> float:
        """How long some work takes."""
        return self.operation * work.operations + self.byte * work.traffic + self.block * work.passes


# One core of a server, fitted to steps of SmolLM2-135M in float32 at three layers and from 32 to 256 positions.
# Where paces are carried over from settings to settings only the proportions matter.
CPU = Rates(operation=1 / 75e9, byte=1 / 35e9, block=1.5e-3)
# Nothing was measured here that would tell more than the operations apart.
OTHER = Rates(operation=1 / 1e14, byte=0.0, block=0.0)


def usual_rates(device: str) -> Rates:
    """The usual rates of a kind of device (“cpu”, “cuda:0 · bfloat16”)."""
    return CPU if device.startswith("cpu") else OTHER


def fit_rates(seen: Sequence[tuple[Work, float]]) -> Rates:
    """The rates that come closest to what was measured, each as a share of itself; none is below 0.

    Least squares over every choice of rates that may differ from 0, as there are only seven.

    Args:
        seen: Work, and the seconds that it took.

    Raises:
        ValueError: There is nothing to go by.
    """
    rows = [([amount / seconds for amount in astuple(work)], seconds) for work, seconds in seen if seconds > 0]
    best: tuple[float, Rates] | None = None
    for count in (1, 2, 3):
        for chosen in combinations(range(3), count):
            solved = _solve(
                [[sum(row[a] * row[b] for row, _ in rows) for b in chosen] for a in chosen],
                [sum(row[a] for row, _ in rows) for a in chosen],
            )
            if solved is None or min(solved) < 0:
                continue
            values = [0.0, 0.0, 0.0]
            for place, value in zip(chosen, solved, strict=True):
                values[place] = value
            error = sum((sum(v * x for v, x in zip(values, row, strict=True)) - 1) ** 2 for row, _ in rows)
            if best is None or error < best[0]:
                best = error, Rates(*values)
    if best is None:
        raise ValueError("nothing was measured")
    return best[1]


def _solve(matrix: list[list[float]], right: list[float]) -> list[float] | None:
    """A small symmetric system by elimination; None where it has no single answer."""
    size = len(right)
    # The three amounts differ by many powers of ten.
    scale = [matrix[at][at] ** 0.5 for at in range(size)]
    if not all(scale):
        return None
    rows = [[matrix[a][b] / scale[a] / scale[b] for b in range(size)] + [right[a] / scale[a]] for a in range(size)]
    for at in range(size):
        pivot = max(range(at, size), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        if abs(rows[at][at]) < 1e-9:
            return None
        for row in range(size):
            if row != at:
                factor = rows[row][at] / rows[at][at]
                rows[row] = [x - factor * y for x, y in zip(rows[row], rows[at], strict=True)]
    return [rows[at][size] / rows[at][at] / scale[at] for at in range(size)]
