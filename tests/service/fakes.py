"""An engine without torch: a "model" is one number that training lowers, a snapshot is that number."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import DISCARDED, STOPPED, RunControl
from atu_gui.core.errors import Cancelled, InputError, Suspended
from atu_gui.core.evaluation import Evaluation, EvaluationRequest
from atu_gui.core.events import (
    Event,
    GuardTripped,
    Interval,
    LayerScored,
    ModelLoaded,
    Note,
    Progress,
    RoundScored,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageEnded,
    StagePlan,
    StageStarted,
    StepDone,
    TextWritten,
)
from atu_gui.core.harness import HarnessFigure, HarnessRequest
from atu_gui.core.knowledge import Answered, Knowledge
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.core.paces import MeasuredPaces
from atu_gui.core.ports import AskRequest, ChatRequest, PreviewRequest, RephraseRequest, RunOutcome, Weights
from atu_gui.core.preview import Preview, PreviewLine
from atu_gui.core.rephrasing import Rephrased, Rephrasing
from atu_gui.core.scan import LayerScan, summarise
from atu_gui.core.schedule import settle
from atu_gui.core.tokens import TokenLine
from atu_gui.service.backend import Engine, Loaded

DEPTH = 30
MATERIALS = Materials(
    concept_passages=(Passage("Ada wrote notes.", source="ada.txt", about="Ada"),),
    retain_passages=(Passage("Bread rises.", prompt="How is bread made?"),),
    neutral_texts=("The sea is wide.",),
    probes=(Probe("p:1", "forget", "question", "Who wrote notes?", "Ada"),),
    fluency_prompts=("Write a letter.",),
    neighbours=("Charles Babbage",),
)


def interval(mean: float) -> Interval:
    return Interval(mean, mean - 0.05, mean + 0.05, 20)


def scored(run_id: str, round_: int, seconds: float = 0.0, mean: float = 0.5) -> RoundScored:
    tau = 0.35 if round_ else None
    score = interval(mean)
    return RoundScored(
        run_id, round_, round_ * 3, tau, score, interval(-2.0), score, interval(-1.0), interval(2.2), interval(5.0),
        0.6, 0.3, 0.4, 0.1 if round_ else None, seconds,
    )  # fmt: skip


@dataclass(eq=False)
class FakeModel:
    value: float = 10.0


class FakeSnapshots:
    def __init__(self, model: FakeModel, saved: dict[int, float] | None = None) -> None:
        self.model = model
        self.saved = {0: model.value, **(saved or {})}

    @property
    def rounds(self) -> list[int]:
        return sorted(self.saved)

    def let_go(self) -> None:
        self.restore(0)

    def weights_hash(self, *others: FakeSnapshots) -> str:
        return f"hash of {self.model.value:g}"

    def values(self, round_: int) -> float:
        if round_ not in self.saved:
            raise InputError(f"Round {round_} does not exist.")
        return self.saved[round_]

    @contextlib.contextmanager
    def applied(self, round_: int | None) -> Iterator[None]:
        before = self.model.value
        if round_ is not None:
            if round_ not in self.saved:
                raise InputError(f"Round {round_} does not exist.")
            self.model.value = self.saved[round_]
        try:
            yield
        finally:
            self.model.value = before

    def restore(self, round_: int) -> None:
        self.model.value = self.saved[round_]


@dataclass
class FakeRun:
    """Rounds of steps, each lowering the model's value by one; honours stop and pause like the real one."""

    config: RunConfig
    loaded: Loaded
    control: RunControl
    run_id: str
    folder: Path
    engine: FakeEngine
    snapshots: FakeSnapshots = field(init=False)

    def __post_init__(self) -> None:
        self.snapshots = FakeSnapshots(self.loaded.lm)  # type: ignore[arg-type]

    def events(self) -> Generator[Event, None, RunOutcome]:
        stages = [StagePlan("probe", 0, 1)]
        for number, plan in enumerate(self.config.rounds, 1):
            stages += [StagePlan("unlearn", number, plan.unlearn_steps, plan.tau), StagePlan("probe", number, 1)]
        yield RunStarted(
            self.run_id, self.config.title, "fake model", "fake encoder",
            tuple(concept.name for concept in self.config.concepts), tuple(self.config.layers), self.config.recipe,
            self.config.seed, tuple(stages), str(self.folder), time.time(), 1, 1, 1, 0,
        )  # fmt: skip
        yield scored(self.run_id, 0)
        step, good, because = 0, 0, "all rounds done"
        for number, plan in enumerate(self.config.rounds, 1):
            yield StageStarted(self.run_id, "unlearn", number, plan.unlearn_steps, step, plan.tau)
            for index in range(plan.unlearn_steps):
                yield from self._wait_while_paused(step)
                if self.control.read().suspending and not self.control.read().stopping:
                    raise Suspended
                if self.control.read().stopping:
                    because = STOPPED
                    break
                if self.engine.fail_at_step == step:
                    raise self.engine.failure
                time.sleep(self.engine.step_seconds)
                step += 1
                self.loaded.lm.value -= 1  # type: ignore[attr-defined]
                yield StepDone(
                    self.run_id, "unlearn", number, step, index + 1, plan.unlearn_steps, 0.5, 1e-4, 0, 0.1 * step,
                    tau=plan.tau, similarity_mean=0.4,
                )  # fmt: skip
            if because != "all rounds done":
                break
            yield StageEnded(self.run_id, "unlearn", number, step, "done", 0.1)
            yield scored(self.run_id, number, 0.1 * step, 0.5 / (number + 1))
            self.snapshots.saved[number] = self.loaded.lm.value  # type: ignore[attr-defined]
            if number in self.engine.rejected:
                yield GuardTripped(self.run_id, number, step, "utility limit", "Too much.", "pause", rejected=True)
            else:
                good = number
        if self.control.read().discarding:
            because, good = DISCARDED, 0
            self.snapshots.restore(0)
        yield RunFinished(self.run_id, because, good, good, 0.1 * step, str(self.folder))
        return RunOutcome(self.run_id, self.folder, because, good)

    def _wait_while_paused(self, step: int) -> Generator[Event, None, None]:
        state = self.control.read()
        if not state.paused:
            return
        yield RunPaused(self.run_id, step, *state.paused_by)
        while state.paused and not (state.stopping or state.suspending):
            yield Progress("paused", "Paused", 0, 0)
            state = self.control.wait_for_change(state.generation, 0.02)
        yield RunResumed(self.run_id, step)


