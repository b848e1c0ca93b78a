"""What the window is doing right now: the model it holds, the texts it has, the run under way.

`Session` asks the workbench for work and says what became of it; it knows no widget. The window's views show its
phase and nothing else decides what may be pressed.
"""

from __future__ import annotations

import enum
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from atu_gui.core import paths
from atu_gui.core.config import STARTER, ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import AtuError, InternalError
from atu_gui.core.events import (
    Event,
    JobFailed,
    ModelLoaded,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
)
from atu_gui.core.materials import Materials
from atu_gui.core.ports import UNTOUCHED, ChatRequest, RunOutcome, WorkbenchPort
from atu_gui.core.schedule import settle
from atu_gui.ui.branch import Branch
from atu_gui.ui.bridge import Bridge

T = TypeVar("T")


class Phase(enum.Enum):
    """What the window is busy with."""

    IDLE = "idle"
    FETCHING = "fetching"
    LOADING = "loading"
    WRITING = "writing"
    EXPORTING = "exporting"
    AUDITING = "auditing"
    EVALUATING = "evaluating"
    MEASURING = "measuring"
    REVIEWING = "reviewing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


IN_RUN = frozenset({Phase.RUNNING, Phase.PAUSED, Phase.STOPPING})
BUSY = frozenset(Phase) - IN_RUN - {Phase.IDLE, Phase.REVIEWING}
READY = frozenset({Phase.IDLE, Phase.REVIEWING, Phase.FETCHING, Phase.LOADING})  # to prepare a run


