"""The figures of a report, out of judged items: every mean with its interval over items and over targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from atu_gui.core.evaluation import EvaluatedItem, Reading, Score
from atu_gui.core.events import Interval
from atu_gui.core.rephrasing import ATTACKS
from atu_gui.engine.probes.aggregates import PUBLISHED_WEIGHTS, combined
from atu_gui.engine.probes.intervals import bootstrap
from atu_gui.engine.probes.membership import SCORES, auc

_NAMES = {
    "fb": "forget FB",
    "qa": "forget QA",
    "aa": "forget AA",
    "neighbour-fb": "neighbour FB",
    "neighbour-qa": "neighbour QA",
    "mmlu": "MMLU accuracy",
    "bbh": "BBH exact match",
    "truthfulqa": "TruthfulQA MC1",
    "triviaqa": "TriviaQA F1",
    "fluency": "fluency entropy",
}
_FURTHER = {"truthfulqa": ("TruthfulQA MC2", "mc2"), "triviaqa": ("TriviaQA exact match", "exact match")}
_RESAMPLES = 1000
_Of = Callable[[EvaluatedItem], float | None]


def figures(items: Sequence[EvaluatedItem], reading: Reading) -> tuple[Score, ...]:
    """All scores that the items allow, in the order of the report."""
    found: list[Score | None] = []
    parts = {part: [item for item in items if item.part == part] for part in (*_NAMES, "mia")}
    for part, name in _NAMES.items():
        found.append(_mean(name, parts[part], _main))
        if part == "aa":
            found.append(_mean("forget AA, answer not in the prompt", _untold(parts["aa"]), _main))
            found.append(_mean("forget AA, answer in the prompt", [one for one in parts["aa"] if one.told], _main))
            found += [_mean(f"AA, {kind}", [one for one in parts["aa"] if one.kind == kind], _main) for kind in ATTACKS]
            found.append(_combined("forget all", "forget", items, reading))
            found.append(_combined("forget all, leak-free", "forget", _untold(items), reading))
        elif part == "neighbour-qa":
            found.append(_combined("neighbour all", "neighbour", items, reading))
        elif part in _FURTHER:
            further, detail = _FURTHER[part]
            found.append(_mean(further, parts[part], _detail(detail)))
    return tuple(score for score in (*found, *_membership(parts["mia"], reading)) if score is not None)


def _main(item: EvaluatedItem) -> float | None:
    return item.score


def _detail(name: str) -> _Of:
    return lambda item: dict(item.details).get(name)


def _untold(items: Iterable[EvaluatedItem]) -> list[EvaluatedItem]:
    return [item for item in items if not item.told]


def _by_target(items: Sequence[EvaluatedItem]) -> dict[str, list[EvaluatedItem]]:
    groups: dict[str, list[EvaluatedItem]] = {}
    for item in items:
        groups.setdefault(item.target, []).append(item)
    return groups


def _mean(name: str, items: Sequence[EvaluatedItem], of: _Of, unit: float = 100.0) -> Score | None:
    groups = [
        scored
        for group in _by_target(items).values()
        if (scored := [unit * value for item in group if (value := of(item)) is not None])
    ]
    if not groups:
        return None
    means = [float(np.mean(scored)) for scored in groups]
    return Score(name, float(np.mean(means)), _over_items(groups), _over_targets(means), sum(map(len, groups)))


def _over_items(groups: Sequence[Sequence[float]]) -> Interval | None:
    """The mean of the targets' means, each target's items drawn anew among themselves."""
    if len(groups) == 1:
        return bootstrap(groups[0])
    generator = np.random.default_rng(0)
    draws = [generator.choice(np.asarray(group), (_RESAMPLES, len(group))).mean(axis=1) for group in groups]
    low, high = np.percentile(np.mean(draws, axis=0), (2.5, 97.5))
    mean = float(np.mean([np.mean(group) for group in groups]))
    return Interval(mean, float(low), float(high), sum(map(len, groups)))


def _over_targets(values: Sequence[float]) -> Interval | None:
    return bootstrap(values) if len(values) > 1 else None


def _combined(name: str, group: str, items: Sequence[EvaluatedItem], reading: Reading) -> Score | None:
    wanted = [item for item in items if item.part in PUBLISHED_WEIGHTS[group]]
    means = [value for one in _by_target(wanted).values() if (value := _weighted(group, one, reading)) is not None]
    if not means:
        return None
    # Drawn anew within each target and part: the weights stand above the items, whatever is drawn.
    generator = np.random.default_rng(0)
    draws = []
    for _ in range(_RESAMPLES):
        drawn = [_weighted(group, _redrawn(one, generator), reading) for one in _by_target(wanted).values()]
        draws.append(np.mean([value for value in drawn if value is not None]))
    low, high = np.percentile(draws, (2.5, 97.5))
    value = float(np.mean(means))
    return Score(name, value, Interval(value, float(low), float(high), len(wanted)), _over_targets(means), len(wanted))


def _weighted(group: str, items: Sequence[EvaluatedItem], reading: Reading) -> float | None:
    values: dict[str, list[float]] = {}
    for item in items:
        if item.score is not None:
            values.setdefault(item.part, []).append(100 * item.score)
    means = {part: sum(scores) / len(scores) for part, scores in values.items()}
    return combined(group, means, {part: len(scores) for part, scores in values.items()}, reading)


def _redrawn(items: Sequence[EvaluatedItem], generator: np.random.Generator) -> list[EvaluatedItem]:
    parts: dict[str, list[EvaluatedItem]] = {}
    for item in items:
        parts.setdefault(item.part, []).append(item)
    return [part[place] for part in parts.values() for place in generator.integers(0, len(part), size=len(part))]


def _membership(items: Sequence[EvaluatedItem], reading: Reading) -> list[Score | None]:
    """RWKU's score is −100 × the mean log-probability; as published one undefined Min-K % makes its mean so (M1)."""
    found: list[Score | None] = []
    for kind in ("forget", "retain"):
        found.append(_mean(f"MIA {kind}", [item for item in items if item.kind == kind], _main, -100.0))
    for name in SCORES:
        for kind in ("forget", "retain"):
            group = [item for item in items if item.kind == kind]
            short = any(_detail(name)(item) is None for item in group)
            mean = _mean(f"MIA {kind}, mean {name}", group, _detail(name), 1.0)
            found.append(None if short and reading == "rwku" else mean)
        found.append(_auc(name, items))
    return found


def _auc(name: str, items: Sequence[EvaluatedItem]) -> Score | None:
    per_target = [(_values(name, one, "forget"), _values(name, one, "retain")) for one in _by_target(items).values()]
    known = [(left, right) for left, right in per_target if left and right]
    if not known:
        return None
    value = [100 * (auc(left, right) or 0.0) for left, right in known]
    generator = np.random.default_rng(0)
    draws = [
        np.mean([100 * (auc(generator.choice(a, len(a)).tolist(), generator.choice(b, len(b)).tolist()) or 0.0)
                 for a, b in known])
        for _ in range(_RESAMPLES)
    ]  # fmt: skip
    low, high = np.percentile(draws, (2.5, 97.5))
    count, mean = sum(len(a) + len(b) for a, b in known), float(np.mean(value))
    return Score(f"MIA AUC {name}", mean, Interval(mean, float(low), float(high), count), _over_targets(value), count)


def _values(name: str, items: Sequence[EvaluatedItem], kind: str) -> list[float]:
    return [value for item in items if item.kind == kind and (value := _detail(name)(item)) is not None]
