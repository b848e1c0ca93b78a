"""`summary.json`: what a run came to, made from its recorded events and from nothing else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from atu_gui.core.events import AuditFound, DeepScored, Event, GroupScores, Interval, RoundScored, RunStarted
from atu_gui.core.files import write_whole
from atu_gui.core.outcome import Outcome
from atu_gui.store.rows import RunState

SUMMARY_FILE = "summary.json"


def summarise(events: Iterable[Event], state: RunState, versions: Mapping[str, str]) -> dict[str, Any]:
    """The content of `summary.json`.

    Every score stands with its 95 % interval; a round's `seconds` are its own, pauses excluded, and `rounds[0]` is the
    untouched model. What was not measured is null. `forget` and `neighbour` are all questions; the same with `_dev` are
    those that steered the run, with `_test` those that nothing was chosen by.
    """
    started: RunStarted | None = None
    rounds: list[dict[str, Any]] = []
    before = 0.0
    said = tuple(events)
    for event in said:
        if isinstance(event, RunStarted):
            started = event
        elif isinstance(event, RoundScored):
            rounds.append(_round(event, event.seconds - before))
            before = event.seconds
        elif isinstance(event, DeepScored):
            for line in rounds:
                if line["round"] == event.round:
                    line["deep"] = _deep(event)
    return {
        "run_id": started.run_id if started else None,
        "model": started.model if started else None,
        "encoder": started.encoder if started else None,
        "concepts": list(started.concepts) if started else [],
        "layers": list(started.layers) if started else [],
        "recipe": started.recipe if started else None,
        "seed": started.seed if started else None,
        "seconds": state.seconds,
        "versions": dict(versions),
        "status": state.status,
        "stopped_because": state.stopped_because,
        "best_round": state.best_round,
        "verdicts": verdicts(Outcome.of(said)),
        "rounds": rounds,
    }


def verdicts(outcome: Outcome | None) -> list[dict[str, Any]]:
    """The verdict of each target with its evidence, JSON-ready."""
    return [
        {"target": name, "verdict": verdict.kind, "evidence": list(verdict.evidence)}
        for name, verdict in (outcome.verdicts if outcome else ())
    ]


def retell_verdicts(folder: Path, events: Iterable[Event], audits: Iterable[AuditFound]) -> None:
    """Judge again with what audits have found since; a run that left no `summary.json` has none after.

    Raises:
        OSError: It cannot be written.
    """
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    write_summary(folder, {**summary, "verdicts": verdicts(Outcome.of(events, audits))})


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write `summary.json` whole or not at all."""
    write_whole(folder / SUMMARY_FILE, json.dumps(summary, ensure_ascii=False, indent=2) + "\n")


def _round(scored: RoundScored, seconds: float) -> dict[str, Any]:
    return {
        "round": scored.round,
        "weights_hash": scored.weights_hash or None,
        "tau": scored.tau,
        "align_cosine": scored.align_cosine,
        "similarity_mean": scored.similarity_mean,
        "similarity_p95": scored.similarity_p95,
        "active_fraction": scored.active_fraction,
        "forget": _answers(scored.forget_recall, scored.forget_logprob),
        "neighbour": _answers(scored.neighbour_recall, scored.neighbour_logprob),
        "forget_valid": not scored.collapse,
        "collapse": scored.collapse or None,
        **{
            name: _group(getattr(scored, name))
            for name in ("forget_dev", "forget_test", "neighbour_dev", "neighbour_test", "verbatim")
        },
        "smooth": {"forget": _smooth(scored.forget), "neighbour": _smooth(scored.neighbour)},
        "speech": dataclasses.asdict(scored.speech) if scored.speech else None,
        "utility": _score("token_loss", scored.token_loss),
        "fluency": _score("entropy", scored.fluency_entropy),
        "seconds": seconds,
    }


def _answers(recall: Interval | None, logprob: Interval | None) -> dict[str, Any] | None:
    if recall is None:
        return None
    return {
        "rouge_l_recall": recall.mean,
        "answer_logprob": logprob.mean if logprob else None,
        "n": recall.n,
        "ci95": [recall.low, recall.high],
        "answer_logprob_ci95": [logprob.low, logprob.high] if logprob else None,
    }


def _group(scores: GroupScores | None) -> dict[str, Any] | None:
    if scores is None:
        return None
    return {**(_answers(scores.recall, scores.logprob) or {}), "smooth": _smooth(scores)}


def _smooth(scores: GroupScores | None) -> dict[str, Any] | None:
    """Exact memorization, extraction strength and truth, each with its interval."""
    if scores is None:
        return None
    named = {name: getattr(scores, name) for name in ("exact_memorization", "extraction_strength", "truth")}
    return {name: _score("mean", interval) for name, interval in named.items()}


def _deep(scored: DeepScored) -> dict[str, Any]:
    leaks = {"forget": scored.forget_leak, "neighbour": scored.neighbour_leak, "verbatim": scored.verbatim_leak}
    named = {
        name: {str(k): _score("recall", leak) for k, leak in zip(scored.ks, found, strict=True)}
        for name, found in leaks.items()
        if found
    }
    return {"leak_at": named, "exposure": _score("bits", scored.exposure), "candidates": scored.candidates}


def _score(name: str, interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {name: interval.mean, "n": interval.n, "ci95": [interval.low, interval.high]}
