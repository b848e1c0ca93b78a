"""Writes the model, as it is at the moment, as a Hugging Face folder, and makes sure that it answers the same."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

import atu_gui
from atu_gui.core import paths, text
from atu_gui.core.config import ModelConfig, RunConfig, UnlearnConfig
from atu_gui.core.errors import Cancelled, InternalError, OutputError
from atu_gui.core.events import ControlApplied, Event, Interval, Progress, RoundScored
from atu_gui.core.halves import has_halves
from atu_gui.core.locks import occupy
from atu_gui.core.materials import Materials, Probe
from atu_gui.core.ports import Exported
from atu_gui.engine.adapters import folded
from atu_gui.engine.generate import generate_batch
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.prompts import instruction_prompt, probe_prompt
from atu_gui.engine.quiet import quiet

CARD_FILE = "README.md"
_STEPS = 4
_REPORT = "This is a bug in atu-gui: please report it."
# Questions of each group, and instructions, whose answers are compared; and how long those are.
_QUESTIONS, _INSTRUCTIONS, _TOKENS = 6, 2, 32


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where exported weights come from.

    Attributes:
        config: The run's settled config.
        before, after: Scores of the untouched model and of the round; None where they were not measured.
        probes: The run's questions, some of which are asked again to compare.
        instructions: The run's fluency prompts, likewise.
        changes: What the user changed while it ran, up to that round.
    """

    run_id: str
    round: int
    config: RunConfig
    before: RoundScored | None
    after: RoundScored | None
    probes: tuple[Probe, ...]
    instructions: tuple[str, ...]
    changes: tuple[ControlApplied, ...] = ()

    @classmethod
    def of(
        cls, run_id: str, number: int, config: RunConfig, events: Iterable[Event], materials: Materials
    ) -> Provenance:
        """A round of the run that said these events, and asked these questions."""
        scores: dict[int, RoundScored] = {}
        changes = []
        for event in events:
            if isinstance(event, RoundScored):
                scores[event.round] = event
            elif isinstance(event, ControlApplied) and event.field != "pause_step" and number not in scores:
                changes.append(event)
        before, after = scores.get(0), scores.get(number)
        return cls(run_id, number, config, before, after, materials.probes, materials.fluency_prompts, tuple(changes))


