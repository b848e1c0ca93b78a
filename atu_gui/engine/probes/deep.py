"""The costly scores, taken once at the end: answers at temperature 1 (leak@k) and the exposure of verbatim strings."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager

from atu_gui.core.events import DeepScored, Event, Interval, ItemSampled, ProbeGroup
from atu_gui.core.materials import Probe
from atu_gui.core.probing import LEAK_KS, ProbingConfig
from atu_gui.engine.generate import generate_batch
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.exposure import exposure
from atu_gui.engine.probes.intervals import bootstrap
from atu_gui.engine.probes.prompts import probe_prompt
from atu_gui.engine.probes.score import ANSWER_TOKENS, recall_of, score_group, string_tokens

_BATCH = 128


def wanted(settings: ProbingConfig, probes: Sequence[Probe]) -> bool:
    """Whether there is anything costly to measure."""
    return bool(probes) and (
        settings.samples > 0 or (settings.candidates > 0 and any(probe.kind == "verbatim" for probe in probes))
    )


def deep_scores(
    lm: LanguageModel,
    probes: Sequence[Probe],
    settings: ProbingConfig,
    *,
    run_id: str,
    round: int,
    seed: int,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, DeepScored]:
    """Sample and rank with the weights as they are now; an `ItemSampled` for each probe, then the `DeepScored`.

    Samples are drawn among the 50 likeliest tokens, as everywhere in the program.

    Raises:
        Cancelled: `cancelled` said so.
    """
    samples = yield from _samples(lm, probes, settings.samples, seed, cancelled)
    ks = tuple(k for k in LEAK_KS if k <= settings.samples)
    best: dict[ProbeGroup, list[tuple[float, ...]]] = {"forget": [], "neighbour": [], "verbatim": []}
    exposures: list[float] = []
    for probe, texts in zip(probes, samples, strict=True):
        bits = None
        if probe.kind == "verbatim" and settings.candidates:
            bits = yield from exposure(
                lm, probe_prompt(lm, probe), probe.answer, count=settings.candidates, seed=seed, cancelled=cancelled
            )
        recalls = tuple(recall_of(probe, text) for text in texts)
        group = score_group(probe)
        best[group].append(recalls)
        if bits is not None:
            exposures.append(bits)
        if recalls or bits is not None:
            yield ItemSampled(run_id, round, probe.id, group, tuple(text.strip() for text in texts), recalls, bits)
    scored = DeepScored(
        run_id=run_id,
        round=round,
        ks=ks,
        forget_leak=_leak_at(ks, best["forget"]),
        neighbour_leak=_leak_at(ks, best["neighbour"]),
        verbatim_leak=_leak_at(ks, best["verbatim"]),
        exposure=bootstrap(exposures),
        candidates=settings.candidates,
    )
    yield scored
    return scored


def deep_scores_of(
    rounds: Iterable[tuple[int, AbstractContextManager[None]]],
    lm: LanguageModel,
    probes: Sequence[Probe],
    settings: ProbingConfig,
    run_id: str,
    seed: int,
    cancelled: Callable[[], bool],
) -> Generator[Event, None, None]:
    """The same for several rounds, each within the block that gives the model its weights.

    Raises:
        Cancelled: `cancelled` said so.
    """
    for number, weights in rounds:
        with weights:
            yield from deep_scores(lm, probes, settings, run_id=run_id, round=number, seed=seed, cancelled=cancelled)


def _samples(
    lm: LanguageModel, probes: Sequence[Probe], count: int, seed: int, cancelled: Callable[[], bool]
) -> Generator[Event, None, list[list[str]]]:
    """`count` answers to every probe."""
    if not count:
        return [[] for _ in probes]
    answers: list[list[str]] = [[] for _ in probes]
    for verbatim in (False, True):
        places = [at for at, probe in enumerate(probes) if (probe.kind == "verbatim") == verbatim]
        tokens = string_tokens(lm, [probes[at] for at in places]) if verbatim else ANSWER_TOKENS
        texts = yield from generate_batch(
            lm,
            [probe_prompt(lm, probes[at]) for at in places for _ in range(count)],
            max_new_tokens=tokens,
            temperature=1.0,
            seed=seed,
            batch=_BATCH,
            cancelled=cancelled,
            what="Answers at temperature 1",
        )
        for number, at in enumerate(places):
            answers[at] = texts[number * count : (number + 1) * count]
    return answers


def _leak_at(ks: Sequence[int], recalls: Sequence[Sequence[float]]) -> tuple[Interval, ...]:
    found = (bootstrap([max(own[:k]) for own in recalls]) for k in ks)
    return tuple(one for one in found if one is not None)
