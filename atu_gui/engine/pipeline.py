"""One run from the untouched model to its last round, as a generator of events.

The screen, the recorder and the command line all drain the same stream; nothing here knows them. Between two events
the weights are consistent, so that the caller may answer a chat before it asks for the next one.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Generator
from pathlib import Path

from atu_gui.core.config import RunConfig
from atu_gui.core.control import DISCARDED, RunControl
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import (
    CheckpointDue,
    Event,
    Progress,
    RunContinued,
    RunFinished,
    RunStarted,
)
from atu_gui.core.materials import Materials
from atu_gui.core.ports import RunOutcome
from atu_gui.core.schedule import settle
from atu_gui.engine.adapters import adapters_for
from atu_gui.engine.checkpoints import Checkpoint, Checkpoints, CheckpointState, Parts
from atu_gui.engine.gate import Clock, Gate
from atu_gui.engine.generators import generator_states, restore_generators
from atu_gui.engine.keeper import Keeper
from atu_gui.engine.kept_heads import drop_heads_after
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.opening import run_started
from atu_gui.engine.optimizers import check_optimizer
from atu_gui.engine.place import Place
from atu_gui.engine.probes.deep import deep_scores_of, wanted
from atu_gui.engine.setting import Setting, build_setting, with_layers
from atu_gui.engine.snapshots import Snapshots, Start
from atu_gui.engine.stages import Stages
from atu_gui.engine.unlearn import trained_parameters


class Run:
    """One run on a loaded, untouched model.

    Attributes:
        config: The settled config, hook layers filled in.
        snapshots: The untouched values and every finished round; chats are answered from it.

    Args:
        start: The round with whose weights the first round begins; the untouched model's by default.
        checkpoint: Where to go on; by default the run begins at its first place.
        recorded: Events that its record holds already.

    Raises:
        InputError: No concept, no texts, a layer the model does not have, or a checkpoint of other models.
        ResourceError: An optimizer that cannot be had here.
    """

    def __init__(
        self,
        config: RunConfig,
        lm: LanguageModel,
        encoder: TextEncoder,
        materials: Materials,
        control: RunControl,
        *,
        run_id: str,
        folder: Path,
        start: Start | None = None,
        checkpoint: Checkpoint | None = None,
        recorded: int = 0,
    ) -> None:
        if not config.concepts:
            raise InputError("No concept is named.", "Name what is to be forgotten.")
        if not materials.concept_passages:
            raise InputError("There are no texts about the concept.", "Give a file, or let the model write them.")
        self.config = with_layers(settle(config), lm.depth)
        check_optimizer(self.config.unlearn.optimizer, lm.device)
        self._lm = lm
        self._encoder = encoder
        self._materials = materials
        self._run_id = run_id
        self._folder = folder
        self._control = control
        self._checkpoint = checkpoint
        if checkpoint is not None:
            _check_models(checkpoint.state, lm, encoder)
            control.restore(checkpoint.state.control)
            start = _start_of(checkpoint)
        state = checkpoint.state if checkpoint else None
        self._place = copy.deepcopy(state.place) if state else Place()
        self._clock = Clock(state.seconds if state else 0.0)
        self._gate = Gate(control, run_id, self._clock, self.config, copy.deepcopy(state.gate) if state else None)
        lm.model.requires_grad_(False)
        for stale in list(lm.adapters):
            stale.detach()
        adapters = adapters_for(lm, self.config)
        self._parameters = trained_parameters(lm, self.config.layers, self.config.unlearn, adapters)
        self._start = start
        named = dict(lm.model.named_parameters())
        inherited = {name: named[name] for name in (start.values if start else ())}
        self.snapshots = Snapshots(lm, {**inherited, **self._parameters}, folder, adapters)
        if adapters:
            adapters.attach()
        self._stages: Stages | None = None
        self._keeper = Keeper(run_id, Checkpoints(folder, checkpoint), self._gate, self._standing, recorded)

    @property
    def outcome(self) -> RunOutcome:
        """How the run ended; meaningful once the events are drained."""
        return RunOutcome(self._run_id, self._folder, self._place.because, self._place.best_round)

    def events(self) -> Generator[Event, None, RunOutcome]:
        """Do it all. Ends with `RunFinished`; the model then has the weights of the best round.

        Raises:
            Suspended: The user left the run; it has been kept.
            OutputError: A checkpoint could not be written, and guards are not to pause the run.
        """
        yield from self._keeper.watch(self._course())
        return self.outcome

    def _course(self) -> Generator[Event, None, None]:
        if self._checkpoint is None:
            yield self._started()
        setting = yield from self._build_setting()
        self._stages = stages = Stages(
            setting,
            self._parameters,
            self._materials,
            self._gate,
            self._clock,
            self.snapshots,
            self._place,
            run_id=self._run_id,
            folder=self._folder,
            start=self._start,
        )
        if self._checkpoint is not None:
            self._take_up(stages, self._checkpoint)
            yield RunContinued(self._run_id, self._place.round, self._place.step)
        yield from stages.go_on()
        if self._gate.discarding():
            self._place.because, self._place.best_round = DISCARDED, 0
        yield from self._deep_scores()
        place = self._place
        self.snapshots.restore(place.best_round)
        yield RunFinished(
            self._run_id, place.because, place.best_round, place.done, self._clock.seconds(), str(self._folder)
        )

    def _started(self) -> RunStarted:
        return run_started(
            self.config,
            self._materials,
            run_id=self._run_id,
            folder=self._folder,
            lm=self._lm,
            encoder=self._encoder,
            start=self._start,
        )

    def _build_setting(self) -> Generator[Event, None, Setting]:
        """The same at every beginning; what it has to say is recorded at the first."""
        work = build_setting(self.config, self._lm, self._encoder, self._materials, branched=self._start is not None)
        with contextlib.closing(work):
            while True:
                try:
                    event = next(work)
                except StopIteration as end:
                    setting: Setting = end.value
                    return setting
                if self._checkpoint is None or isinstance(event, Progress):
                    yield event

    def _take_up(self, stages: Stages, checkpoint: Checkpoint) -> None:
        """Give everything the values that the checkpoint has."""
        state = checkpoint.state
        if self._start is not None and self._place.untouched is not None:
            self.snapshots.begin_with(self._start.values)
        try:
            stages.aligner.restore(state.aligner, checkpoint.tensors("heads"))
            stages.unlearner.restore(state.unlearner, checkpoint.tensors("model"))
            restore_generators(state.random, self._lm.device)
        except (KeyError, ValueError, RuntimeError) as error:
            raise InputError(
                f"The checkpoint in {checkpoint.folder} does not fit the run: {error}.", "Start the run again."
            ) from None
        self.snapshots.take_up(state.rounds)
        drop_heads_after(self._folder, max(state.rounds, default=0))

    def _standing(self, recorded: int) -> tuple[CheckpointState, Parts]:
        """All that a checkpoint holds, as it is now."""
        stages, start = self._stages, self._start
        assert stages is not None, "a run is kept between its stages"
        state = CheckpointState(
            run_id=self._run_id,
            weights_hash=self._lm.weights_hash,
            encoder_hash=self._encoder.weights_hash,
            recorded=recorded,
            seconds=self._clock.seconds(),
            place=copy.deepcopy(self._place),
            gate=copy.deepcopy(self._gate.state),
            control=self._control.read(),
            rounds=tuple(self.snapshots.rounds[1:]),
            aligner=stages.aligner.state(),
            unlearner=stages.unlearner.state(),
            random=generator_states(self._lm.device),
            parent_run=start.run_id if start else "",
            parent_round=start.round if start else 0,
        )
        parts: Parts = {
            "heads": (state.aligner.updates, stages.aligner.tensors),
            "model": (state.unlearner.updates, stages.unlearner.tensors),
            "start": (0, lambda: dict(start.values) if start else {}),
        }
        return state, parts

    def _deep_scores(self) -> Generator[Event, None, None]:
        """The costly scores of the untouched model and of the round that is kept; none where the user stops."""
        settings, probes, place = self.config.probing, self._materials.probes, self._place
        if not place.done or not wanted(settings, probes):
            return
        self._gate.check_suspended()
        if self._gate.leaving():
            return
        yield CheckpointDue(self._run_id, place.step)
        asked = [(number, self.snapshots.applied(number)) for number in dict.fromkeys((0, place.best_round))]
        try:
            yield from deep_scores_of(
                asked, self._lm, probes, settings, self._run_id, self.config.seed, self._gate.leaving
            )
        except Cancelled:
            self._gate.check_suspended()


def _check_models(state: CheckpointState, lm: LanguageModel, encoder: TextEncoder) -> None:
    """Refuse to go on with other weights: the numbers would be wrong and nothing would say so."""
    for name, kept, held in (
        (lm.name, state.weights_hash, lm.weights_hash),
        (encoder.name, state.encoder_hash, encoder.weights_hash),
    ):
        if kept != held:
            raise InputError(
                f"The weights of {name} are not those that the run was begun with ({held} instead of {kept}).",
                "Put the model back as it was, or start a new run.",
            )


def _start_of(checkpoint: Checkpoint) -> Start | None:
    """The parent's weights of a branch, which the checkpoint holds: the parent may be gone."""
    state = checkpoint.state
    return Start(state.parent_run, state.parent_round, checkpoint.tensors("start")) if state.parent_run else None