class Session(QObject):
    """Signals: `branch_changed`, `phase_changed`, `model_changed`, `materials_written` (Materials), `failed`
    (JobFailed or RunFailed)."""

    branch_changed = Signal()
    phase_changed = Signal()
    model_changed = Signal()
    materials_written = Signal(object)
    failed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._port: WorkbenchPort | None = None
        self._waiting: list[Callable[[WorkbenchPort], None]] = []
        self._phase = Phase.IDLE
        self._loaded: ModelLoaded | None = None
        self._loaded_for: tuple[ModelConfig, str] | None = None
        self._told = False
        self._jobs, self._over = 0, ""
        self._queued: RunConfig | None = None
        self._config: RunConfig | None = None
        self._kept: tuple[dict[str, Any], Materials] | None = None
        self._branch: Branch | None = None
        bridge.add_handler(self.handle)

    @property
    def phase(self) -> Phase:
        """What is under way."""
        return self._phase

    @property
    def loaded(self) -> ModelLoaded | None:
        """The model at hand."""
        return self._loaded

    def holds(self, model: ModelConfig, encoder: str) -> bool:
        """Whether just these are loaded."""
        return self._loaded_for == (model, encoder)

    @property
    def branch(self) -> Branch | None:
        """What the next run goes on from; None for the untouched model."""
        return self._branch

    def set_branch(self, branch: Branch | None) -> None:
        """Let the next run go on from a round of an earlier one, or begin untouched."""
        self._branch = branch
        self.branch_changed.emit()

    @property
    def is_queued(self) -> bool:
        """Whether a run is to be prepared as soon as the model is there."""
        return self._queued is not None

    @property
    def control(self) -> RunControl | None:
        """The knobs of the run under way; None where there is none, or it is ending."""
        return self._port.control if self._port is not None and self._phase in (Phase.RUNNING, Phase.PAUSED) else None

    @property
    def config(self) -> RunConfig | None:
        """What the newest run was started with, settled."""
        return self._config

    @property
    def connected(self) -> bool:
        """Whether the service is there; wishes made before are carried out when it comes."""
        return self._port is not None

    def connect_to(self, port: WorkbenchPort) -> None:
        """The service is up."""
        self._port = port
        self._bridge.connect_to(port)
        waiting, self._waiting = self._waiting, []
        for wish in waiting:
            wish(port)

    def load(self, model: ModelConfig, encoder: str) -> None:
        """Load a model and an encoder, after bringing the starter kit where that is asked for and missing."""
        ready = self._port.starter_ready if self._port is not None else paths.starter_ready
        if model.source == STARTER and not ready():
            self._fetch(lambda: self._load(model, encoder))
        else:
            self._load(model, encoder)

    def prepare(self, config: RunConfig) -> None:
        """Bring everything a run needs: the starter kit, the model, the texts; ends with `materials_written`.

        While a model is fetched or loaded this waits for it; while anything else goes on nothing comes of it.
        """
        if self._phase not in READY:
            return
        self._queued = config
        if self._phase in (Phase.FETCHING, Phase.LOADING):
            self.phase_changed.emit()
        else:
            self._jobs += 1  # the last words of a run that is over are not for what begins here
            self._advance()

    def start(self, config: RunConfig, materials: Materials | None) -> None:
        """Begin a run on texts that the user has seen."""
        self._config = settle(config)
        self._enter(Phase.RUNNING)
        start = self._branch.weights if self._branch is not None else UNTOUCHED
        self._watch(lambda port: port.run(config, materials, start), self._calm)
        self.set_branch(None)

    def resume_run(self, run_id: str, config: RunConfig) -> None:
        """Go on with a run that was cut off; its model is loaded first if need be."""
        self._config, self._loaded_for = config, (config.model, config.encoder)
        self._over = ""
        self._enter(Phase.RUNNING)
        self._watch(lambda port: port.resume_run(run_id), self._calm)

    def work(self, phase: Phase, wish: Callable[[WorkbenchPort], Future[T]], done: Callable[[T], None]) -> None:
        """Do something long with the model that is no run; the phase ends after `done`, or without a result."""

        def ended(result: T) -> None:
            done(result)
            self._enter(Phase.IDLE)

        self._enter(phase)
        self._watch(wish, ended)

    def texts_of(self, config: RunConfig) -> Materials | None:
        """What was got ready last, where it serves this config."""
        return self._kept[1] if self._kept is not None and self._kept[0] == _texts_key(config) else None

    def texts_about(self, config: RunConfig) -> Materials | None:
        """What was got ready last, where it is about the same concepts, whatever else they are called."""
        if self._kept is None:
            return None
        names = [concept["name"] for concept in self._kept[0]["concepts"]]
        same = names == [concept.name for concept in config.concepts]
        return self._kept[1] if same and self._kept[0]["texts"] == _texts_key(config)["texts"] else None

    def measure(
        self, config: RunConfig, ask: Callable[[WorkbenchPort, Materials], Future[T]], done: Callable[[T], None]
    ) -> None:
        """Find something out before a run, on its texts: those are got ready first where that has not been done."""

        def go_on(materials: Materials) -> None:
            self._kept = (_texts_key(config), materials)
            self.work(Phase.MEASURING, lambda port: ask(port, materials), done)

        if self._phase is not Phase.IDLE:
            return
        if (kept := self.texts_of(config)) is not None:
            go_on(kept)
            return
        self._enter(Phase.WRITING)
        self._watch(lambda port: port.prepare(config), go_on)

    def leave_review(self) -> None:
        """The user went back without starting."""
        if self._phase is Phase.REVIEWING:
            self._enter(Phase.IDLE)

    def pause_or_resume(self) -> None:
        """Hold the run before its next step, or let it go on."""
        if self.control is not None:
            (self.control.resume if self._phase is Phase.PAUSED else self.control.pause)()

    def skip_stage(self) -> None:
        """End the stage under way after its step."""
        if self.control is not None:
            self.control.skip_stage()

    def stop(self) -> None:
        """End the run after its step, or the work before a run."""
        if self._port is None:
            self._waiting.clear()
            self._calm()
        elif self._phase in IN_RUN:
            self._port.control.stop()
            # Before its first step a run is still reading and listens to this.
            self._port.cancel()
            self._enter(Phase.STOPPING)
        elif self._phase in BUSY:
            self._port.cancel()

    def discard(self) -> None:
        """End the run after its step and go back to the untouched weights."""
        if self.control is not None:
            self.control.discard()
            self.stop()

    def ask(self, request: ChatRequest) -> int | None:
        """Put a question; None while there is nobody to answer."""
        if self._port is None or self._loaded is None:
            return None
        return self._port.chat(request)

    def request(
        self,
        wish: Callable[[WorkbenchPort], Future[T]],
        done: Callable[[T], None],
        failed: Callable[[AtuError], None],
    ) -> None:
        """Ask the service for something short; what comes of it is told on the window's thread."""

        def broke(error: BaseException) -> None:
            wrong = f"Something went wrong that should not: {error}"
            failed(error if isinstance(error, AtuError) else InternalError(wrong, "Try again."))

        self._with_port(lambda port: self._bridge.watch(wish(port), done, broke))

    def serve(
        self, wish: Callable[[WorkbenchPort], Future[T]], done: Callable[[T], None], gone: Callable[[], None]
    ) -> Future[T] | None:
        """Ask for short work on the model; None while there is no model.

        Args:
            wish: What to ask of the service.
            done: Gets the result.
            gone: Called where there is none: cancelled, or failed, which an event has told.
        """
        if self._port is None or self._loaded is None:
            return None
        future = wish(self._port)
        self._bridge.watch(future, done, lambda _error: gone(), gone)
        return future

    def stop_answer(self, request_id: int) -> None:
        """End an answer early."""
        if self._port is not None:
            self._port.stop_chat(request_id)

    def handle(self, event: Event) -> None:
        """Follow what the workbench says."""
        match event:
            case ModelLoaded():
                self._loaded = event
                self.model_changed.emit()
            case RunStarted():
                self._over = ""
                self._enter(Phase.RUNNING)
            case RunPaused() if self._phase is Phase.RUNNING:
                self._enter(Phase.PAUSED)
            case RunResumed() if self._phase is Phase.PAUSED:
                self._enter(Phase.RUNNING)
            case RunFinished(run_id=run_id) | RunFailed(run_id=run_id) if run_id != self._over:
                self._over = run_id
                self._enter(Phase.IDLE)
        if isinstance(event, JobFailed | RunFailed):
            self._told = True
            self.failed.emit(event)

    def _advance(self) -> None:
        """The next step towards the run that is wanted, or rest."""
        config = self._queued
        if config is None:
            self._enter(Phase.IDLE)
        elif not self.holds(config.model, config.encoder):
            self.load(config.model, config.encoder)
        else:
            self._queued = None
            self._write(config)

    def _fetch(self, then: Callable[[], None]) -> None:
        self._enter(Phase.FETCHING)
        self._watch(lambda port: port.fetch_starter(), lambda _: then())

    def _load(self, model: ModelConfig, encoder: str) -> None:
        def done(loaded: ModelLoaded) -> None:
            self._loaded, self._loaded_for = loaded, (model, encoder)
            self._advance()

        if self._loaded is not None:
            # The service lets go of it first, so that after a failure there is none.
            self._loaded = self._loaded_for = None
            self.model_changed.emit()
        self._enter(Phase.LOADING)
        self._watch(lambda port: port.load(model, encoder), done)

    def _write(self, config: RunConfig) -> None:
        def done(materials: Materials) -> None:
            self._kept = (_texts_key(config), materials)
            self._enter(Phase.REVIEWING)
            self.materials_written.emit(materials)

        if self._branch is not None and self._branch.serves(config):
            done(self._branch.materials)
            return
        files = config.texts.concept or config.texts.retain or config.texts.probes
        if not files and (kept := self.texts_of(config)) is not None:
            # The model would write the very same again. Files are read again: they may have been edited.
            done(kept)
            return
        self._enter(Phase.WRITING)
        self._watch(lambda port: port.prepare(config), done)

    def _watch(self, wish: Callable[[WorkbenchPort], Future[T]], done: Callable[[T], None]) -> None:
        """Ask for the job that the phase is about."""
        self._jobs += 1
        number = self._jobs

        def latest(call: Callable[..., None]) -> Callable[..., None]:
            # A run's event ends its phase, its job ends after the chats that wait: not the phase of the next run.
            return lambda *given: call(*given) if number == self._jobs else None

        self._with_port(
            lambda port: self._bridge.watch(wish(port), latest(done), latest(self._broke), latest(self._calm))
        )

    def _with_port(self, wish: Callable[[WorkbenchPort], None]) -> None:
        if self._port is None:
            self._waiting.append(wish)
        else:
            wish(self._port)

    def _enter(self, phase: Phase) -> None:
        if phase in BUSY or phase is Phase.RUNNING:
            self._told = False
        if phase is not self._phase:
            self._phase = phase
            self.phase_changed.emit()

    def _calm(self, _outcome: RunOutcome | None = None) -> None:
        self._queued = None
        self._enter(Phase.IDLE)

    def _broke(self, error: BaseException) -> None:
        job = self._phase.value
        self._calm()
        if self._told:  # by an event, with its details
            return
        details = "".join(traceback.format_exception(error))
        if not isinstance(error, AtuError):
            hint = "Try again; if it stays, report the details."
            error = InternalError("Something went wrong that should not have.", hint)
        self.failed.emit(JobFailed(job, error.message, error.hint, details))


def _texts_key(config: RunConfig) -> dict[str, Any]:
    """All that texts and questions depend on."""
    return config.model_dump(include={"model", "concepts", "texts", "windows", "seed"})
