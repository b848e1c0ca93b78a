"""The service behind `WorkbenchPort`: turns wishes into jobs of the worker and hands its events on."""

from __future__ import annotations

import contextlib
import itertools
import logging
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

from atu_gui.core import paths
from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import AtuError
from atu_gui.core.evaluation import Evaluation, EvaluationRequest
from atu_gui.core.events import AuditFound, Event, ModelLoaded
from atu_gui.core.footprint import Footprint
from atu_gui.core.harness import HarnessReport, HarnessRequest
from atu_gui.core.inquiries import Inquiries
from atu_gui.core.knowledge import Knowledge
from atu_gui.core.logbook import log_event
from atu_gui.core.materials import Materials
from atu_gui.core.paces import MeasuredPaces
from atu_gui.core.ports import (
    UNTOUCHED,
    AskRequest,
    ChatRequest,
    Exported,
    PreviewRequest,
    RephraseRequest,
    RunOutcome,
    RunRecord,
    TokenRequest,
    Weights,
)
from atu_gui.core.preview import Preview
from atu_gui.core.rephrasing import Rephrased
from atu_gui.core.scan import LayerScan
from atu_gui.core.tokens import TokenLine
from atu_gui.service import keeping
from atu_gui.service.archive import Archive
from atu_gui.service.asking import Between, ask_all, look_at, preview, rephrase
from atu_gui.service.auditing import audit, audits_in
from atu_gui.service.backend import Engine
from atu_gui.service.beginning import Beginning
from atu_gui.service.chatting import chat, kept
from atu_gui.service.evaluating import evaluate, evaluations_in
from atu_gui.service.exporting import export
from atu_gui.service.failures import explained, told
from atu_gui.service.folders import claim, run_folder
from atu_gui.service.found import FoundRun, events_of, find_run, folder_of
from atu_gui.service.harnessing import ask_harness
from atu_gui.service.holding import Holding
from atu_gui.service.inquiring import inquiries_in
from atu_gui.service.listeners import Listeners
from atu_gui.service.measuring import Measure, measured, scratch
from atu_gui.service.quiet import Quiet
from atu_gui.service.reporting import write_report
from atu_gui.service.resuming import Resuming
from atu_gui.service.running import Opening, RunJob, cancellable, ready
from atu_gui.service.worker import Worker
from atu_gui.store.runs import RunStore

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Workbench:
    """Implements `atu_gui.core.ports.WorkbenchPort`; torch is first imported on the worker's thread.

    Args:
        store_file: The run store; the user's own by default.
        engine: The engine's functions; tests pass their own.
    """

    def __init__(self, store_file: Path | None = None, engine: Engine | None = None) -> None:
        self._engine = engine or Engine()
        self._holding = Holding(self._engine)
        self._quiet = Quiet(self._engine)
        self._control = RunControl()
        self._listeners = Listeners()
        self._listeners.add(log_event)
        self._archive = Archive(store_file or paths.store_file(), self._listeners.tell)
        self._lock = threading.Lock()
        self._cancels: set[threading.Event] = set()
        self._chats: dict[int, threading.Event] = {}
        self._request_ids = itertools.count(1)
        # Touched on the worker's thread alone.
        self._deleted: set[str] = set()
        self._worker = Worker(self._listeners.tell, self._close_store)

    @property
    def control(self) -> RunControl:
        """Knobs of the run asked for last."""
        return self._control

    def subscribe(self, sink: Callable[[Event], None]) -> Callable[[], None]:
        """Hear every event on the worker's thread; returns the way to stop hearing."""
        return self._listeners.add(sink)

    def be_quiet(self, quiet: bool) -> Future[int]:
        """Compute with fewer threads, or with all."""
        return self._ask(lambda: self._quiet.set(quiet))

    def starter_ready(self) -> bool:
        """Whether the starter kit is on this machine."""
        return self._engine.starter_ready()

    def fetch_starter(self) -> Future[None]:
        """Bring the starter kit."""
        return self._submit("download", lambda cancelled: self._engine.fetch_starter(cancelled))

    def load(self, model: ModelConfig, encoder: str) -> Future[ModelLoaded]:
        """Load both models, replacing what was loaded."""
        model = model.model_copy(deep=True)

        def work(_cancelled: Callable[[], bool]) -> Generator[Event, None, ModelLoaded]:
            loaded = yield from self._holding.load(model, encoder)
            return loaded.facts

        return self._submit("load", work)

    def footprint(self, model: ModelConfig, encoder: str) -> Future[Footprint]:
        """What loading both models would take."""
        model = model.model_copy(deep=True)
        return self._ask(lambda: self._engine.footprint(model, encoder))

    def prepare(self, config: RunConfig) -> Future[Materials]:
        """Read or write all texts and questions, with the untouched model."""
        config = config.model_copy(deep=True)

        def work(cancelled: Callable[[], bool]) -> Generator[Event, None, Materials]:
            if config.out is not None:
                # Writing takes minutes; a folder that the run will refuse is better known before.
                claim(run_folder(config)).release()
            settled, loaded = yield from ready(self._engine, self._holding, config, cancelled)
            self._holding.make_untouched()
            return (yield from self._engine.prepare(settled, loaded, cancelled))

        return self._submit("write", work, chats_between=True)

    def scan_layers(self, config: RunConfig, materials: Materials) -> Future[LayerScan]:
        """Probe every layer."""
        return self._measure(
            "scan", config, lambda *given: self._engine.scan_layers(given[0], given[1], materials, given[2])
        )

    def check_knowledge(self, config: RunConfig, materials: Materials) -> Future[Knowledge]:
        """Ask a few questions."""
        return self._measure(
            "check", config, lambda *given: self._engine.check_knowledge(given[0], given[1], materials, given[2])
        )

    def measure_paces(self, config: RunConfig) -> Future[MeasuredPaces]:
        """Do a few steps of each kind."""
        return self._measure("calibrate", scratch(config), self._engine.measure_paces)

    def run(
        self, config: RunConfig, materials: Materials | None = None, start: Weights = UNTOUCHED
    ) -> Future[RunOutcome]:
        """Run, with a fresh control. The future is cancelled when the user stops before the first step."""
        config, of = config.model_copy(deep=True), self._folder_of
        return self._begin(lambda e, h, s, c, out: Beginning(e, h, s, c, out, config, materials, start, of))

    def resume_run(self, run_id: str, *, attended: bool = True) -> Future[RunOutcome]:
        """Go on with a run that was cut off; unattended, guards that pause it stop it instead."""
        return self._begin(lambda e, h, s, c, out: Resuming(e, h, s, c, out, run_id, attended))

    def chat(self, request: ChatRequest) -> int:
        """Ask; every side of the request ends with one `ChatAnswered`, after a `JobFailed` where it went wrong."""
        request_id = next(self._request_ids)
        stop = threading.Event()
        with self._lock:
            self._chats[request_id] = stop

        def work() -> Generator[Event, None, None]:
            given = (self._engine, self._holding, request, request_id)
            asked = chat(*given, folder_of=self._folder_of, stopped=stop.is_set)
            return kept(asked, request, self._asked_folder)

        future = self._worker.submit(lambda: self._holding.watched(work()), "chat")
        future.add_done_callback(lambda _done: self._drop_chat(request_id))
        return request_id

    def stop_chat(self, request_id: int) -> None:
        """End an answer before its next token."""
        with self._lock:
            stop = self._chats.get(request_id)
        if stop is not None:
            stop.set()

    def inquiries_of(self, run_id: str) -> Future[Inquiries]:
        """What was asked of a run by hand."""
        return self._read(lambda store: inquiries_in(folder_of(store, run_id)))

    def rephrase(self, request: RephraseRequest) -> Future[Rephrased]:
        """Ask one question in many ways."""
        return self._between("rephrase", lambda rest: rephrase(self._engine, self._holding, request, **rest))

    def ask_all(self, request: AskRequest) -> Future[None]:
        """Answer many prompts."""
        given = (self._engine, self._holding, request, self._asked_folder)
        return self._between("ask", lambda rest: ask_all(*given, **rest))

    def look_at(self, request: TokenRequest) -> Future[tuple[TokenLine, ...]]:
        """Similarity to the concept after each token."""
        return self._between("tokens", lambda rest: look_at(self._engine, self._holding, request, **rest))

    def preview(self, request: PreviewRequest) -> Future[Preview]:
        """What the embedding of a concept catches."""
        return self._between("preview", lambda rest: preview(self._engine, self._holding, request, **rest))

    def cancel(self) -> None:
        """End the download, load or writing under way; a run is past it after its first step."""
        with self._lock:
            for cancel in self._cancels:
                cancel.set()

    def runs(self) -> Future[Sequence[RunRecord]]:
        """All runs of the store, newest first."""
        return self._read(lambda store: store.runs())

    def events_of(self, run_id: str) -> Future[Sequence[Event]]:
        """Every recorded event of a run, in order."""
        return self._read(lambda store: events_of(store, run_id))

    def config_of(self, run_id: str) -> Future[RunConfig]:
        """The exact config of a run."""
        return self._read(lambda store: find_run(store, run_id).config)

    def materials_of(self, run_id: str) -> Future[Materials]:
        """The texts and questions that a run worked on."""
        return self._read(lambda store: keeping.read_texts(folder_of(store, run_id)))

    def return_to(self, weights: Weights) -> Future[str]:
        """Make the weights of a round the current ones."""

        def work(_cancelled: Callable[[], bool]) -> Generator[Event, None, str]:
            yield from ()
            return self._holding.return_to(weights, self._folder_of)

        return self._submit("return", work)

    def export_round(self, weights: Weights, folder: Path) -> Future[Exported]:
        """Write a round as a Hugging Face folder, checked."""
        folder = paths.expanded(folder).absolute()
        return self._submit(
            "export", lambda end: export(self._engine, self._holding, self._archive.opened(), weights, folder, end)
        )

    def audit(
        self, weights: Weights, which: Sequence[AuditKind], settings: AuditSettings, *, again: bool = False
    ) -> Future[tuple[AuditFound, ...]]:
        """Look for what a round only hides."""
        return self._submit("audit", lambda end: audit(
            self._engine, self._holding, self._archive.opened(), weights, which, settings, again, end
        ))  # fmt: skip

    def audits_of(self, run_id: str) -> Future[Sequence[AuditFound]]:
        """What audits of a run found."""
        return self._read(lambda store: audits_in(folder_of(store, run_id)))

    def evaluate(self, request: EvaluationRequest) -> Future[Evaluation]:
        """Put the benchmark to a model or a round."""
        return self._submit("eval", partial(evaluate, self._engine, self._holding, self._archive.opened, request))

    def ask_harness(self, request: HarnessRequest) -> Future[HarnessReport]:
        """Put tasks of the standard harness to the untouched model and to a round (job "eval"; cancellable)."""
        return self._submit("eval", partial(ask_harness, self._engine, self._holding, self._archive.opened, request))

    def evaluations_of(self, run_id: str) -> Future[Sequence[Evaluation]]:
        """What the benchmark said to the rounds of a run."""
        return self._read(lambda store: evaluations_in(folder_of(store, run_id)))

    def write_report(self, run_id: str, file: Path, *, replace: bool = False) -> Future[Path]:
        """Write all that is known of a run as one page."""
        return self._read(lambda store: write_report(store, run_id, file, replace=replace))

    def annotate_run(self, run_id: str, *, title: str, note: str, tags: tuple[str, ...]) -> Future[None]:
        """Rename a run, and keep what the user writes about it."""
        return self._read(lambda store: keeping.annotate(store, run_id, title=title, note=note, tags=tags))

    def delete_run(self, run_id: str) -> Future[None]:
        """Take a run out of the list; its files are removed when the workbench closes."""

        def work(store: RunStore) -> None:
            keeping.delete(store, run_id)
            self._deleted.add(run_id)

        return self._read(work)

    def undelete_run(self, run_id: str) -> Future[None]:
        """Bring a deleted run back."""

        def work(store: RunStore) -> None:
            keeping.undelete(store, run_id)
            self._deleted.discard(run_id)

        return self._read(work)

    def find_run(self, name: str) -> Future[FoundRun]:
        """A run by id, beginning of its id, folder, or "last"."""
        return self._read(lambda store: find_run(store, name))

    def close(self, timeout: float = 10.0) -> None:
        """Ask everything to end, wait, and end what is still going on. A run is left, to be resumed."""
        self._control.suspend()
        self.cancel()
        with self._lock:
            for stop in self._chats.values():
                stop.set()
        if not self._worker.close(timeout):
            _log.warning("The worker is still busy with a step after %.0f s.", timeout)

    def _begin(self, opening: Callable[..., Opening]) -> Future[RunOutcome]:
        self._control = control = RunControl()
        cancel = self._new_cancel()
        parts = (self._engine, self._holding)
        begun = opening(*parts, self._archive.opened, control, lambda: cancel.is_set() or control.leaving)
        job = RunJob(*parts, self._archive, control, begun)
        future = self._worker.submit(lambda: self._holding.watched(job.events()), chats_between=True)
        future.add_done_callback(lambda _done: self._drop_cancel(cancel))
        return future

    def _measure(self, job: str, config: RunConfig, measure: Measure[T]) -> Future[T]:
        """Look at the model with its untouched weights; it has its own between two events, and again after."""
        given = (self._engine, self._holding, config.model_copy(deep=True), self._folder_of, measure)
        return self._submit(job, lambda cancelled: measured(*given, cancelled), chats_between=True)

    def _submit(
        self, job: str, work: Callable[[Callable[[], bool]], Generator[Event, None, T]], *, chats_between: bool = False
    ) -> Future[T]:
        """Queue a cancellable main job whose failure is told by a `JobFailed`."""
        cancel = self._new_cancel()
        future = self._worker.submit(
            lambda: told(job, self._holding.watched(cancellable(work(cancel.is_set), cancel.is_set))),
            chats_between=chats_between,
        )
        future.add_done_callback(lambda _done: self._drop_cancel(cancel))
        return future

    def _between(self, job: str, work: Callable[[Between], Generator[Event, None, T]]) -> Future[T]:
        """Queue a job that is served like a chat; cancelling its future ends it before its next token."""
        stop = threading.Event()
        rest: Between = {"folder_of": self._folder_of, "cancelled": stop.is_set}
        future = self._worker.submit(lambda: told(job, self._holding.watched(work(rest))), "chat")
        future.add_done_callback(lambda _done: stop.set())
        return future

    def _read(self, question: Callable[[RunStore], T]) -> Future[T]:
        """Ask the store, between two events of whatever is going on."""
        return self._ask(lambda: self._archive.ask(question))

    def _ask(self, question: Callable[[], T]) -> Future[T]:
        """Find out something short that touches no weights, between two events of whatever is going on."""

        def work() -> Generator[Event, None, T]:
            yield from ()
            try:
                return question()
            except Exception as error:
                raise explained(error) from error

        return self._worker.submit(work, "reading")

    def _close_store(self) -> None:
        # A store that cannot be written any more must not keep the program from ending.
        with contextlib.suppress(sqlite3.Error, OSError, AtuError):
            keeping.remove_deleted(self._archive.opened(), everything_of=frozenset(self._deleted))
        self._archive.close()

    def _folder_of(self, run_id: str) -> Path:
        return folder_of(self._archive.opened(), run_id)

    def _asked_folder(self, sides: Sequence[Weights]) -> Path | None:
        """The folder of the run that some weights belong to, else of the one whose weights are held."""
        run_id = next((one.run_id for one in sides if one.run_id), self._holding.run_id)
        return self._folder_of(run_id) if run_id else None

    def _new_cancel(self) -> threading.Event:
        cancel = threading.Event()
        with self._lock:
            self._cancels.add(cancel)
        return cancel

    def _drop_cancel(self, cancel: threading.Event) -> None:
        with self._lock:
            self._cancels.discard(cancel)

    def _drop_chat(self, request_id: int) -> None:
        with self._lock:
            self._chats.pop(request_id, None)
