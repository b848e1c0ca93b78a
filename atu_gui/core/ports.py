"""What the window may ask of the rest of the program: one Protocol, spoken in plain values.

Every method returns at once. Long work happens on the service's one worker thread and reports through events and
the returned future; a future fails with an `AtuError` (which a `JobFailed` or `RunFailed` event tells as well) or is
cancelled. Events arrive on the worker thread: a subscriber must only queue them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.evaluation import Evaluation, EvaluationRequest
from atu_gui.core.events import AuditFound, Event, Interval, ModelLoaded
from atu_gui.core.footprint import Footprint
from atu_gui.core.inquiries import Inquiries
from atu_gui.core.knowledge import Knowledge
from atu_gui.core.materials import Materials
from atu_gui.core.paces import MeasuredPaces
from atu_gui.core.preview import Preview
from atu_gui.core.rephrasing import ATTACKS, AttackKind, Question, Rephrased, Rephrasing
from atu_gui.core.scan import LayerScan
from atu_gui.core.tokens import TokenLine


@dataclass(frozen=True, slots=True)
class Weights:
    """Which weights answer: a round of a run (0 is the untouched model), or the current ones (`round` None)."""

    run_id: str = ""
    round: int | None = 0

    @property
    def label(self) -> str:
        """Words for the screen."""
        if self.round is None:
            return "current weights"
        return "untouched weights" if self.round == 0 else f"round {self.round}"


UNTOUCHED = Weights(round=0)
# How a run stands that did not end by itself or by its user.
CUT_OFF = ("crashed", "interrupted", "failed")
CURRENT = Weights(round=None)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One prompt for one or two sets of weights, answered in turn with the same seed and settings."""

    prompt: str
    sides: tuple[Weights, ...] = (UNTOUCHED, CURRENT)
    max_new_tokens: int = 160
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class RephraseRequest:
    """One question to be asked in several ways; the untouched model writes what no template can.

    Attributes:
        question: What is to be rephrased.
        kinds: The attacks wanted, each once.
        paraphrases: How many the model shall write.
        hops: How many multi-hop questions.
        seed: Chooses among templates, and that of the sampling.
    """

    question: Question
    kinds: tuple[AttackKind, ...] = tuple(ATTACKS)
    paraphrases: int = 0
    hops: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class AskRequest:
    """Ways to ask `query`, for one or two sets of weights, answered greedily. `number` returns in `PromptAnswered`."""

    number: int
    rephrasings: tuple[Rephrasing, ...]
    sides: tuple[Weights, ...] = (UNTOUCHED, CURRENT)
    max_new_tokens: int = 48
    query: str = ""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Texts to look at, one per set of weights.

    Attributes:
        texts: What is read by each side; answers differ, any other text is the same.
        sides: Who reads.
        prompt: The question that the texts answer; "" for plain text.
        run_id: Whose heads judge where the weights belong to no run; "" is the run whose weights are held.
    """

    texts: tuple[str, ...]
    sides: tuple[Weights, ...] = (UNTOUCHED, CURRENT)
    prompt: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What the embedding of one of a config's concepts catches.

    Attributes:
        config: The set-up as it stands.
        index: Which concept.
        materials: What was got ready for it; None reads the config's files, else bundled texts.
    """

    config: RunConfig
    index: int = 0
    materials: Materials | None = None


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """What a list of runs says of a round: recalls on test questions, in records without sides on all.

    Round 0 is the untouched model.
    """

    round: int
    tau: float | None
    forget: Interval | None
    neighbour: Interval | None
    token_loss: Interval | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the store knows it.

    Attributes:
        status: running, paused, done, stopped, failed, interrupted (ended with the program) or crashed (its process is
            gone and left no end).
        parent: The round whose weights it began with.
        checkpoint: When the newest checkpoint of a run that was cut off was written, Unix time in seconds.
    """

    run_id: str
    title: str
    concepts: tuple[str, ...]
    layers: tuple[int, ...]
    status: str
    started: float
    seconds: float
    best_round: int
    folder: str
    rounds: tuple[RoundSummary, ...] = ()
    stopped_because: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    parent: Weights = UNTOUCHED
    checkpoint: float | None = None

    @property
    def was_cut_off(self) -> bool:
        """Whether it came to no end of its own, so that it may go on from a checkpoint."""
        return self.status in CUT_OFF

    @property
    def can_resume(self) -> bool:
        """Whether it may go on from a checkpoint."""
        return self.was_cut_off and self.checkpoint is not None

    @property
    def goes_on(self) -> bool:
        """Whether its process still works on it."""
        return self.status in ("running", "paused")


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended."""

    run_id: str
    folder: Path
    stopped_because: str
    best_round: int


