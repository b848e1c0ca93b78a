"""A workbench without torch: it answers like the service, from a thread, in milliseconds or at a watchable pace."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from atu_gui.core.config import ModelConfig, RoundPlan, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import AtuError, Cancelled
from atu_gui.core.events import (
    AlignScored,
    ChatAnswered,
    ChatToken,
    ControlApplied,
    Event,
    Interval,
    ItemAnswered,
    JobFailed,
    ModelLoaded,
    Note,
    Progress,
    RoundScored,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageEnded,
    StagePlan,
    StageStarted,
    StepDone,
    TauChosen,
    TextWritten,
)
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.core.ports import ChatRequest, RunOutcome, RunRecord
from atu_gui.core.schedule import settle

T = TypeVar("T")

# The window's tests count on these rounds, whatever the defaults become.
PLANNED = RunConfig(
    schedule="custom",
    rounds=[
        RoundPlan(align_steps=250, unlearn_steps=12, tau=0.35),
        RoundPlan(align_steps=6, unlearn_steps=12, tau=0.25),
        RoundPlan(align_steps=6, unlearn_steps=12, tau=0.20),
    ],
)

LOADED = ModelLoaded(
    name="SmolLM2-135M-Instruct",
    source="starter",
    layers=30,
    width=576,
    parameters=134_515_008,
    device="cpu",
    dtype="float32",
    memory_bytes=538_060_032,
    weights_hash="5f1c0a9e",
    encoder="all-MiniLM-L6-v2",
    embedding_width=384,
    chat_template=True,
    seconds=1.9,
)
ANSWERS = {
    0: "He was apprenticed to Andrea del Verrocchio, a painter and sculptor in Florence.",
    1: "His teacher was a local carpenter, who taught him to work with wood and stone.",
}


def materials(name: str = "Leonardo da Vinci") -> Materials:
    """Plausible materials that the model wrote itself."""
    about = [
        Passage(
            f"{name} was born in 1452 near Florence and drew machines, faces and rivers all his life ({number}).",
            prompt=f"Write a short paragraph about {name}.",
            source="written by the model",
            about=name,
        )
        for number in range(24)
    ]
    others = ("Michelangelo", "Raphael", "Sandro Botticelli", "Andrea del Verrocchio", "Titian", "Donatello")
    kept = [
        Passage(f"{other} worked in Italy and took pupils ({number}).", source="written by the model", about=other)
        for number, other in enumerate(others * 6)
    ]
    probes = [
        Probe(f"forget-{n}", "forget", "question", f"Question {n} about {name}?", "Verrocchio", name) for n in range(6)
    ] + [
        Probe(f"near-{n}", "neighbour", "question", f"In which city did {other} work?", "Florence", other)
        for n, other in enumerate(others)
    ]
    return Materials(
        tuple(about),
        tuple(kept),
        ("Water boils at a lower temperature on a mountain.",) * 8,
        tuple(probes),
        ("Describe a rainy day.",),
        others,
        written=True,
    )


class FakeWorkbench:
    """Implements `WorkbenchPort`. `pace` is the time of a step in seconds; failures are set as attributes.

    Attributes:
        calls: The names of the methods called, in order.
        load_error: Raised by the next load.
        run_error: Ends the next run at its tenth step.
    """

    def __init__(self, *, starter: bool = True, pace: float = 0.0) -> None:
        self.calls: list[str] = []
        self.configs: list[RunConfig] = []
        self.given: list[Materials | None] = []
        self.load_error: AtuError | None = None
        self.run_error: AtuError | None = None
        self._starter = starter
        self._pace = pace
        self._control = RunControl()
        self._sinks: list[Callable[[Event], None]] = []
        self._cancelled = threading.Event()
        self._closed = threading.Event()
        self._stopped_chats: set[int] = set()
        self._requests = 0
        self._threads: list[threading.Thread] = []

    @property
    def control(self) -> RunControl:
        return self._control

    def subscribe(self, sink: Callable[[Event], None]) -> Callable[[], None]:
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def starter_ready(self) -> bool:
        return self._starter

    def fetch_starter(self) -> Future[None]:
        self.calls.append("fetch_starter")
        return self._job("download", self._download)

    def load(self, model: ModelConfig, encoder: str) -> Future[ModelLoaded]:
        self.calls.append("load")
        return self._job("load", lambda: self._load(model))

    def prepare(self, config: RunConfig) -> Future[Materials]:
        self.calls.append("prepare")
        self.configs.append(config)
        return self._job("write", lambda: self._write(config))

    def run(self, config: RunConfig, materials: Materials | None = None) -> Future[RunOutcome]:
        self.calls.append("run")
        self.configs.append(config)
        self.given.append(materials)
        self._control = RunControl()
        return self._job("run", lambda: self._run(settle(config), self._control))

    def chat(self, request: ChatRequest) -> int:
        self.calls.append("chat")
        self._requests += 1
        number = self._requests
        self._job("chat", lambda: self._answer(number, request))
        return number

    def stop_chat(self, request_id: int) -> None:
        self._stopped_chats.add(request_id)

    def cancel(self) -> None:
        self.calls.append("cancel")
        self._cancelled.set()

    def runs(self) -> Future[Sequence[RunRecord]]:
        return self._job("runs", list)

    def events_of(self, run_id: str) -> Future[Sequence[Event]]:
        return self._job("events", list)

    def close(self, timeout: float = 10.0) -> None:
        self.calls.append("close")
        self._closed.set()
        self._cancelled.set()
        self._control.stop()
        for thread in self._threads:
            thread.join(timeout)

    def _job(self, name: str, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._cancelled.clear()

        def do() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except Cancelled as error:
                # A future that runs cannot be cancelled any more: waiting for it raises.
                future.set_exception(error)
            except AtuError as error:
                if name != "run":
                    self._say(JobFailed(name, error.message, error.hint, "Traceback …"))
                future.set_exception(error)

        thread = threading.Thread(target=do, name=f"fake-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()
        return future

    def _say(self, event: Event) -> None:
        for sink in list(self._sinks):
            sink(event)

    def _wait(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if self._pace:
            time.sleep(self._pace)

    def _download(self) -> None:
        for name, size in (("SmolLM2-135M-Instruct", 271.0), ("all-MiniLM-L6-v2", 91.0)):
            for part in range(11):
                self._wait()
                left = (10 - part) * self._pace
                self._say(Progress("download", name, size * part / 10, size, "MB", left))
        self._starter = True

    def _load(self, model: ModelConfig) -> ModelLoaded:
        self._say(Progress("load", model.source, 0, 1))
        self._wait()
        if self.load_error is not None:
            error, self.load_error = self.load_error, None
            raise error
        self._say(LOADED)
        return LOADED

    def _write(self, config: RunConfig) -> Materials:
        name = config.concepts[0].name
        made = materials(name)
        for number, passage in enumerate(made.concept_passages, start=1):
            self._wait()
            self._say(TextWritten("passage", name, passage.text))
            self._say(Progress("write", "passages", number, len(made.concept_passages), "passages"))
        return made

    def _answer(self, number: int, request: ChatRequest) -> None:
        for side, weights in enumerate(request.sides):
            said = ""
            for word in ANSWERS[min(side, 1)].split():
                if number in self._stopped_chats or self._closed.is_set():
                    break
                time.sleep(self._pace)
                said += word + " "
                self._say(ChatToken(number, side, word + " "))
            stopped = number in self._stopped_chats
            self._say(ChatAnswered(number, side, said.strip(), weights.label, stopped, 0.4))

    def _run(self, config: RunConfig, control: RunControl) -> RunOutcome:
        script = _Script(config, control, self.run_error, self._pace)
        try:
            for event in script.events():
                self._say(event)
        except AtuError as error:
            self._say(RunFailed("fake-1", error.message, error.hint, "Traceback …", script.best))
            raise
        return RunOutcome("fake-1", Path("runs/fake-1"), script.because, script.best)


class _Script:
    """The events of one run, with everything the control may do to it."""

    def __init__(self, config: RunConfig, control: RunControl, error: AtuError | None, pace: float) -> None:
        self.config, self.control, self.error, self.pace = config, control, error, pace
        self.best, self.because = 0, "all rounds done"
        self._step, self._seconds, self._generation, self._skips = 0, 0.0, 0, 0
        self._tau: float | None = None
        self._similarity = 0.08
        self._cosine = 0.1

    def events(self) -> Iterator[Event]:
        config = self.config
        yield RunStarted(
            "fake-1",
            config.title,
            LOADED.name,
            LOADED.encoder,
            tuple(concept.name for concept in config.concepts),
            tuple(config.layers) or (10,),
            config.recipe,
            config.seed,
            tuple(self._plan()),
            "runs/fake-1",
            time.time(),
            128,
            192,
            6,
            6,
        )
        yield Note("info", "Preparing windows and caches.")
        yield from self._probe(0, None)
        for number, plan in enumerate(self.config.rounds, start=1):
            yield from self._stage("align", number, plan.align_steps, None)
            yield AlignScored(
                "fake-1", number, self._step, self._cosine, self._similarity, self._similarity + 0.07, 0.08, 0.17
            )
            tau = plan.tau if plan.tau is not None else 0.3
            yield TauChosen("fake-1", number, self._step, self._tau or tau, 0.03, 0.46, "as planned")
            yield from self._stage("unlearn", number, plan.unlearn_steps, tau)
            if self.control.read().stopping:
                self.because = "stopped by you"
                break
            yield from self._probe(number, tau)
            self.best = number
        yield RunFinished("fake-1", self.because, self.best, len(self.config.rounds), self._seconds, "runs/fake-1")

    def _plan(self) -> Iterator[StagePlan]:
        yield StagePlan("probe", 0, 12)
        for number, plan in enumerate(self.config.rounds, start=1):
            yield StagePlan("align", number, plan.align_steps)
            yield StagePlan("unlearn", number, plan.unlearn_steps, plan.tau)
            yield StagePlan("probe", number, 12)

    def _stage(self, stage: str, number: int, steps: int, tau: float | None) -> Iterator[Event]:
        if self.control.read().stopping:
            return
        yield StageStarted("fake-1", stage, number, steps, self._step, tau)  # type: ignore[arg-type]
        self._skips = self.control.read().skips
        reason = "done"
        for at in range(1, steps + 1):
            yield from self._hold()
            state = self.control.read()
            if state.stopping or state.skips > self._skips:
                reason = "stopped" if state.stopping else "skipped"
                break
            if state.tau is not None and state.tau != self._tau:
                yield ControlApplied("fake-1", self._step, "tau", self._tau or tau, state.tau, state.generation)
                self._tau = state.tau
            yield self._one_step(stage, number, at, steps, self._tau if self._tau is not None else tau)
            if self.error is not None and self._step == 10:
                raise self.error
        yield StageEnded("fake-1", stage, number, self._step, reason, 1.0)  # type: ignore[arg-type]

    def _one_step(self, stage: str, number: int, at: int, steps: int, tau: float | None) -> StepDone:
        time.sleep(self.pace)
        self._step += 1
        self._seconds += 0.4
        noise = 0.012 * math.sin(self._step * 2.4) + 0.008 * math.cos(self._step * 5.1)
        aligning = stage == "align"
        goal = 0.42 - 0.03 * number if aligning else (tau or 0.3) - 0.02
        self._similarity += (goal - self._similarity) * (0.03 if aligning else 0.15)
        if aligning:
            self._cosine += (0.66 - 0.01 * number - self._cosine) * 0.03
        mean = self._similarity + noise
        return StepDone(
            "fake-1",
            stage,  # type: ignore[arg-type]
            number,
            self._step,
            at,
            steps,
            loss=-self._cosine if aligning else max(0.0, mean - (tau or 0.0)),
            learning_rate=1e-3 if aligning else 5e-5,
            generation=self.control.read().generation,
            seconds=self._seconds,
            tau=None if aligning else tau,
            retain_weight=None if aligning else 20.0,
            retain_loss=None if aligning else 0.004,
            similarity_mean=mean,
            similarity_p95=mean + 0.07,
            active_fraction=None if aligning else 0.46,
            align_cosine=self._cosine + noise / 2 if aligning else None,
            gradient_norm=0.8,
        )

    def _hold(self) -> Iterator[Event]:
        state = self.control.read()
        if not state.paused:
            return
        yield RunPaused("fake-1", self._step, "you")
        while state.paused:
            state = self.control.wait_for_change(state.generation, 0.05)
        yield RunResumed("fake-1", self._step)

    def _probe(self, number: int, tau: float | None) -> Iterator[Event]:
        if self.control.read().stopping:
            return
        yield StageStarted("fake-1", "probe", number, 12, self._step)
        forget = max(0.02, 0.19 * math.exp(-0.9 * number))
        for at, probe in enumerate(materials().probes):
            time.sleep(self.pace)
            recall = (1.0 if at % 3 == 0 else 0.0) if number == 0 or probe.group == "neighbour" else 0.0
            said = "Verrocchio, a painter." if recall else "I am not sure."
            yield ItemAnswered(
                "fake-1",
                number,
                probe.id,
                probe.group,
                probe.kind,
                probe.query,
                probe.answer,
                said,
                recall,
                -2.1 - number,
            )
            yield Progress("probe", "questions", at + 1, 12, "questions")
        loss = 2.15 + 0.012 * number
        yield RoundScored(
            "fake-1",
            number,
            self._step,
            None if number == 0 else tau,
            Interval(forget, max(0.0, forget - 0.05), forget + 0.06, 6),
            Interval(-2.3 - number, -2.9 - number, -1.8 - number, 6),
            Interval(0.47 - 0.004 * number, 0.39, 0.54, 6),
            Interval(-4.3, -4.8, -3.9, 6),
            Interval(loss, loss - 0.04, loss + 0.04, 8),
            Interval(7.1, 6.9, 7.3, 1),
            None if number == 0 else self._cosine,
            None if number == 0 else self._similarity,
            None if number == 0 else self._similarity + 0.07,
            None if number == 0 else 0.1,
            self._seconds,
        )
        yield StageEnded("fake-1", "probe", number, self._step, "done", 1.0)
