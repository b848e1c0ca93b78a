"""What a run says, from its start to its last round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from atu_gui.core.events.jobs import Interval
from atu_gui.core.events.scores import GroupScores, Speech
from atu_gui.core.materials import Group, ProbeKind
from atu_gui.core.split import Side

Stage = Literal["align", "unlearn", "probe"]
EndReason = Literal["done", "skipped", "inactive", "stopped", "budget"]
GuardAction = Literal["stop", "pause", "end stage"]
# All that may end a run before its last planned step: the guards by their fields, and the time that it may take.
LIMITS = ("forget_goal", "neighbour_floor", "utility_limit", "fluency_floor", "active_share", "budget")


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage that the run intends: `tau` is None where τ is chosen after aligning, and in other stages."""

    stage: Stage
    round: int
    steps: int
    tau: float | None = None


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins. `started` is Unix time in seconds; a branch begins with the weights of `parent_round`.

    Attributes:
        limits: Which of `LIMITS` are set; a record from before this was told counts as having them all.
        weights_hash: Short content hash of the untouched model's weights; "" in records from before this was told.
        encoder_hash: The same of the encoder.
        device: Where it computes, such as “cuda:0”; "" as above.
        dtype: Number format of the computation.
    """

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
    parent_run: str = ""
    parent_round: int = 0
    limits: tuple[str, ...] = LIMITS
    weights_hash: str = ""
    encoder_hash: str = ""
    device: str = ""
    dtype: str = ""


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
class SimilaritySeen:
    """How close predictions come to the concept on held-out texts, after an align stage.

    Attributes:
        concept: Counts of positions of concept texts, in the bins of `core.histogram`.
        retain: The same of retain texts; all 0 where there are none.
    """

    run_id: str
    round: int
    step: int
    concept: tuple[int, ...]
    retain: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ControlApplied:
    """A wish of the user became fact at a step.

    Attributes:
        step: The first step it holds for.
        field: A name of `atu_gui.core.text.KNOBS`.
        old: What held before; None where a guard was off, or where every stage had its own number of steps.
        new: What holds from now on; None where a guard is off. “pause” of the guards is 1, “stop” is 0.
    """

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
        exact_memorization: See `GroupScores`; None in records of earlier versions.
        extraction_strength: The same.
        truth_ratio: R of TOFU with the gold answer for the paraphrased one: mean probability per token of wrong
            answers, over that of the gold answer; None where there is no wrong answer of the same kind.
        side: Whether it steers the run or judges it; "" in records of earlier versions, where all did both.
        about: The entity asked about, where known.
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
    exact_memorization: float | None = None
    extraction_strength: float | None = None
    truth_ratio: float | None = None
    side: Side | Literal[""] = ""
    about: str = ""


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
        forget: All scores of all forget probes.
        forget_dev: Those of the probes that goals, floors and the choice of a round look at.
        forget_test: Those of the probes that nothing was chosen by: what is reported.
        neighbour, neighbour_dev, neighbour_test: The same of neighbour probes.
        verbatim: All scores of verbatim probes, which are in no other score and by which nothing is chosen.
        speech: Signs of broken language.
        collapse: What was seen where the model has lost its language, as a sentence; the forget scores are then void.
            "" where it has not.
        weights_hash: Of the weights that were asked; "" in records of earlier versions.
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
    forget: GroupScores | None = None
    forget_dev: GroupScores | None = None
    forget_test: GroupScores | None = None
    neighbour: GroupScores | None = None
    neighbour_dev: GroupScores | None = None
    neighbour_test: GroupScores | None = None
    verbatim: GroupScores | None = None
    speech: Speech | None = None
    collapse: str = ""
    weights_hash: str = ""

    @property
    def tested(self) -> bool:
        """Whether test questions are scored apart; in records of earlier versions they are not."""
        return self.forget_test is not None or self.neighbour_test is not None

    def scores(self, group: Group, side: Literal["dev", "test"]) -> GroupScores | None:
        """All scores of a group on a side; None in records of earlier versions."""
        return {
            ("forget", "dev"): self.forget_dev,
            ("forget", "test"): self.forget_test,
            ("neighbour", "dev"): self.neighbour_dev,
            ("neighbour", "test"): self.neighbour_test,
        }[group, side]

    def logprob(self, group: Group, side: Literal["dev", "test"]) -> Interval | None:
        """Log-probability of a group's gold answers on a side; of all its probes in records of earlier versions."""
        scores = self.scores(group, side)
        return scores.logprob if scores else self.forget_logprob if group == "forget" else self.neighbour_logprob

    def recall(self, group: Group, side: Literal["dev", "test"]) -> Interval | None:
        """ROUGE-L recall of a group on a side; on all its probes in records of earlier versions."""
        scores = self.scores(group, side)
        return scores.recall if scores else self.forget_recall if group == "forget" else self.neighbour_recall


@dataclass(frozen=True, slots=True)
class GuardTripped:
    """A goal was reached, or a floor or limit broken.

    Attributes:
        guard: “forget goal”, “neighbour floor”, “utility limit”, “fluency floor”, “collapse”, “active share” or
            “not finite”.
        words: What was seen, as a sentence.
        action: What comes of it: the run ends or pauses, or (active share) the stage ends.
        rejected: Whether the round is not good because of it, so that an earlier one is kept.
    """

    run_id: str
    round: int
    step: int
    guard: str
    words: str
    action: GuardAction
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run waits before its next step. `by` is “you”, “the …” guard or “quiet mode”; `because` is what was seen."""

    run_id: str
    step: int
    by: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class RunResumed:
    """The run goes on."""

    run_id: str
    step: int


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended as it should. `best_round` is kept and named; 0: no round was good, or the run was discarded."""

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