@dataclass(frozen=True, slots=True)
class Exported:
    """A model that was written, loaded again and found to give the same greedy answers to `answers` questions."""

    folder: Path
    size: int
    answers: int


class WorkbenchPort(Protocol):
    """The service as the window sees it."""

    @property
    def control(self) -> RunControl:
        """Knobs of the run under way (a fresh one for every run)."""
        ...

    def subscribe(self, sink: Callable[[Event], None]) -> Callable[[], None]:
        """Hear every event on the worker thread; returns the way to stop hearing."""
        ...

    def be_quiet(self, quiet: bool) -> Future[int]:
        """Compute with half the processor's threads, at least one, or with all again; gives how many.

        Takes effect between two steps of whatever goes on.
        """
        ...

    def starter_ready(self) -> bool:
        """Whether the starter kit is on this machine. Cheap."""
        ...

    def fetch_starter(self) -> Future[None]:
        """Bring the starter kit, with `Progress` events (job "download"); cancellable."""
        ...

    def load(self, model: ModelConfig, encoder: str) -> Future[ModelLoaded]:
        """Load a model and an encoder (job "load"); replaces what was loaded. "auto" chooses the encoder."""
        ...

    def footprint(self, model: ModelConfig, encoder: str) -> Future[Footprint]:
        """What loading would take, from headers alone; answered between two steps of whatever goes on.

        The future raises `ModelError` or `ResourceError` where it could not be loaded at all; no `JobFailed` is told.
        """
        ...

    def prepare(self, config: RunConfig) -> Future[Materials]:
        """Read or write all texts and questions of a run (job "write"); loads the model first if need be."""
        ...

    def check_knowledge(self, config: RunConfig, materials: Materials) -> Future[Knowledge]:
        """Ask the untouched model ten questions about the concept and ten about neighbours (job "check")."""
        ...

    def scan_layers(self, config: RunConfig, materials: Materials) -> Future[LayerScan]:
        """Measure a probe at every layer of the untouched model (job "scan"); `LayerScored` events on the way."""
        ...

    def measure_paces(self, config: RunConfig) -> Future[MeasuredPaces]:
        """Find out what the steps of a run take, by some twenty of them on bundled text (job "calibrate").

        No weight is changed. Chats are served between two steps, and cancelling the future ends it after its step.
        """
        ...

    def run(
        self, config: RunConfig, materials: Materials | None = None, start: Weights = UNTOUCHED
    ) -> Future[RunOutcome]:
        """Run; without materials they are prepared first. Chats are answered between two steps.

        A branch begins with the weights `start`, a round of an earlier run of the same model.
        """
        ...

    def resume_run(self, run_id: str) -> Future[RunOutcome]:
        """Go on with a run that was cut off, from its newest whole checkpoint; loads its model first if need be.

        What it said before comes again as events, then `RunContinued`. The future raises `InputError` (told by a
        `RunFailed` without an id) where there is no checkpoint, the run has ended or goes on elsewhere, or the model
        is another.
        """
        ...

    def chat(self, request: ChatRequest) -> int:
        """Ask; answers come as `ChatToken` and `ChatAnswered` events with the returned request id."""
        ...

    def inquiries_of(self, run_id: str) -> Future[Inquiries]:
        """What was asked of the weights of a run by hand; raises `InputError` for an unknown run."""
        ...

    def stop_chat(self, request_id: int) -> None:
        """End an answer early; what was written stays."""
        ...

    def rephrase(self, request: RephraseRequest) -> Future[Rephrased]:
        """Ask one question in many ways, with `Progress` events (job "rephrase"); ended by cancelling the future."""
        ...

    def ask_all(self, request: AskRequest) -> Future[None]:
        """Answer many prompts, each told by a `PromptAnswered`; ended by cancelling the future, else kept with the run.

        Like chats, rephrasing and asking are served between two steps of a run.
        """
        ...

    def look_at(self, request: TokenRequest) -> Future[tuple[TokenLine, ...]]:
        """Similarity to the concept after each token; served between two steps of a run.

        The future raises `InputError` where no round has kept its heads.
        """
        ...

    def preview(self, request: PreviewRequest) -> Future[Preview]:
        """Similarity of example texts to a concept, and names that may be missing; needs the encoder alone.

        Served between two steps of a run; ended by cancelling the future. Faults of files are notes of the result.
        """
        ...

    def cancel(self) -> None:
        """End the download, load or writing under way. A run is ended with `control.stop()`."""
        ...

    def runs(self) -> Future[Sequence[RunRecord]]:
        """All runs of the store, newest first."""
        ...

    def events_of(self, run_id: str) -> Future[Sequence[Event]]:
        """Every recorded event of a run, in order.

        The future raises `InputError` for an unknown run.
        """
        ...

    def config_of(self, run_id: str) -> Future[RunConfig]:
        """The exact config of a run; raises `InputError` for an unknown one."""
        ...

    def materials_of(self, run_id: str) -> Future[Materials]:
        """The texts and questions that a run worked on; raises `InputError` where they are gone or damaged."""
        ...

    def return_to(self, weights: Weights) -> Future[str]:
        """Make the weights of a round of any run of the loaded model the current ones; gives the words that name them.

        The future raises `InputError` (job "return") where the round is gone or the model is another.
        """
        ...

    def export_round(self, weights: Weights, folder: Path) -> Future[Exported]:
        """Write a round as a Hugging Face folder and check that it answers the same (job "export"; cancellable).

        Loads the run's model first if need be. The future raises `OutputError` for a folder that is not empty.
        """
        ...

    def audit(
        self, weights: Weights, which: Sequence[AuditKind], settings: AuditSettings, *, again: bool = False
    ) -> Future[tuple[AuditFound, ...]]:
        """Attack a round in each way wanted, with an `AuditFound` for every finding (job "audit"; cancellable).

        Findings are kept with the run: those of the same settings are told without computing, unless `again`. Loads
        the run's model first if need be; it has its own weights again afterwards. The future raises `InputError` for
        round 0.
        """
        ...

    def audits_of(self, run_id: str) -> Future[Sequence[AuditFound]]:
        """What audits of all rounds of a run found; empty where there were none; `InputError` for an unknown run."""
        ...

    def evaluate(self, request: EvaluationRequest) -> Future[Evaluation]:
        """Put the RWKU benchmark to a model or a round (job "eval"; cancellable, parts that are done stay cached).

        A round's report is kept with its run. `InputError`: a run, part or folder is unknown, or a file has faults.
        """
        ...

    def evaluations_of(self, run_id: str) -> Future[Sequence[Evaluation]]:
        """The evaluations of a run's rounds, the newest last; raises `InputError` for an unknown run."""
        ...

    def write_report(self, run_id: str, file: Path, *, replace: bool = False) -> Future[Path]:
        """Write what is recorded of a run as one page; `OutputError` where the file exists and `replace` is not set."""
        ...

    def annotate_run(self, run_id: str, *, title: str, note: str, tags: tuple[str, ...]) -> Future[None]:
        """Rename a run, and keep what the user writes about it."""
        ...

    def delete_run(self, run_id: str) -> Future[None]:
        """Take a run out of the list and move its files aside; they are removed for good when the program ends.

        The future raises `InputError` where the run still goes on.
        """
        ...

    def undelete_run(self, run_id: str) -> Future[None]:
        """Bring a deleted run back."""
        ...

    def close(self, timeout: float = 10.0) -> None:
        """Stop the worker thread; a run under way is left after its step and can be resumed."""
        ...
