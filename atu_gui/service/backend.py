"""The engine as the service calls it. torch is imported by the first call that needs it, on the worker's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atu_gui.core import paths
from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.config import STARTER, ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.errors import InputError
from atu_gui.core.evaluation import HUB, Evaluation, EvaluationRequest
from atu_gui.core.events import Event, ModelLoaded
from atu_gui.core.footprint import Footprint
from atu_gui.core.harness import HarnessFigure, HarnessRequest
from atu_gui.core.knowledge import Knowledge
from atu_gui.core.machine import resident
from atu_gui.core.materials import Materials
from atu_gui.core.paces import MeasuredPaces
from atu_gui.core.ports import AskRequest, ChatRequest, Exported, PreviewRequest, RephraseRequest, Weights
from atu_gui.core.preview import Preview
from atu_gui.core.rephrasing import Rephrased
from atu_gui.core.scan import LayerScan
from atu_gui.core.schedule import settle
from atu_gui.core.tokens import TokenLine
from atu_gui.core.versions import versions

if TYPE_CHECKING:
    from atu_gui.engine.checkpoints import Checkpoint
    from atu_gui.engine.models import LanguageModel, TextEncoder
    from atu_gui.engine.pipeline import Run
    from atu_gui.engine.probes.target import Target
    from atu_gui.engine.snapshots import Snapshots, Start
    from atu_gui.service.found import FoundRun


@dataclass(eq=False, slots=True)
class Loaded:
    """A language model and an encoder, and what they were asked for; no encoder where a job needed none."""

    lm: LanguageModel
    encoder: TextEncoder | None
    model: ModelConfig
    encoder_source: str | None
    facts: ModelLoaded

    @property
    def text_encoder(self) -> TextEncoder:
        """The encoder.

        Raises:
            InputError: The language model was loaded alone.
        """
        if self.encoder is None:
            raise InputError("No text encoder is loaded.", "Load the model again.")
        return self.encoder


class Engine:
    """Every function of the engine that the service uses."""

    def threads_used(self) -> int:
        """How many of the processor's threads computations on this thread use."""
        from atu_gui.engine.devices import threads_used

        return threads_used()

    def use_threads(self, count: int) -> None:
        """Let computations on this thread use so many from now on."""
        from atu_gui.engine.devices import use_threads

        use_threads(count)

    def starter_ready(self) -> bool:
        """Whether the starter kit is on this machine."""
        return paths.starter_ready()

    def fetch_starter(self, cancelled: Callable[[], bool]) -> Generator[Event, None, None]:
        """Bring the starter kit to its place."""
        from atu_gui.engine.starter import fetch_starter

        yield from fetch_starter(paths.starter_folder(), cancelled)

    def validate_inputs(self, config: RunConfig) -> None:
        """Read every file of a config, without torch."""
        from atu_gui.engine.inputs import validate_inputs

        validate_inputs(config)

    def load(self, model: ModelConfig, encoder: str | None) -> Generator[Event, None, Loaded]:
        """Load both models, or without an encoder the language model alone; what was held should have been let go."""
        from atu_gui.engine.loading import load_encoder, load_language_model
        from atu_gui.engine.models import parameter_count

        begun = time.monotonic()
        lm = yield from load_language_model(model)
        text_encoder = (yield from load_encoder(encoder, model.source, lm.device)) if encoder is not None else None
        held = sum(weight.nbytes for weight in lm.model.parameters())
        beside = sum(weight.nbytes for weight in text_encoder.model.parameters()) if text_encoder else 0
        facts = ModelLoaded(
            name=lm.name,
            source=lm.source,
            layers=lm.depth,
            width=lm.width,
            parameters=parameter_count(lm.model),
            device=str(lm.device),
            dtype=str(lm.compute_dtype).removeprefix("torch."),
            memory_bytes=held,
            weights_hash=lm.weights_hash,
            encoder=text_encoder.name if text_encoder else "",
            embedding_width=text_encoder.width if text_encoder else 0,
            chat_template=lm.has_chat_template,
            seconds=time.monotonic() - begun,
            block_parameters=lm.block_parameters,
            block_activations=lm.block_activations,
            embedding_parameters=sum(weight.numel() for weight in lm.model.get_input_embeddings().parameters()),
            encoder_bytes=beside,
            weight_bytes=lm.weight_bytes,
            program_bytes=max(0, resident() - held - beside) if lm.device.type == "cpu" else 0,
        )
        return Loaded(lm, text_encoder, model.model_copy(deep=True), encoder, facts)

    def footprint(self, model: ModelConfig, encoder: str) -> Footprint:
        """What loading both models would take, from headers alone."""
        from atu_gui.engine.footprint import footprint

        return footprint(model, encoder)

    def settled(self, config: RunConfig, loaded: Loaded) -> RunConfig:
        """The config with nothing left open.

        Raises:
            InputError: A layer that the model does not have, or an unknown schedule.
        """
        from atu_gui.engine.setting import with_layers

        return with_layers(settle(config), loaded.lm.depth)

    def snapshot_bytes(self, config: RunConfig, loaded: Loaded) -> int:
        """About how much the rounds and checkpoints of a settled config take on the disk."""
        from atu_gui.engine.checkpoints import disk_bytes

        return disk_bytes(config, loaded.lm, loaded.text_encoder.width)

    def prepare(
        self, config: RunConfig, loaded: Loaded, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Materials]:
        """Read or write all texts and questions."""
        from atu_gui.engine.prepare import prepare

        return (yield from prepare(config, loaded.lm, cancelled))

    def check_knowledge(
        self, config: RunConfig, loaded: Loaded, materials: Materials, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Knowledge]:
        """Ask an untouched model a few questions."""
        from atu_gui.engine.knowledge import check_knowledge

        return (yield from check_knowledge(config, loaded.lm, materials, cancelled))

    def scan_layers(
        self, config: RunConfig, loaded: Loaded, materials: Materials, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, LayerScan]:
        """Probe every layer of an untouched model."""
        from atu_gui.engine.scan import scan_layers

        return (yield from scan_layers(config, loaded.lm, loaded.text_encoder, materials, cancelled))

    def measure_paces(
        self, config: RunConfig, loaded: Loaded, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, MeasuredPaces]:
        """Do a few steps of each kind on scratch text, and undo them."""
        from atu_gui.engine.calibrate import measure_paces

        return (yield from measure_paces(config, loaded.lm, loaded.text_encoder, cancelled))

    def make_run(
        self,
        config: RunConfig,
        loaded: Loaded,
        materials: Materials,
        control: RunControl,
        run_id: str,
        folder: Path,
        *,
        start: Start | None = None,
        checkpoint: Checkpoint | None = None,
        recorded: int = 0,
    ) -> Run:
        """A run on an untouched model, ready to be drained."""
        from atu_gui.engine.pipeline import Run

        return Run(
            config,
            loaded.lm,
            loaded.text_encoder,
            materials,
            control,
            run_id=run_id,
            folder=folder,
            start=start,
            checkpoint=checkpoint,
            recorded=recorded,
        )

    def open_checkpoint(self, folder: Path, recorded: int) -> Checkpoint:
        """The newest whole checkpoint of the run in a folder, whose record holds so many events.

        Raises:
            InputError: There is none, or it is of another version.
        """
        from atu_gui.engine.checkpoints import open_checkpoint

        return open_checkpoint(folder, recorded)

    def open_start(self, weights: Weights, folder: Path, loaded: Loaded) -> Start:
        """The weights of a round of the run in a folder, for a branch; the model must be untouched.

        Raises:
            InputError: There is no such round, or it belongs to other weights.
        """
        from atu_gui.engine.snapshots import Snapshots, Start

        assert weights.round is not None
        return Start(weights.run_id, weights.round, Snapshots.open(folder, loaded.lm).whole(weights.round))

    def open_snapshots(self, folder: Path, loaded: Loaded) -> Snapshots:
        """The rounds of a finished run, on an untouched model."""
        from atu_gui.engine.snapshots import Snapshots

        return Snapshots.open(folder, loaded.lm)

    def check_target(self, folder: Path) -> None:
        """Refuse a folder that an export would have to overwrite."""
        from atu_gui.engine.export import check_target

        check_target(folder)

    def export(
        self,
        loaded: Loaded,
        found: FoundRun,
        number: int,
        events: Sequence[Event],
        materials: Materials,
        folder: Path,
        cancelled: Callable[[], bool],
    ) -> Generator[Event, None, Exported]:
        """Write the model, which has the weights of a round of a run, as a folder."""
        from atu_gui.engine.export import Provenance, export

        source = Provenance.of(found.run_id, number, found.config, events, materials)
        return (yield from export(loaded.lm, source, folder, cancelled))

    def audits(
        self, loaded: Loaded, folder: Path, weights: Weights, config: RunConfig, materials: Materials,
        settings: AuditSettings, which: Sequence[AuditKind], cancelled: Callable[[], bool],
    ) -> Iterator[Generator[Event, None, None]]:  # fmt: skip
        """The attacks wanted on a round of the run in a folder, each to be drained in turn; the model is untouched.

        Raises:
            InputError: There is no such round, or it belongs to other weights.
        """
        from atu_gui.engine.audits import ATTACKS
        from atu_gui.engine.audits.asking import Subject
        from atu_gui.engine.audits.controls import Controls

        assert weights.round is not None
        snapshots = self.open_snapshots(folder, loaded)
        # A round that is missing or damaged is told before minutes are spent on the untouched model.
        snapshots.values(weights.round)
        given = (loaded.lm, snapshots, weights.round, weights.run_id, config, materials, settings, cancelled)
        subject = Subject(*given, Controls(paths.cache_folder() / "audits"))
        return (ATTACKS[kind](subject) for kind in which)

    def read_targets(
        self, request: EvaluationRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, list[Target]]:
        """Read and check the wanted parts of RWKU targets, without torch; those of the hub are fetched."""
        from atu_gui.engine.probes.hub_target import fetch_target
        from atu_gui.engine.probes.target import FILES, read_target

        files = [file for part in request.parts for file in FILES[part]]
        targets = []
        for source in request.targets:
            folder = Path(source)
            if source.startswith(HUB):
                folder = yield from fetch_target(source.removeprefix(HUB), files, cancelled)
            targets.append(read_target(folder, request.parts, request.limit))
        return targets

    def evaluate(
        self, loaded: Loaded, targets: Sequence[Target], request: EvaluationRequest, label: str,
        cancelled: Callable[[], bool],
    ) -> Generator[Event, None, Evaluation]:  # fmt: skip
        """Put the benchmark to the weights as they are now."""
        from atu_gui.engine.probes.evaluate import evaluate

        return (yield from evaluate(
            loaded.lm, targets, weights=label, reading=request.reading, limit=request.limit,
            cache=paths.cache_folder() / "evaluations", cancelled=cancelled,
        ))  # fmt: skip

    def find_tasks(self, request: HarnessRequest) -> Any:
        """The standard harness's index of tasks, in which those wanted are."""
        from atu_gui.engine.harness import find_tasks

        return find_tasks(request.tasks, request.folder)

    def ask_harness(
        self, loaded: Loaded, manager: Any, request: HarnessRequest, label: str, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, tuple[HarnessFigure, ...]]:
        """Put tasks of the standard harness to the weights as they are now."""
        from atu_gui.engine.harness import ask_harness

        return (yield from ask_harness(loaded.lm, manager, request.tasks, request.limit, label, cancelled))

    def answer(self, loaded: Loaded, request: ChatRequest, cancelled: Callable[[], bool]) -> Iterator[str]:
        """The pieces of one answer with the weights as they are now."""
        from atu_gui.engine.generate import stream

        return stream(
            loaded.lm,
            loaded.lm.format_chat(request.prompt),
            max_new_tokens=request.max_new_tokens,
            temperature=request.temperature,
            seed=request.seed,
            cancelled=cancelled,
        )

    def rephrase(
        self, loaded: Loaded, request: RephraseRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Rephrased]:
        """A question in many ways, written with the weights as they are now."""
        from atu_gui.engine.probes.rephrase import rephrase

        return (
            yield from rephrase(
                loaded.lm,
                request.question,
                request.kinds,
                paraphrases=request.paraphrases,
                hops=request.hops,
                seed=request.seed,
                cancelled=cancelled,
            )
        )

    def ask_all(
        self, loaded: Loaded, request: AskRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, list[tuple[str, float | None]]]:
        """Answers of the weights as they are now, each with the log-probability of its gold answer where known."""
        from atu_gui.engine.probes.rephrase import ask_rephrasings

        return (
            yield from ask_rephrasings(
                loaded.lm, request.rephrasings, max_new_tokens=request.max_new_tokens, cancelled=cancelled
            )
        )

    def look_at(
        self, loaded: Loaded, folder: Path, round_: int | None, label: str, text: str, prompt: str
    ) -> TokenLine:
        """A text as the weights read it now, judged by the heads that a round has kept (None: the newest)."""
        from atu_gui.engine.kept_heads import load_heads
        from atu_gui.engine.token_view import look_at

        kept = load_heads(folder, round_, loaded.lm)
        seen = look_at(loaded.lm, kept, text, prompt=prompt)
        return TokenLine(label, kept.round, kept.tau, seen.tokens, seen.similarities, seen.cut)

    def preview(
        self, loaded: Loaded, request: PreviewRequest, cancelled: Callable[[], bool]
    ) -> Generator[Event, None, Preview]:
        """Similarity of example texts to a concept, and names that may be missing."""
        from atu_gui.engine.preview import preview

        return (yield from preview(request.config, request.index, request.materials, loaded.text_encoder, cancelled))

    def versions(self) -> dict[str, str]:
        """Versions of everything that may change a result."""
        return versions()


def needs_starter(config: RunConfig) -> bool:
    """Whether a config asks for the starter kit."""
    return STARTER in (config.model.source, config.encoder)