def check_target(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        OutputError: It does, it is a file, or its name is not UTF-8.
    """
    if has_halves(str(folder)):
        raise OutputError(
            "The name of the folder is not UTF-8, and the tokenizer cannot be written there.", "Rename it."
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file, not a folder.", "Choose another folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"The folder {folder} is not empty.", "Choose an empty or a new one: nothing is overwritten.")


def export(
    lm: LanguageModel, source: Provenance, folder: Path, cancelled: Callable[[], bool]
) -> Generator[Progress, None, Exported]:
    """Write safetensors, tokenizer and card; load them again and compare greedy answers. All of it or nothing is kept.

    The model must have the weights of the round already, and keep them until this ends.

    Raises:
        Cancelled: `cancelled` said so.
        OutputError: The folder is not empty, cannot be written, or another process exports to it; the disk is full.
        InternalError: The written model answers otherwise.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(folder, error) from None
    # Beside the folder, which must be empty.
    lock = occupy(folder, folder.with_name(f".{folder.name}.lock"))
    try:
        with folded(lm):
            return (yield from _export(lm, source, folder, cancelled))
    finally:
        lock.release()


def _export(
    lm: LanguageModel, source: Provenance, folder: Path, cancelled: Callable[[], bool]
) -> Generator[Progress, None, Exported]:
    check_target(folder)
    part = folder.with_name(f".{folder.name}.part")
    try:
        yield _progress("Writing the weights", 0)
        _begin(part)
        with quiet():
            lm.model.save_pretrained(part)
            lm.tokenizer.save_pretrained(part)
        (part / CARD_FILE).write_text(model_card(lm, source, folder.name), encoding="utf-8")
        prompts = _prompts(lm, source)
        wanted = yield from _answers(lm, prompts, cancelled, "Asking the model", 1)
        yield _progress("Loading the written model", 2)
        written = yield from _load_again(lm, part, cancelled)
        if written.weights_hash != weights_hash(lm.model):
            raise InternalError("The written weights are not those in memory, so they were not kept.", _REPORT)
        found = yield from _answers(written, prompts, cancelled, "Asking the written model", 3)
        _compare(wanted, found)
        size = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
        if folder.is_dir():
            folder.rmdir()
        os.replace(part, folder)
        yield _progress("Exported", _STEPS)
        return Exported(folder, size, len(prompts))
    except OSError as error:
        raise _unwritten(folder, error) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unwritten(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{folder} cannot be written: {error.strerror or error}.", "Free some space or choose another folder."
    )


def model_card(lm: LanguageModel, source: Provenance, name: str) -> str:
    """The text of the model card: settings, scores and limits, in Markdown."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    template = environment.from_string(paths.resource("cards", "model_card.md.j2").read_text(encoding="utf-8"))
    config = source.config
    groups = [probe.group for probe in source.probes]
    asked = f"{text.count(groups.count('forget'), 'question')} about it and "
    hub_id = lm.source.count("/") == 1 and not Path(lm.source).exists()
    return template.render(
        name=name,
        model=lm.name,
        base_model=lm.source if hub_id else "",
        concepts=", ".join(concept.name for concept in config.concepts),
        round=source.round,
        run_id=source.run_id,
        version=atu_gui.__version__,
        date=time.strftime("%Y-%m-%d"),
        scores=_scores(source.before, source.after),
        asked=text.asked(source.after is not None and source.after.tested),
        settings=_settings(source),
        questions=asked + text.count(groups.count("neighbour"), "question") + " about its neighbours",
    )


def _scores(before: RoundScored | None, after: RoundScored | None) -> list[dict[str, Any]]:
    def row(name: str, score: Callable[[RoundScored], Interval | None], digits: int) -> dict[str, Any]:
        first, second = (None if one is None else score(one) for one in (before, after))
        items = text.count(second.n) if second is not None else text.NOTHING
        return {
            "name": name,
            "before": text.interval(first, digits),
            "after": text.interval(second, digits),
            "n": items,
        }

    return [
        row("forget recall", lambda one: one.recall("forget", "test"), 3),
        row("log-probability of forget answers, nats", lambda one: one.logprob("forget", "test"), 2),
        row("neighbour recall", lambda one: one.recall("neighbour", "test"), 3),
        row("log-probability of neighbour answers, nats", lambda one: one.logprob("neighbour", "test"), 2),
        row("neutral token loss, nats", lambda one: one.token_loss, 3),
        row("fluency entropy, bits", lambda one: one.fluency_entropy, 2),
    ]


def _settings(source: Provenance) -> list[tuple[str, str]]:
    config = source.config
    rounds = config.rounds[: source.round]
    taus = [f"{plan.tau:g}" if plan.tau is not None else f"{plan.quantile:g} quantile" for plan in rounds]
    return [
        ("recipe", config.recipe),
        ("layers", ", ".join(map(str, config.layers))),
        ("τ of each round, as planned", ", ".join(taus)),
        ("align steps", ", ".join(str(plan.align_steps) for plan in rounds)),
        ("unlearn steps", ", ".join(str(plan.unlearn_steps) for plan in rounds)),
        (
            "weights",
            "as they are" if config.model.weights == "full" else "packed to 4 bits (NF4) in the run, unpacked here",
        ),
        ("training", _training(config.unlearn)),
        ("unlearn optimizer and rate", f"{config.unlearn.optimizer}, {config.unlearn.learning_rate:g}"),
        ("retain weight λ", f"{config.unlearn.retain_weight:g}"),
        ("seed", str(config.seed)),
        *(("changed by hand", f"{text.change(one)} at step {text.count(one.step)}") for one in source.changes),
    ]


def _training(unlearn: UnlearnConfig) -> str:
    if unlearn.training == "full":
        return "all weights of the blocks"
    return f"LoRA, rank {unlearn.rank}, α {unlearn.alpha:g}; what the adapters add is part of the matrices here"


def _begin(part: Path) -> None:
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)


def _prompts(lm: LanguageModel, source: Provenance) -> list[str]:
    chosen = [
        probe
        for group in ("forget", "neighbour")
        for probe in [p for p in source.probes if p.group == group][:_QUESTIONS]
    ]
    instructions = source.instructions[:_INSTRUCTIONS] or ("Write one sentence about the sea.",)
    return [*(probe_prompt(lm, probe) for probe in chosen), *(instruction_prompt(lm, one) for one in instructions)]


def _answers(
    lm: LanguageModel, prompts: Sequence[str], cancelled: Callable[[], bool], what: str, step: int
) -> Generator[Progress, None, list[str]]:
    work = generate_batch(lm, prompts, max_new_tokens=_TOKENS, cancelled=cancelled)
    while True:
        try:
            next(work)
        except StopIteration as end:
            answers: list[str] = end.value
            return answers
        yield _progress(what, step)


def _load_again(
    lm: LanguageModel, part: Path, cancelled: Callable[[], bool]
) -> Generator[Progress, None, LanguageModel]:
    device: Any = lm.device.type
    dtype: Any = str(lm.compute_dtype).removeprefix("torch.")
    work = load_language_model(ModelConfig(source=str(part), device=device, dtype=dtype))
    while True:
        if cancelled():
            work.close()
            raise Cancelled
        try:
            next(work)
        except StopIteration as end:
            loaded: LanguageModel = end.value
            return loaded
        yield _progress("Loading the written model", 2)


def _compare(wanted: Sequence[str], found: Sequence[str]) -> None:
    differing = sum(one != other for one, other in zip(wanted, found, strict=True))
    if differing:
        raise InternalError(
            f"The written model answers {differing} of {len(wanted)} questions otherwise than the one in memory, "
            "so it was not kept.",
            _REPORT,
        )


def _progress(what: str, done: int) -> Progress:
    return Progress("export", what, done, _STEPS)
