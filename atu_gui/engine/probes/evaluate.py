"""The benchmark put to one set of weights: ask, judge, report. Cancelling keeps the parts that were done."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from atu_gui.core.evaluation import COMMON_DEPARTURES, DIFFERENCES, FEW, EvaluatedItem, Evaluation, PartTime, Reading
from atu_gui.core.events import Event, Progress
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.benchmark_prompts import benchmark_prompt
from atu_gui.engine.probes.figures import figures
from atu_gui.engine.probes.judging import judge
from atu_gui.engine.probes.raw_answers import Raw, RawStore, ask_part, raw_key
from atu_gui.engine.probes.target import Target


def evaluate(
    lm: LanguageModel,
    targets: Sequence[Target],
    *,
    weights: str,
    reading: Reading,
    limit: int | None,
    cache: Path,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, Evaluation]:
    """Evaluate the weights as they are now; `weights` names them, `cache` is the folder of raw answers.

    Raises:
        Cancelled: `cancelled` said so; parts that were done are not asked again next time.
    """
    store, hashed = RawStore(cache), weights_hash(lm.model)
    items: list[EvaluatedItem] = []
    times: dict[str, PartTime] = {}
    notes = []
    for target in targets:
        if target.missing:
            notes.append(f"{target.name} has no {', '.join(target.missing)}.")
        for part, entries in target.parts.items():
            begun = time.monotonic()
            prompts = [benchmark_prompt(lm, part, entry.record) for entry in entries]
            key = raw_key(lm, hashed, part, prompts, entries)
            kept = store.load(key, len(entries))
            raws = kept if kept is not None else (yield from _asked(lm, target, part, prompts, begun, cancelled))
            if kept is None:
                store.save(key, raws)
            items += [
                judge(target.name, part, entry, prompt, raw, reading)
                for entry, prompt, raw in zip(entries, prompts, raws, strict=True)
            ]
            before = times.get(part, PartTime(part, 0.0, 0, 0))
            seconds, cached = before.seconds + time.monotonic() - begun, len(entries) if kept is not None else 0
            times[part] = PartTime(part, seconds, before.items + len(entries), before.cached + cached)
    scores = figures(items, reading)
    few = sum(score.few for score in scores)
    if few:
        notes.append(
            f"{few} of {len(scores)} scores, marked “few”, rest on fewer than {FEW} items: read the intervals."
        )
    differs = (*(DIFFERENCES if reading == "corrected" else ()), *COMMON_DEPARTURES)
    names = tuple(target.name for target in targets)
    return Evaluation(
        weights, hashed, reading, names, limit, scores, tuple(items), tuple(times.values()), tuple(notes), differs
    )


def _asked(
    lm: LanguageModel,
    target: Target,
    part: str,
    prompts: Sequence[str],
    begun: float,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, list[Raw]]:
    """Ask a part, its progress in words, with the time that it will still take at its own pace."""
    asking = ask_part(lm, part, prompts, target.parts[part], cancelled)
    while True:
        try:
            progress: Progress = next(asking)
        except StopIteration as end:
            return list(end.value)
        spent = time.monotonic() - begun
        left = spent * (progress.total - progress.done) / progress.done if progress.done else None
        yield dataclasses.replace(progress, what=f"{target.name} · {part}", seconds_left=left)
