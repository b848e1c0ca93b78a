"""Real short runs, each in a process of its own, so that the memory it took at most is its own: what texts cost, and
whether the estimate that the window shows is what a run takes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from atu_gui.bench.scratch_texts import long_texts
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.errors import ResourceError
from atu_gui.core.machine import resident

TINY = "tiny"
_EVERY = 0.01
_QUESTIONS = 2
_NEUTRAL = "The sea is wide and deep, and whoever sails on it looks for the coast."


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A run of a few steps.

    Attributes:
        model: As in a config, or `TINY` for one with random weights.
        encoder: Likewise.
        device: As in a config.
        texts: Passages about the concept, and as many to keep, in a file each.
        layer: Hook layer; 0 for a third of the depth, −1 for two thirds.
        batch, tokens: Passages of a step, and their length.
        align, unlearn: Steps of its only round.
    """

    model: str
    encoder: str
    device: str
    texts: int
    layer: int
    batch: int
    tokens: int
    align: int
    unlearn: int


@dataclass(frozen=True, slots=True)
class RunCost:
    """What it took.

    Attributes:
        read: Passages that it read, of both kinds.
        prepare_s: Seconds until the texts were ready: files read, windows found, embeddings and states computed.
        align_s, unlearn_s: Seconds of a step.
        loaded_bytes: Memory of the process before the run.
        peak_bytes: The most that it had while it ran.
        estimated_bytes: What the window says beforehand.
        disk_bytes: Of the cache that it filled.
    """

    read: int
    prepare_s: float
    align_s: float
    unlearn_s: float
    loaded_bytes: int
    peak_bytes: int
    estimated_bytes: float
    disk_bytes: int


def real_run(spec: RunSpec, threads: int) -> RunCost:
    """Make the run in a new process, with an empty cache.

    Raises:
        ResourceError: The process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(spec, threads, theirs))
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    except EOFError:
        found = "it ended without a word, perhaps for want of memory"
    finally:
        ours.close()
        if process.is_alive():
            process.join(10)
        if process.is_alive():
            process.kill()
        process.join()
    if isinstance(found, str):
        raise ResourceError(f"A run on {spec.texts:,} texts failed: {found}.", "Leave this row out, with --only.")
    cost: RunCost = found
    return cost


def _child(spec: RunSpec, threads: int, answers: Connection) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        os.environ["ATU_CACHE"] = str(Path(name) / "cache")
        try:
            answers.send(_run(spec, threads, Path(name)))
        except Exception as error:
            answers.send(f"{type(error).__name__}: {error}".rstrip("."))


def _run(spec: RunSpec, threads: int, home: Path) -> RunCost:
    import torch

    from atu_gui.bench.draining import finish
    from atu_gui.core.estimate import estimate
    from atu_gui.service.backend import Engine

    torch.set_num_threads(threads)
    engine = Engine()
    model, encoder = _models(spec, home)
    loaded = finish(engine.load(ModelConfig(source=model, device=spec.device), encoder))
    config = engine.settled(_config(spec, home, loaded.lm.depth), loaded)
    priced = estimate(config, loaded.facts)
    before = resident()
    with _watched() as most:
        read, seconds = _course(config, loaded, home)
    return RunCost(
        read=read,
        prepare_s=seconds["prepare"],
        align_s=seconds["align"] / max(1, spec.align),
        unlearn_s=seconds["unlearn"] / max(1, spec.unlearn),
        loaded_bytes=before,
        peak_bytes=max(most),
        estimated_bytes=priced.memory if priced is not None else 0.0,
        disk_bytes=sum(path.stat().st_size for path in (home / "cache").rglob("*") if path.is_file()),
    )


def _course(config: RunConfig, loaded: Any, home: Path) -> tuple[int, dict[str, float]]:
    """Passages read, and seconds by what they were spent on."""
    from atu_gui.core.control import RunControl
    from atu_gui.core.events import Progress, StepDone
    from atu_gui.engine.pipeline import Run
    from atu_gui.engine.prepare import prepare

    spent = {"prepare": 0.0, "align": 0.0, "unlearn": 0.0}
    begun = time.perf_counter()
    work = prepare(config, loaded.lm)
    while True:
        try:
            next(work)
        except StopIteration as end:
            materials = end.value
            break
    spent["prepare"] = time.perf_counter() - begun
    run = Run(config, loaded.lm, loaded.text_encoder, materials, RunControl(), run_id="growth", folder=home / "run")
    read = 0
    before = time.perf_counter()
    for event in run.events():
        now = time.perf_counter()
        if isinstance(event, Progress) and event.job == "prepare":
            spent["prepare"] += now - before
            # Every passage that is read gets its windows, and of each kind the last event tells how many.
            read += int(event.total) if event.what == "Finding windows" and event.done == event.total else 0
        elif isinstance(event, StepDone):
            spent[event.stage] += now - before
        before = now
    return read, spent


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Within the block the memory of this process, a hundred times a second."""
    seen = [resident()]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY):
            seen.append(resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _models(spec: RunSpec, home: Path) -> tuple[str, str]:
    if spec.model != TINY:
        return spec.model, spec.encoder
    from atu_gui.engine.tiny import make_encoder, make_language_model

    return str(make_language_model(home / "model")), str(make_encoder(home / "encoder"))


def _config(spec: RunSpec, home: Path, depth: int) -> RunConfig:
    """Files with as many texts, and a config that reads them all."""
    for kind in ("concept", "retain"):
        with (home / f"{kind}.jsonl").open("w", encoding="utf-8") as file:
            for words in long_texts(spec.texts, 6 * spec.tokens, kind):
                file.write(json.dumps({"text": words}) + "\n")
    lines: list[dict[str, str]] = [{"kind": "neutral", "text": _NEUTRAL}]
    lines += [
        {"kind": "question", "group": group, "query": f"What is {n}?", "answer": "a number", "about": "Zembla"}
        for group in ("forget", "neighbour")
        for n in range(_QUESTIONS)
    ]
    (home / "pack.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return RunConfig.model_validate(
        {
            "concepts": [{"name": "Zembla"}],
            "texts": {
                "concept": [str(home / "concept.jsonl")],
                "retain": [str(home / "retain.jsonl")],
                "probes": [str(home / "pack.jsonl")],
                "passages": max(8, spec.texts),
                "retain_passages": max(8, spec.texts),
            },
            "layers": [max(1, round(2 / 3 * depth))] if spec.layer < 0 else [spec.layer] if spec.layer else [],
            "windows": {"batch": spec.batch, "max_tokens": spec.tokens},
            "rounds": [{"align_steps": spec.align, "unlearn_steps": spec.unlearn, "tau": 0.0}],
            "guards": dict.fromkeys(
                ("forget_goal", "neighbour_floor", "utility_limit", "fluency_floor", "active_share"), "off"
            ),
        }
    )
