"""Where the time of a step goes, ours and the published way's: PyTorch's operators, counted by what they are for.

Shares are of the time by the clock, so they say most on a machine that does nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch.profiler import ProfilerActivity, profile

from atu_gui.bench.pairs import Pair
from atu_gui.bench.published import ENCODING

ENCODER, OPTIMIZER, MATRICES, ATTENTION, REST = (
    "encoder",
    "optimizer",
    "matrices",
    "attention",
    "elementwise and copies",
)
GROUPS = (MATRICES, ATTENTION, REST, OPTIMIZER, ENCODER)
_PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm", "aten::linear", "aten::matmul")
_STEPS = 2
_TOP = 10


@dataclass(frozen=True, slots=True)
class Operator:
    """One of PyTorch's operators: its share of a step, and how often a step calls it."""

    name: str
    share: float
    calls: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What a step is made of.

    Attributes:
        name: The row that it belongs to.
        way: “ours” or “published”.
        seconds: Of one step, while it is watched.
        groups: Share of each of `GROUPS`; what an encoder or an optimizer calls counts as theirs alone.
        operators: Those with the largest shares, largest first.
    """

    name: str
    way: str
    seconds: float
    groups: dict[str, float]
    operators: tuple[Operator, ...]


def profiled(name: str, pair: Pair) -> Iterator[Profile]:
    """Both ways of a step, each after one step that is not watched."""
    pair.before()
    for way, step in (("ours", pair.ours), ("published", pair.published)):
        step()
        yield profile_step(name, way, step)


def profile_step(name: str, way: str, step: Callable[[], float]) -> Profile:
    """One way of a step, watched more than once."""
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as watched:
        for _ in range(_STEPS):
            step()
    groups: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    events: Any = watched.events()
    for event in events:
        groups[_group(event)] += event.self_cpu_time_total
        spent[event.name] += event.self_cpu_time_total
        calls[event.name] += 1
    total = max(1e-9, sum(spent.values()))
    top = [Operator(each, time / total, calls[each] / _STEPS) for each, time in spent.most_common(_TOP)]
    return Profile(name, way, total / 1e6 / _STEPS, {group: groups[group] / total for group in GROUPS}, tuple(top))


def _group(event: Any) -> str:
    above = event
    while above is not None:
        if above.name == ENCODING:
            return ENCODER
        if above.name.startswith("Optimizer."):
            return OPTIMIZER
        above = above.cpu_parent
    if event.name in _PRODUCTS:
        return MATRICES
    return ATTENTION if "scaled_dot_product" in event.name else REST
