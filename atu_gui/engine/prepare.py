"""The materials of a run: read from the user's files where given, written by the model where not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, Note
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.core.reading import texts_taken
from atu_gui.engine.drafts.neighbours import COUNT, find_neighbours
from atu_gui.engine.drafts.passages import write_passages
from atu_gui.engine.drafts.questions import write_questions
from atu_gui.engine.drafts.retain import write_retain
from atu_gui.engine.drafts.writing import names_any
from atu_gui.engine.inputs import Texts, bundled, bundled_lines, draw, read_inputs, validate_inputs
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.score import score_group

__all__ = ["prepare", "validate_inputs"]

FLUENCY_PROMPTS = 10
QUESTIONS = 20  # of each group, when the model makes them
APART = 6
_TELLING_WORDS = 8  # texts with fewer words fill no window


def _never() -> bool:
    return False


def prepare(
    config: RunConfig, lm: LanguageModel, cancelled: Callable[[], bool] = _never
) -> Generator[Event, None, Materials]:
    """Read what the config names, let the untouched model write the rest, and draw as much as the config asks for.

    The same config, seed and weights give the same materials.

    Raises:
        InputError: Faults in the files, or nothing to train on.
        Cancelled: The user ended it.
    """
    inputs = read_inputs(config)
    job = _Job(config, lm, cancelled)
    job.notes.extend(inputs.pack.notes)
    texts, seed = config.texts, config.seed
    concept = yield from _concept_passages(job, inputs.concept)
    # Questions about the very neighbours of the retain texts would flatter the result, so some are kept apart.
    apart = 0 if inputs.pack.probes else APART
    neighbours: tuple[str, ...] = tuple(texts.neighbours)
    if not inputs.retain or apart:
        neighbours = yield from _neighbours(job, COUNT + apart)
    kept_apart = neighbours[COUNT:] or neighbours
    retained = neighbours[:COUNT] if apart and not texts.neighbours else neighbours
    if inputs.retain:
        retain = _given_retain(job, inputs.retain)
    else:
        retain = yield from _written_retain(job, retained)
    if inputs.pack.probes:
        probes = _given_probes(job, inputs.pack.probes)
    else:
        probes = yield from _written_probes(job, kept_apart, concept)
    for note in job.notes:
        yield Note("info", note)
    instructions = inputs.pack.instructions or bundled_lines("instructions.txt")
    return Materials(
        concept_passages=concept,
        retain_passages=retain,
        neutral_texts=draw(inputs.pack.neutral_texts or bundled("neutral.txt"), texts.probes_limit, seed, "neutral"),
        probes=probes,
        fluency_prompts=draw(instructions, FLUENCY_PROMPTS, seed, "fluency"),
        neighbours=retained,
        notes=tuple(job.notes),
    )


@dataclass(slots=True)
class _Job:
    config: RunConfig
    lm: LanguageModel
    cancelled: Callable[[], bool]
    notes: list[str] = field(default_factory=list)

    @property
    def concepts(self) -> list[Concept]:
        return self.config.concepts

    def draw(self, given: Texts, places: Sequence[int], asked: int, taken: int, label: str) -> tuple[Passage, ...]:
        """As many as are asked for and steps can take: however many are given, a run holds no more of them."""
        if taken < min(asked, len(places)):
            self.notes.append(f"{taken:,} of the {len(places):,} {label} passages were drawn; steps take no more.")
        return given.pick(draw(places, min(asked, taken), self.config.seed, label))


def _concept_passages(job: _Job, given: Texts) -> Generator[Event, None, tuple[Passage, ...]]:
    texts = job.config.texts
    if given:
        telling = [place for place, passage in enumerate(given) if _tells(passage)] or range(len(given))
        return job.draw(given, telling, texts.passages, texts_taken(job.config)[0], "concept")
    written = yield from write_passages(
        job.lm,
        job.concepts,
        limit=texts.passages,
        tokens=job.config.windows.max_tokens,
        seed=job.config.seed,
        cancelled=job.cancelled,
    )
    if not written:
        raise InputError(
            "The model wrote nothing usable about the concept.",
            "Give it texts about the concept, or use a larger model.",
        )
    job.notes.append(f"{len(written)} passages about the concept were written by the model itself.")
    return written


def _neighbours(job: _Job, count: int) -> Generator[Event, None, tuple[str, ...]]:
    if not job.config.texts.neighbours:
        return (
            yield from find_neighbours(job.lm, job.concepts, seed=job.config.seed, cancelled=job.cancelled, count=count)
        )
    wished = tuple(dict.fromkeys(name for name in job.config.texts.neighbours if name.strip()))
    kept = tuple(name for name in wished if not names_any(job.concepts, name))
    if len(kept) < len(wished):
        job.notes.append(f"{len(wished) - len(kept)} of the neighbours name the concept and were left out.")
    return kept


def _tells(passage: Passage) -> bool:
    return len(passage.text) > 4 * _TELLING_WORDS


def _given_retain(job: _Job, given: Texts) -> tuple[Passage, ...]:
    kept: list[int] = []
    telling: list[int] = []
    for place, passage in enumerate(given):
        if not names_any(job.concepts, passage.text, passage.prompt):
            kept.append(place)
            if _tells(passage):
                telling.append(place)
    if not kept:
        raise InputError("Every retain text names the concept.", "Give texts about other people and topics.")
    if len(kept) < len(given):
        job.notes.append(f"{len(given) - len(kept)} retain texts name the concept and were left out.")
    return job.draw(given, telling or kept, job.config.texts.retain_passages, texts_taken(job.config)[1], "retain")


def _written_retain(job: _Job, neighbours: Sequence[str]) -> Generator[Event, None, tuple[Passage, ...]]:
    config = job.config
    return (
        yield from write_retain(
            job.lm,
            job.concepts,
            neighbours,
            limit=config.texts.retain_passages,
            tokens=config.windows.max_tokens,
            seed=config.seed,
            cancelled=job.cancelled,
        )
    )


def _written_probes(
    job: _Job, neighbours: Sequence[str], passages: Sequence[Passage]
) -> Generator[Event, None, tuple[Probe, ...]]:
    probes = yield from write_questions(
        job.lm,
        job.concepts,
        neighbours,
        passages,
        wanted=min(QUESTIONS, job.config.texts.probes_limit),
        seed=job.config.seed,
        cancelled=job.cancelled,
    )
    forget = sum(probe.group == "forget" for probe in probes)
    job.notes.append(
        f"The model made its own questions: {forget} about the concept and {len(probes) - forget} about neighbours. "
        "Their answers are what it used to say, not what is true."
    )
    return probes


def _given_probes(job: _Job, given: Sequence[Probe]) -> tuple[Probe, ...]:
    limit = job.config.texts.probes_limit
    seed = job.config.seed
    drawn: tuple[Probe, ...] = ()
    for group in ("forget", "neighbour", "verbatim"):
        drawn += draw([probe for probe in given if score_group(probe) == group], limit, seed, group)
    return drawn
