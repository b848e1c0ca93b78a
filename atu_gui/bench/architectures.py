"""Every kind of language model that this program should take, in tiny random form, put through a whole run.

Each is written to a folder as a user would have it, then loaded, read at its layers, aligned, unlearned, questioned,
exported and resumed. Every station compares with something that does not use our code for it: hidden states and answers
with transformers' own passes over the whole text, a resumed run with one that nobody cut off.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import torch

from atu_gui.bench.tiny_architectures import ARCHITECTURES, DEPTH, make_architecture
from atu_gui.core import events as ev
from atu_gui.core.config import ModelConfig, RunConfig, parse_config
from atu_gui.core.control import RunControl
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.engine.checkpoints import open_checkpoint
from atu_gui.engine.export import Provenance, export
from atu_gui.engine.generate import answer_logprobs, generate_batch, stream
from atu_gui.engine.hashing import weights_hash
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.pipeline import Run
from atu_gui.engine.snapshots import Snapshots
from atu_gui.engine.tiny import CORPUS, make_encoder
from atu_gui.engine.token_ids import gold_ids, prompt_ids, stop_ids
from atu_gui.engine.truncate import hidden_at

T = TypeVar("T")

STATIONS = ("load", "layers", "align", "unlearn", "restore", "chat", "export", "resume")
_HOOK, _WORDS = 2, 8
# Sums in another order differ by rounding; of the size of what is compared.
_ROUNDING = 1e-4
_PROMPTS = (
    "Who wrote the first published program for a machine, and for which machine, in which year, and why?",
    "Who wrote it?",
    "Who wrote the notes that were longer than the paper?",
)
_GOLDS = ("Ada Lovelace for the Analytical Engine", "Ada", "It was Ada Lovelace in 1843")


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one architecture.

    Attributes:
        name: Of `ARCHITECTURES`.
        kind: transformers' `model_type`.
        parameters: How many it has; 0 where it was not loaded.
        failed: Stations that failed, each with what happened; later ones that need it are left out.
        passed: Stations that did not.
        seconds: All of it.
    """

    name: str
    kind: str
    parameters: int
    passed: tuple[str, ...]
    failed: dict[str, str]
    seconds: float


class Unequal(Exception):  # noqa: N818 - what was found, no fault of the program that looks
    """Two things that should be the same are not."""


