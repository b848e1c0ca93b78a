"""The benchmark put to one set of weights: ask, judge, report. Cancelling keeps the parts that were done."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from atu_gui.core.evaluation import COMMON_DEPARTURES, DIFFERENCES, FEW, EvaluatedItem, Evaluation, PartTime, Reading
from atu_gui.core.events import Event
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.benchmark_prompts import benchmark_prompt
from atu_gui.engine.probes.figures import figures
from atu_gui.engine.probes.judging import judge
from atu_gui.engine.probes.raw_answers import QUESTIONS, Asked, Raw, RawStore, ask, jobs, raw_key
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
        for parts in jobs(target.parts):
            begun = time.monotonic()
            job = [asked_part(lm, target, part) for part in parts]
            kept = [_kept(lm, store, hashed, asked, reading) for asked in job]
            wanted = [asked for asked, raws in zip(job, kept, strict=True) if raws is None]
            fresh = iter((yield from _answers(lm, target, wanted, reading, cancelled)) if wanted else [])
            for asked, raws in zip(job, kept, strict=True):
                if raws is None:
                    raws = next(fresh)
                    store.save(raw_key(lm, hashed, asked, first_line=_first_line(asked.part, reading)), raws)
                items += [
                    judge(target.name, asked.part, entry, prompt, raw, reading)
                    for entry, prompt, raw in zip(asked.entries, asked.prompts, raws, strict=True)
                ]
            _count(times, job, wanted, time.monotonic() - begun)
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


def asked_part(lm: LanguageModel, target: Target, part: str) -> Asked:
    """A part of a target in the words in which the model is asked."""
    entries = target.parts[part]
    return Asked(part, entries, tuple(benchmark_prompt(lm, part, entry.record) for entry in entries))


def _first_line(part: str, reading: Reading) -> bool:
    """Whether a reading looks at the first line of a part's answers only."""
    return reading == "corrected" and part in QUESTIONS


def _kept(lm: LanguageModel, store: RawStore, hashed: str, asked: Asked, reading: Reading) -> list[Raw] | None:
    """Kept answers that the reading can score: whole ones serve both."""
    whole = store.load(raw_key(lm, hashed, asked), len(asked.entries))
    if whole is not None or not _first_line(asked.part, reading):
        return whole
    return store.load(raw_key(lm, hashed, asked, first_line=True), len(asked.entries))


def _answers(
    lm: LanguageModel, target: Target, wanted: Sequence[Asked], reading: Reading, cancelled: Callable[[], bool]
) -> Generator[Event, None, list[list[Raw]]]:
    """Ask the parts of one job, the progress in words, with the time that it will still take at its own pace."""
    begun = time.monotonic()
    asking = ask(lm, wanted, cancelled, first_line=_first_line(wanted[0].part, reading))
    what = f"{target.name} · {', '.join(asked.part for asked in wanted)}"
    while True:
        try:
            progress = next(asking)
        except StopIteration as end:
            return list(end.value)
        spent = time.monotonic() - begun
        left = spent * (progress.total - progress.done) / progress.done if progress.done else None
        yield dataclasses.replace(progress, what=what, seconds_left=left)


def _count(times: dict[str, PartTime], job: Sequence[Asked], wanted: Sequence[Asked], seconds: float) -> None:
    """Add a job to the times of its parts: those that were asked together share its seconds by their items."""
    paying = wanted or job
    total = sum(len(asked.entries) for asked in paying)
    for asked in job:
        before = times.get(asked.part, PartTime(asked.part, 0.0, 0, 0))
        count = len(asked.entries)
        share = seconds * count / total if asked in paying else 0.0
        cached = 0 if asked in wanted else count
        times[asked.part] = PartTime(asked.part, before.seconds + share, before.items + count, before.cached + cached)
