"""A workbench without torch: it answers like the service, from a thread, in milliseconds or at a watchable pace."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import AtuError, Cancelled, ModelError
from atu_gui.core.events import (
    ChatAnswered,
    ChatToken,
    LayerScored,
    ModelLoaded,
    Progress,
    PromptAnswered,
    RunFailed,
    TextWritten,
)
from atu_gui.core.footprint import Footprint
from atu_gui.core.inquiries import Inquiries
from atu_gui.core.knowledge import Answered, Knowledge
from atu_gui.core.materials import Materials
from atu_gui.core.paces import MeasuredPaces
from atu_gui.core.ports import (
    UNTOUCHED,
    AskRequest,
    ChatRequest,
    PreviewRequest,
    RephraseRequest,
    RunOutcome,
    TokenRequest,
    Weights,
)
from atu_gui.core.preview import AliasSuggestion, Preview, PreviewLine
from atu_gui.core.rephrasing import Rephrased, Rephrasing
from atu_gui.core.scan import LayerScan, summarise
from atu_gui.core.schedule import settle
from atu_gui.core.tokens import TokenLine
from tests.ui.fake_auditing import FakeAuditing
from tests.ui.fake_keeping import FakeKeeping
from tests.ui.fake_run import LOADED, Script, materials

T = TypeVar("T")

ANSWERS = {
    0: "He was apprenticed to Andrea del Verrocchio, a painter and sculptor in Florence.",
    1: "His teacher was a local carpenter, who taught him to work with wood and stone.",
}


def knowledge(asked: Materials) -> Knowledge:
    """Every third question about the concept is answered, every second about neighbours."""
    groups: dict[str, list[Answered]] = {"forget": [], "neighbour": []}
    for probe in asked.probes:
        answers = groups[probe.group]
        known = len(answers) % (3 if probe.group == "forget" else 2) == 0
        said = f"It was {probe.answer}." if known else "I am not sure."
        answers.append(Answered(probe.about, probe.query, probe.answer, said, float(known)))
    return Knowledge(tuple(groups["forget"]), tuple(groups["neighbour"]), own=True)


class FakeWorkbench(FakeKeeping, FakeAuditing):
    """Implements `WorkbenchPort`. `pace` is the time of a step in seconds; failures are set as attributes.

    Attributes:
        calls: The names of the methods called, in order.
        quiet: What `be_quiet` was told, in order.
        ask_error: Raised by the next asking.
        preview_error: Raised by the next preview.
        measured: The config of every measuring of paces that was asked for.
        load_error: Raised by the next load.
        run_error: Ends the next run at its tenth step.
    """

    def __init__(self, *, starter: bool = True, pace: float = 0.0) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.quiet: list[bool] = []
        self.configs: list[RunConfig] = []
        self.given: list[Materials | None] = []
        self.starts: list[Weights] = []
        self.rephrase_requests: list[RephraseRequest] = []
        self.ask_requests: list[AskRequest] = []
        self.token_requests: list[TokenRequest] = []
        self.preview_requests: list[PreviewRequest] = []
        self.measured: list[RunConfig] = []
        self.inquiries: dict[str, Inquiries] = {}
        self.ask_error: AtuError | None = None
        self.preview_error: AtuError | None = None
        self.load_error: AtuError | None = None
        self.run_error: AtuError | None = None
        self._starter = starter
        self._pace = pace
        self._control = RunControl()
        self._script: Script | None = None
        self._stopped_chats: set[int] = set()
        self._requests = 0

    @property
    def control(self) -> RunControl:
        return self._control

    def starter_ready(self) -> bool:
        return self._starter

    def fetch_starter(self) -> Future[None]:
        self.calls.append("fetch_starter")
        return self._job("download", self._download)

    def load(self, model: ModelConfig, encoder: str) -> Future[ModelLoaded]:
        self.calls.append("load")
        return self._job("load", lambda: self._load(model))

    def footprint(self, model: ModelConfig, encoder: str) -> Future[Footprint]:
        future: Future[Footprint] = Future()
        if model.source.startswith("/"):
            future.set_exception(ModelError(f"There is no folder or file {model.source}.", "Check the path."))
            return future
        # A name that ends in a size has so many billion parameters: “someone/model-7B”.
        size = model.source.rpartition("-")[2].removesuffix("B")
        parameters = int(float(size) * 1e9) if size.isdigit() else 0
        future.set_result(Footprint(model.source, 30, 576, parameters, 0, "cpu", "float32", encoder, 23_000_000))
        return future

    def prepare(self, config: RunConfig) -> Future[Materials]:
        self.calls.append("prepare")
        self.configs.append(config)
        return self._job("write", lambda: self._write(config))

    def check_knowledge(self, config: RunConfig, materials: Materials) -> Future[Knowledge]:
        self.calls.append("check_knowledge")
        return self._job("check", lambda: knowledge(materials))

    def scan_layers(self, config: RunConfig, materials: Materials) -> Future[LayerScan]:
        self.calls.append("scan_layers")
        return self._job("scan", self._scan)

    def measure_paces(self, config: RunConfig) -> Future[MeasuredPaces]:
        self.measured.append(config)
        return self._between("calibrate", self._measure_paces)

    def run(
        self, config: RunConfig, materials: Materials | None = None, start: Weights = UNTOUCHED
    ) -> Future[RunOutcome]:
        self.calls.append("run")
        self.configs.append(config)
        self.given.append(materials)
        self.starts.append(start)
        self._control = RunControl()
        return self._job("run", lambda: self._run(settle(config), self._control))

    def resume_run(self, run_id: str) -> Future[RunOutcome]:
        self.calls.append(f"resume_run {run_id}")
        self._control = RunControl()
        return self._job("run", lambda: self._run(settle(self.kept_configs[run_id]), self._control))

    def chat(self, request: ChatRequest) -> int:
        self.calls.append("chat")
        self._requests += 1
        number = self._requests
        self._job("chat", lambda: self._answer(number, request))
        return number

    def inquiries_of(self, run_id: str) -> Future[Inquiries]:
        return self._of(run_id, lambda: self.inquiries.get(run_id, Inquiries()))

    def look_at(self, request: TokenRequest) -> Future[tuple[TokenLine, ...]]:
        self.token_requests.append(request)

        def look(_cancelled: Callable[[], bool]) -> tuple[TokenLine, ...]:
            if self.ask_error is not None:
                raise self.ask_error
            lines = []
            for side, words in enumerate(request.texts):
                tokens = tuple(words.split())
                values = tuple((0.35 - 0.2 * side) * (at + 1) / len(tokens) for at in range(len(tokens)))
                lines.append(TokenLine(request.sides[side].label, 1 + side, 0.2, tokens, values))
            return tuple(lines)

        return self._between("tokens", look)

    def preview(self, request: PreviewRequest) -> Future[Preview]:
        self.preview_requests.append(request)
        return self._between("preview", lambda _cancelled: self._preview(request))

    def stop_chat(self, request_id: int) -> None:
        self._stopped_chats.add(request_id)

    def rephrase(self, request: RephraseRequest) -> Future[Rephrased]:
        self.calls.append("rephrase")
        self.rephrase_requests.append(request)
        return self._between("rephrase", lambda _cancelled: self._rephrase(request))

    def ask_all(self, request: AskRequest) -> Future[None]:
        self.calls.append("ask_all")
        self.ask_requests.append(request)
        return self._between("ask", lambda cancelled: self._ask_all(request, cancelled))

    def cancel(self) -> None:
        self.calls.append("cancel")
        self._cancelled.set()

    def close(self, timeout: float = 10.0) -> None:
        self.calls.append("close")
        self._closed.set()
        self._cancelled.set()
        self._control.stop()
        for thread in self._threads:
            thread.join(timeout)

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

    def _measure_paces(self, cancelled: Callable[[], bool]) -> MeasuredPaces:
        for done in range(1, 21):
            if self._closed.is_set() or cancelled():
                raise Cancelled
            time.sleep(self._pace)
            self._say(Progress("calibrate", "Measuring align steps", done, 20, "steps"))
        return MeasuredPaces({"first align": 0.1, "align": 0.3, "unlearn": 1.0, "probe": 0.5, "asides": 4.0}, 20)

    def _scan(self) -> LayerScan:
        scores = []
        for layer in range(1, LOADED.layers + 1):
            self._wait()
            rise = math.exp(-(((layer - 18) / 12) ** 2))
            scores.append(LayerScored(layer, LOADED.layers, 0.35 + 0.3 * rise, 0.6 + 0.3 * rise))
            self._say(scores[-1])
            self._say(Progress("scan", "Probing layers", layer, LOADED.layers, "layers"))
        return summarise(scores)

    def _preview(self, request: PreviewRequest) -> Preview:
        """The longer the names, the closer the texts; an alias that is there is not suggested."""
        time.sleep(self._pace)
        if self.preview_error is not None:
            error, self.preview_error = self.preview_error, None
            raise error
        concept = request.config.concepts[request.index]
        close = 0.3 + 0.1 * len(concept.aliases)
        lines = [
            PreviewLine("concept", f"Sentence {n} about {concept.name}.", (close - 0.02 * n, 0.1)) for n in range(5)
        ]
        lines += [
            PreviewLine("neighbour", "Michelangelo", (0.3,)),
            PreviewLine("question", "Who was he?", (0.28,), "forget question"),
            PreviewLine("other", "The Nile flows north for more than six thousand kilometres.", (0.1, 0.05)),
        ]
        names = [name for name in (f"{concept.name} the Elder", "The Master") if name not in concept.aliases]
        suggested = tuple(AliasSuggestion(name, 0.7, "given as its name in 3 passages") for name in names)
        return Preview(concept.name, "name with special tokens", tuple(lines), suggested)

    def _write(self, config: RunConfig) -> Materials:
        name = config.concepts[0].name
        made = materials(name)
        for number, passage in enumerate(made.concept_passages, start=1):
            self._wait()
            self._say(TextWritten("passage", name, passage.text))
            self._say(Progress("write", "passages", number, len(made.concept_passages), "passages"))
        return made

    def _rephrase(self, request: RephraseRequest) -> Rephrased:
        self._wait()
        self._say(Progress("rephrase", "Rephrasings", 1, 1))
        one = request.question
        accepted = tuple(filter(None, (one.gold, *one.also)))
        made = [
            Rephrasing(kind, f"{kind}: {one.query}", one.gold, accepted, one.names)
            for kind in request.kinds
            if kind != "reverse query" or one.gold
        ]
        left_out = () if one.gold else (("reverse query", "needs the gold answer"),)
        return Rephrased(tuple(made), left_out)  # type: ignore[arg-type]

    def _ask_all(self, request: AskRequest, cancelled: Callable[[], bool]) -> None:
        if self.ask_error is not None:
            error, self.ask_error = self.ask_error, None
            raise error
        for side, weights in enumerate(request.sides):
            for index, one in enumerate(request.rephrasings):
                if self._closed.is_set() or cancelled():
                    raise Cancelled
                time.sleep(self._pace)
                said = f"It is {one.answer}, they say." if side == 0 else "I am not sure."
                logprob = -0.5 - 2.0 * side if one.answer else None
                self._say(PromptAnswered(request.number, index, side, said, logprob, weights.label))

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

    def guard_pauses(self, who: str, because: str) -> None:
        """The run under way is held before its next step, on behalf of a guard."""
        if self._script is not None:
            self._script.gate.pause_by(who, because)

    def _run(self, config: RunConfig, control: RunControl) -> RunOutcome:
        script = self._script = Script(config, control, self.run_error, self._pace)
        try:
            for event in script.events():
                self._say(event)
        except AtuError as error:
            self._say(RunFailed("fake-1", error.message, error.hint, "Traceback …", script.best))
            raise
        return RunOutcome("fake-1", Path("runs/fake-1"), script.because, script.best)