def measure_architectures(names: Sequence[str] = ()) -> Iterator[Row]:
    """Put them through all stations, one row after the other; all of them unless named."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, _alone(Path(home)):
        work = load_encoder(str(make_encoder(Path(home) / "encoder")), "", torch.device("cpu"))
        encoder = _drained(work)
        for index, name in enumerate(names or ARCHITECTURES):
            yield _row(name, encoder, Path(home) / str(index))


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One thread, so that equal runs give equal bits, and a cache that goes with the folder."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with mock.patch.dict(os.environ, ATU_CACHE=str(home / "cache")):
            yield
    finally:
        torch.set_num_threads(threads)


def _row(name: str, encoder: TextEncoder, home: Path) -> Row:
    one = ARCHITECTURES[name]
    begun = time.monotonic()
    trial = _Trial(make_architecture(one, home / "model"), encoder, home)
    passed: list[str] = []
    failed: dict[str, str] = {}
    for station in STATIONS:
        if failed and station not in ("chat", "resume"):
            continue
        try:
            getattr(trial, station)()
            passed.append(station)
        except Exception as error:
            failed[station] = f"{type(error).__name__}: {error}"
            if station == "load":
                break
    parameters = trial.lm.model.num_parameters() if "load" in passed else 0
    return Row(name, one.kind, parameters, tuple(passed), failed, time.monotonic() - begun)


class _Trial:
    """One model on its way through the stations, each of which raises where something is wrong."""

    def __init__(self, source: Path, encoder: TextEncoder, home: Path) -> None:
        self._source, self._encoder, self._home = source, encoder, home
        self._config = _config(source)
        self._ended = ""
        self.lm: LanguageModel
        self._run: Run
        self._events: list[ev.Event] = []

    def load(self) -> None:
        self.lm = self._loaded()

    @torch.no_grad()
    def layers(self) -> None:
        """Hidden states of the lowest, the hook and the last layer are those of the whole pass, padded or not."""
        rows = [prompt_ids(self.lm, prompt)[:40] for prompt in _PROMPTS[:2]]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        whole = self.lm.model(input_ids=ids, attention_mask=mask, use_cache=False, output_hidden_states=True)
        for layer, states in hidden_at(self.lm, [1, _HOOK, DEPTH], ids, mask).items():
            wanted = whole.hidden_states[layer]
            _equal(states * mask[..., None], wanted * mask[..., None], f"hidden states of layer {layer}")

    def align(self) -> None:
        """The whole run is made here; this station looks at its first stages."""
        self._before = {name: one.detach().clone() for name, one in self.lm.model.named_parameters()}
        self._untouched = weights_hash(self.lm.model)
        self._run = self._new_run(self.lm, self._home / "run")
        self._events = list(self._run.events())
        self._ended = weights_hash(self.lm.model)
        self._check_steps("align")

    def unlearn(self) -> None:
        """Every trained tensor and no other has changed."""
        self._check_steps("unlearn")
        trained = set(self._run.snapshots.values(1))
        for name, one in self.lm.model.named_parameters():
            changed = not torch.equal(one, self._before[name])
            if changed and name not in trained:
                raise Unequal(f"{name} has changed, which is not trained")
        if self._ended == self._untouched:
            raise Unequal("nothing has changed")

    def restore(self) -> None:
        """“Before” is the untouched model to the bit; a freshly loaded one takes the round's weights from its file."""
        with self._run.snapshots.applied(0):
            _same_hash(weights_hash(self.lm.model), self._untouched, "the weights before")
        _same_hash(weights_hash(self.lm.model), self._ended, "the weights after")
        fresh = self._loaded()
        Snapshots.open(self._home / "run", fresh).restore(self._run.outcome.best_round)
        _same_hash(weights_hash(fresh.model), self._ended, "the round's file")

    def chat(self) -> None:
        """Before and after: answers of a batch and likelihoods are those of transformers' own passes over each text."""
        rounds = self._run.snapshots if self._ended else None
        for round_ in (0, 1) if rounds else (0,):
            with rounds.applied(round_) if rounds else contextlib.nullcontext():
                _check_answers(self.lm)

    def export(self) -> None:
        """Written, loaded again and compared by the exporter itself."""
        source = Provenance("bench", 1, self._run.config, None, None, _materials().probes, ("Write about bread.",))
        _drained(export(self.lm, source, self._home / "export", lambda: False))

    def resume(self) -> None:
        """Cut off within unlearn and gone on with by a freshly loaded model: the same weights in the end."""
        if not self._ended:
            raise Unequal("there is no whole run to compare with")
        folder = self._home / "cut"
        # A checkpoint after every step, so that it goes on within the stage.
        self._config.checkpoint_minutes = 1e-9
        cut = self._new_run(self._loaded(), folder).events()
        recorded = 0
        for event in cut:
            recorded += ev.is_recorded(event)
            if isinstance(event, ev.StepDone) and event.stage == "unlearn" and event.step == 5:
                break
        cut.close()
        fresh = self._loaded()
        checkpoint = open_checkpoint(folder, recorded)
        again = self._new_run(fresh, folder, checkpoint=checkpoint, recorded=checkpoint.state.recorded)
        for _ in again.events():
            pass
        _same_hash(weights_hash(fresh.model), self._ended, "the weights of the resumed run")

    def _loaded(self) -> LanguageModel:
        lm = _drained(load_language_model(ModelConfig(source=str(self._source), device="cpu")))
        # Dropout takes from torch's own generator, which a new process has at its beginning.
        torch.manual_seed(0)
        return lm

    def _new_run(self, lm: LanguageModel, folder: Path, **more: Any) -> Run:
        return Run(self._config, lm, self._encoder, _materials(), RunControl(), run_id="bench", folder=folder, **more)

    def _check_steps(self, stage: str) -> None:
        steps = [event for event in self._events if isinstance(event, ev.StepDone) and event.stage == stage]
        if not steps or not all(torch.isfinite(torch.tensor(step.loss)) for step in steps):
            raise Unequal(f"{len(steps)} steps of {stage}, of which some have a loss that is no number")


