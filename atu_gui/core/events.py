"""Everything long work says: frozen values of plain numbers, strings and ids.

The engine yields them, the service tees them to the recorder and to every subscriber, the screen draws from them
and from nothing else. `to_record` and `from_record` carry them through JSON.
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any, Literal

from atu_gui.core.materials import Group, ProbeKind
from atu_gui.core.records import restore

Stage = Literal["align", "unlearn", "probe"]
Level = Literal["info", "warning", "error"]
EndReason = Literal["done", "skipped", "inactive", "stopped"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval (percentile bootstrap over items) and the number of items behind it."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage that the run intends: `tau` is None where τ is chosen after aligning, and in other stages."""

    stage: Stage
    round: int
    steps: int
    tau: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work is; `job` is "download", "load", "write", "prepare", "probe" or "paused"."""

    job: str
    what: str
    done: float
    total: float
    unit: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """A model and an encoder are ready.

    Attributes:
        source: What the user asked for.
        layers: Number of blocks.
        width: Hidden width d.
        device: "cpu", "cuda:0", "mps".
        dtype: Number format of the computation.
        memory_bytes: Bytes of the weights.
        weights_hash: Short content hash of the weights as loaded.
        embedding_width: Width e of the encoder's embeddings.
        chat_template: Whether the tokenizer has one.
    """

    name: str
    source: str
    layers: int
    width: int
    parameters: int
    device: str
    dtype: str
    memory_bytes: int
    weights_hash: str
    encoder: str
    embedding_width: int
    chat_template: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class TextWritten:
    """The model wrote a passage, named a neighbour or made a question ahead of the run."""

    what: Literal["passage", "retain", "neighbour", "question"]
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins. `started` is Unix time in seconds."""

    run_id: str
    title: str
    model: str
    encoder: str
    concepts: tuple[str, ...]
    layers: tuple[int, ...]
    recipe: str
    seed: int
    stages: tuple[StagePlan, ...]
    folder: str
    started: float
    concept_passages: int
    retain_passages: int
    forget_probes: int
    neighbour_probes: int


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage of a round begins; `step` counts optimizer steps over the whole run."""

    run_id: str
    stage: Stage
    round: int
    steps: int
    step: int
    tau: float | None = None


@dataclass(frozen=True, slots=True)
class StageEnded:
    """A stage is over."""

    run_id: str
    stage: Stage
    round: int
    step: int
    reason: EndReason
    seconds: float


@dataclass(frozen=True, slots=True)
class TauChosen:
    """The margin of a round, before its first unlearn step, with where it stands among retain texts."""

    run_id: str
    round: int
    step: int
    tau: float
    retain_share_above: float
    concept_share_above: float
    reason: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """One optimizer step with the values that it *applied*.

    Attributes:
        step: Optimizer steps so far in the run, from 1.
        stage_step: Steps so far in the stage, from 1.
        stage_steps: Steps the stage intends.
        loss: The stage's loss, retain term included.
        learning_rate: Applied.
        generation: Generation of the control that was read.
        seconds: Run time so far, pauses excluded.
        tau: Applied τ (unlearn).
        retain_weight: Applied λ (unlearn).
        retain_loss: Relative squared distance on retain texts (unlearn).
        similarity_mean: Mean cosine of predictions to the concept over the batch's concept positions.
        similarity_p95: Its 95th percentile.
        active_fraction: Share of those positions above τ (unlearn).
        align_cosine: Mean cosine of predictions to reference embeddings in the batch (align).
        gradient_norm: Before clipping.
    """

    run_id: str
    stage: Stage
    round: int
    step: int
    stage_step: int
    stage_steps: int
    loss: float
    learning_rate: float
    generation: int
    seconds: float
    tau: float | None = None
    retain_weight: float | None = None
    retain_loss: float | None = None
    similarity_mean: float | None = None
    similarity_p95: float | None = None
    active_fraction: float | None = None
    align_cosine: float | None = None
    gradient_norm: float | None = None


@dataclass(frozen=True, slots=True)
class AlignScored:
    """Held-out alignment and similarity, at the end of an align stage and now and then within it."""

    run_id: str
    round: int
    step: int
    held_out_cosine: float
    concept_similarity_mean: float
    concept_similarity_p95: float
    retain_similarity_mean: float
    retain_similarity_p95: float


@dataclass(frozen=True, slots=True)
class ControlApplied:
    """A wish of the user became fact at a step."""

    run_id: str
    step: int
    field: str
    old: float | None
    new: float | None
    generation: int


@dataclass(frozen=True, slots=True)
class ItemAnswered:
    """The raw evidence behind a score: one probe answered after one round.

    Attributes:
        answer_logprob: Mean log-probability of the gold answer's tokens, in nats.
        rouge_l_recall: As RWKU defines it, 0 to 1.
    """

    run_id: str
    round: int
    probe_id: str
    group: Group
    kind: ProbeKind
    query: str
    gold: str
    answer: str
    rouge_l_recall: float
    answer_logprob: float


@dataclass(frozen=True, slots=True)
class RoundScored:
    """All scores of a round; round 0 is the untouched model, whose τ is None. None: there was nothing to measure.

    Attributes:
        forget_recall: ROUGE-L recall on forget probes.
        forget_logprob: Mean log-probability of their gold answers.
        neighbour_recall: The same on neighbour probes.
        neighbour_logprob: The same on neighbour probes.
        token_loss: Mean token loss on neutral text, nats, with an interval over texts.
        fluency_entropy: Mean n-gram entropy of free answers, bits.
        align_cosine: Held out, at the end of the round's align stage.
        similarity_mean: Of predictions to the concept on concept texts, by the round's own head.
        similarity_p95: The same, 95th percentile.
        active_fraction: Share of concept positions above τ after the round.
        seconds: Run time so far.
    """

    run_id: str
    round: int
    step: int
    tau: float | None
    forget_recall: Interval | None
    forget_logprob: Interval | None
    neighbour_recall: Interval | None
    neighbour_logprob: Interval | None
    token_loss: Interval | None
    fluency_entropy: Interval | None
    align_cosine: float | None
    similarity_mean: float | None
    similarity_p95: float | None
    active_fraction: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run waits before its next step."""

    run_id: str
    step: int
    by: str