class FakeEngine(Engine):
    """Counts its calls; can be told to fail or to be slow."""

    def __init__(self) -> None:
        self.loads = 0
        self.fetched = 0
        self.ready = True
        self.step_seconds = 0.0
        self.fail_at_step: int | None = None
        self.rejected: set[int] = set()
        self.failure: BaseException = RuntimeError("a bug")
        self.closed: list[str] = []
        self.threads: set[str] = set()
        self.thread_count = 5
        self.prompts = 2
        self.pieces = ("it ", "is ")
        self.other_runs: dict[Path, dict[int, float]] = {}

    def threads_used(self) -> int:
        return self.thread_count

    def use_threads(self, count: int) -> None:
        self.threads.add(threading.current_thread().name)
        self.thread_count = count

    def starter_ready(self) -> bool:
        return self.ready

    def fetch_starter(self, cancelled: Callable[[], bool]) -> Generator[Event, None, None]:
        try:
            for done in range(100):
                yield Progress("download", "model.safetensors", done * 1e6, 1e8, "B")
                if self.fetched < 0:
                    time.sleep(0.01)
            self.fetched += 1
            self.ready = True
        finally:
            self.closed.append("fetch")

    def validate_inputs(self, config: RunConfig) -> None:
        if not config.concepts:
            raise InputError("No concept is named.", "Name one.")

    def load(self, model: ModelConfig, encoder: str | None) -> Generator[Event, None, Loaded]:
        self.threads.add(threading.current_thread().name)
        yield Progress("load", "Loading", 0, 1)
        self.loads += 1
        facts = ModelLoaded(
            "fake model", model.source, DEPTH, 8, 1000, "cpu", "float32", 4000, "abc", "fake encoder", 4, True, 0.1
        )
        return Loaded(FakeModel(), None, model.model_copy(deep=True), encoder, facts)  # type: ignore[arg-type]

    def settled(self, config: RunConfig, loaded: Loaded) -> RunConfig:
        config = settle(config)
        for layer in config.layers:
            if layer > DEPTH:
                raise InputError(
                    f"Layer {layer} does not exist.", f"This model has {DEPTH} layers; choose 1 to {DEPTH}."
                )
        return config.model_copy(update={"layers": config.layers or [10]})

    def snapshot_bytes(self, config: RunConfig, loaded: Loaded) -> int:
        return 1000

    def prepare(
        self, config: RunConfig, loaded: Loaded, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Materials]:
        yield Note("info", "writing")
        yield TextWritten("neighbour", "Ada Lovelace", "Charles Babbage")
        yield TextWritten("passage", "Ada Lovelace", "Ada wrote notes on the Analytical Engine.")
        return MATERIALS

    def check_knowledge(
        self, config: RunConfig, loaded: Loaded, materials: Materials, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Knowledge]:
        yield Progress("probe", "Questions", 1, 1, "questions")
        return Knowledge((Answered("Ada", "Who?", "Ada", str(loaded.lm.value), 1.0),), (), own=True)  # type: ignore[attr-defined]

    def scan_layers(
        self, config: RunConfig, loaded: Loaded, materials: Materials, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, LayerScan]:
        score = LayerScored(1, DEPTH, loaded.lm.value, None)  # type: ignore[attr-defined]
        yield score
        return summarise([score])

    def measure_paces(
        self, config: RunConfig, loaded: Loaded, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, MeasuredPaces]:
        """Says how many concepts and texts it was given, and the value of the weights while it computes."""
        for done in range(1, 4):
            value = loaded.lm.value  # type: ignore[attr-defined]
            yield Progress(
                "calibrate", f"{len(config.concepts)} {len(config.texts.concept)} {value:g}", done, 3, "steps"
            )
        return MeasuredPaces({"unlearn": loaded.lm.value}, 3)  # type: ignore[attr-defined]

    def make_run(self, config: RunConfig, loaded: Loaded, *rest: Any, start: Any = None, **_more: Any) -> Any:
        _materials, control, run_id, folder = rest
        run = FakeRun(config, loaded, control, run_id, folder, self)
        if start is not None:
            loaded.lm.value = start  # type: ignore[assignment]
        return run

    def open_start(self, weights: Weights, folder: Path, loaded: Loaded) -> Any:
        return self.open_snapshots(folder, loaded).values(weights.round)

    def open_snapshots(self, folder: Path, loaded: Loaded) -> Any:
        return FakeSnapshots(loaded.lm, self.other_runs[folder])  # type: ignore[arg-type]

    def answer(self, loaded: Loaded, request: ChatRequest, cancelled: Callable[[], bool]) -> Iterator[str]:
        self.threads.add(threading.current_thread().name)
        for piece in (*self.pieces, f"{loaded.lm.value:g}"):  # type: ignore[attr-defined]
            if cancelled():
                return
            yield piece

    def rephrase(
        self, loaded: Loaded, request: RephraseRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Rephrased]:
        yield from self._work(cancelled)
        prompt = f"{request.question.query} (asked of {loaded.lm.value:g})"  # type: ignore[attr-defined]
        return Rephrased(tuple(Rephrasing(kind, prompt) for kind in request.kinds))

    def ask_all(
        self, loaded: Loaded, request: AskRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, list[tuple[str, float | None]]]:
        yield from self._work(cancelled)
        return [(f"{loaded.lm.value:g}", -1.0) for _ in request.rephrasings]  # type: ignore[attr-defined]

    def look_at(
        self, loaded: Loaded, folder: Path, round_: int | None, label: str, text: str, prompt: str
    ) -> TokenLine:
        value = loaded.lm.value / 100  # type: ignore[attr-defined]
        return TokenLine(label, round_ or 9, 0.08, tuple(text.split()), (value,) * len(text.split()))

    def preview(
        self, loaded: Loaded, request: PreviewRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Preview]:
        yield from self._work(cancelled)
        name = request.config.concepts[request.index].name
        return Preview(name, "fake", (PreviewLine("concept", name, (0.5, 0.2)),))

    def read_targets(self, request: EvaluationRequest, cancelled: Callable[[], bool]) -> Any:
        yield Progress("download", "Downloading", 1, 1)
        return list(request.targets)

    def evaluate(
        self,
        loaded: Loaded,
        targets: Any,
        request: EvaluationRequest,
        label: str,
        cancelled: Callable[[], bool],
    ) -> Generator[Event, None, Evaluation]:
        yield from self._work(cancelled)
        weights = f"{loaded.lm.value:g}"  # type: ignore[attr-defined]
        return Evaluation(label, weights, request.reading, tuple(targets), request.limit, (), (), (), (), ())

    def find_tasks(self, request: HarnessRequest) -> Any:
        return request.tasks

    def ask_harness(
        self, loaded: Loaded, manager: Any, request: HarnessRequest, label: str, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, tuple[HarnessFigure, ...]]:
        yield from self._work(cancelled)
        value = float(loaded.lm.value)  # type: ignore[attr-defined]
        return tuple(HarnessFigure(task, "acc", value, None, 1, ((0, value),)) for task in manager)

    def _work(self, cancelled: Callable[[], bool]) -> Iterator[Event]:
        for done in range(self.prompts):
            if cancelled():
                raise Cancelled
            yield Progress("ask", "Answers", done, self.prompts)
            time.sleep(self.step_seconds)