def _check_answers(lm: LanguageModel) -> None:
    answers = _drained(generate_batch(lm, _PROMPTS, max_new_tokens=_WORDS))
    likelihoods = _drained(answer_logprobs(lm, _PROMPTS, _GOLDS))
    for prompt, gold, answer, likelihood in zip(_PROMPTS, _GOLDS, answers, likelihoods, strict=True):
        before, after = gold_ids(lm, prompt, gold)
        with torch.no_grad():
            logits = lm.model(input_ids=torch.tensor([before + after]), use_cache=False).logits[0]
        rows = logits[len(before) - 1 : -1].float().log_softmax(dim=-1)
        wanted = rows.gather(-1, torch.tensor(after)[:, None]).mean()
        _equal(torch.tensor(likelihood), wanted, f"the log-probability of “{gold}”")
        if answer != _greedy(lm, prompt):
            raise Unequal(f"“{prompt}” is answered otherwise in a batch than by the whole pass")
    streamed = "".join(stream(lm, _PROMPTS[0], max_new_tokens=_WORDS))
    if streamed != answers[0]:
        raise Unequal("a streamed answer is another one")


@torch.no_grad()
def _greedy(lm: LanguageModel, prompt: str) -> str:
    """The answer without a cache, a batch or padding."""
    ids = prompt_ids(lm, prompt)
    written: list[int] = []
    while len(written) < _WORDS:
        logits = lm.model(input_ids=torch.tensor([ids + written]), use_cache=False).logits[0, -1]
        token = int(logits.argmax())
        if token in stop_ids(lm):
            break
        written.append(token)
    return str(lm.tokenizer.decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _equal(found: torch.Tensor, wanted: torch.Tensor, what: str) -> None:
    gap = float((found - wanted).abs().max())
    if not gap <= _ROUNDING * max(1.0, float(wanted.abs().max())):
        raise Unequal(f"{what} differ by {gap:.1e}")


def _same_hash(found: str, wanted: str, what: str) -> None:
    if found != wanted:
        raise Unequal(f"{what} are not the same ({found} instead of {wanted})")


def _drained(work: Generator[object, None, T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result


def _materials() -> Materials:
    return Materials(
        concept_passages=tuple(Passage(text) for text in CORPUS[:2] * 2),
        retain_passages=(*(Passage(text) for text in CORPUS[2:6]), Passage(CORPUS[6], prompt="How is bread made?")),
        neutral_texts=CORPUS[4:5],
        probes=(
            Probe("f1", "forget", "question", "Who wrote the first program?", "Ada Lovelace"),
            Probe("n1", "neighbour", "question", "Who built the first compiler?", "Grace Hopper"),
        ),
        fluency_prompts=(),
    )


def _config(source: Path) -> RunConfig:
    return parse_config(
        {
            "model": {"source": str(source), "device": "cpu"},
            "concepts": [{"name": "Ada Lovelace"}],
            "layers": [_HOOK],
            "head": {"layers": 1, "width": 16, "heads": 2},
            "windows": {"k": 4, "max_tokens": 48, "batch": 4},
            "guards": dict.fromkeys(
                ("forget_goal", "neighbour_floor", "utility_limit", "fluency_floor", "active_share"), "off"
            ),
            "rounds": [{"align_steps": 3, "unlearn_steps": 3, "tau": -0.5}],
            # At the ends of stages only.
            "checkpoint_minutes": 0.0,
        }
    )