@dataclass(frozen=True, slots=True)
class RunResumed:
    """The run goes on."""

    run_id: str
    step: int


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended as it should. `best_round` is kept and named; 0 means that no round was good."""

    run_id: str
    stopped_because: str
    best_round: int
    rounds: int
    seconds: float
    folder: str


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run ended because something went wrong; everything up to the last good round is kept."""

    run_id: str
    message: str
    hint: str
    details: str
    last_good_round: int


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job other than a run ended with an error."""

    job: str
    message: str
    hint: str
    details: str


@dataclass(frozen=True, slots=True)
class ChatToken:
    """A piece of an answer. `side` is the position of the weights in the request, 0 or 1."""

    request_id: int
    side: int
    text: str


@dataclass(frozen=True, slots=True)
class ChatAnswered:
    """An answer is complete (or stopped). `weights` names exactly what answered."""

    request_id: int
    side: int
    text: str
    weights: str
    stopped: bool
    seconds: float


Event = (
    Progress
    | Note
    | ModelLoaded
    | TextWritten
    | RunStarted
    | StageStarted
    | StageEnded
    | TauChosen
    | StepDone
    | AlignScored
    | ControlApplied
    | ItemAnswered
    | RoundScored
    | RunPaused
    | RunResumed
    | RunFinished
    | RunFailed
    | JobFailed
    | ChatToken
    | ChatAnswered
)

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in typing.get_args(Event)}


def to_record(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data, its type under "event"."""
    return {"event": type(event).__name__, **dataclasses.asdict(event)}


def from_record(record: dict[str, Any]) -> Event:
    """The event that `to_record` made `record` from.

    Raises:
        ValueError: Unknown event or wrong fields.
    """
    data = dict(record)
    kind = _KINDS.get(data.pop("event", ""))
    if kind is None:
        raise ValueError("not an event of this version")
    hints = typing.get_type_hints(kind)
    try:
        return typing.cast(Event, kind(**{name: restore(hints[name], value) for name, value in data.items()}))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a damaged {kind.__name__} event: {error}") from None
