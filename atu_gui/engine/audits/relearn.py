"""Relearning: what is only hidden comes back after a few steps of training, faster than it could be learnt anew.

Three ways: on texts about the concept; on texts about something else, which teach nothing about it; and on half of the
facts, with only the other half asked. The untouched model is trained alike: what it gains has been taught, not brought
back. A model that never knew the concept, where one is given, shows the same from below.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import Cancelled, InputError, ModelError
from atu_gui.core.events import AuditPoint, Event, Note, Progress
from atu_gui.core.leaks import tells
from atu_gui.core.materials import Passage, Probe
from atu_gui.engine.adapters import folded
from atu_gui.engine.audits.asking import Subject, ask
from atu_gui.engine.audits.controls import Control, Replies
from atu_gui.engine.corpus import Order, pad_id_of
from atu_gui.engine.decoding import token_logprobs
from atu_gui.engine.generate import answer_logprobs
from atu_gui.engine.inputs import draw
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.prompts import probe_prompt
from atu_gui.engine.replacing import replaced
from atu_gui.engine.token_ids import gold_ids

# The curve is asked for at the beginning, at the end, and at every fourth part between.
_PARTS = 4
_CLIP = 1.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text to train on: what stands before it, and what is to be said; only the latter counts in the loss."""

    lead: str
    words: str


@dataclass(frozen=True, slots=True)
class _Attack:
    name: str
    passages: tuple[Passage, ...]
    taught: tuple[Probe, ...]
    asked: tuple[Probe, ...]
    note: str

    def lessons(self, lm: LanguageModel) -> list[Lesson]:
        """In the words of a model: its chat form, its way of asking."""
        texts = [Lesson(lm.format_chat(one.prompt) if one.prompt else "", one.text) for one in self.passages]
        return texts + [Lesson(probe_prompt(lm, probe), probe.answer) for probe in self.taught]

    def words(self, lm: LanguageModel) -> list[str]:
        """All that is taught, in its order."""
        return [part for one in self.lessons(lm) for part in (one.lead, one.words)]


def relearn(subject: Subject) -> Generator[Event, None, None]:
    """Train copies of the round's and of the untouched weights in each way and ask again.

    Raises:
        Cancelled: The user ended it.
        AtuError: The model that never knew cannot be loaded.
    """
    fresh = None
    if subject.settings.never_knew:
        device = subject.config.model.device
        fresh = yield from load_language_model(ModelConfig(source=subject.settings.never_knew, device=device))
    for attack in _attacks(subject):
        if not attack.passages and not attack.taught:
            yield Note("info", f"Relearning on {attack.name} is left out: there is nothing to train on.")
            continue
        of = functools.partial(_relearnt, subject, attack)
        parts = ("relearn", *map(repr, dataclasses.astuple(subject.settings)), *attack.words(subject.lm))
        control = yield from subject.controls.of(subject.lm, attack.asked, parts, functools.partial(of, 0, "untouched"))
        found = yield from of(subject.round, "round")
        floor: dict[int, float] = {}
        if fresh is not None:
            with on_copies(fresh):
                floor = yield from _train(subject, fresh, attack, "never knew", ends=True)
        comebacks, answers = yield from subject.compared(attack.asked, found.replies, control.replies)
        points = tuple(
            AuditPoint(step, value, control.curve[step], floor.get(step)) for step, value in found.curve.items()
        )
        yield subject.found("relearn", attack.name, comebacks, answers, axis="step", curve=points, note=attack.note)


def train_steps(
    lm: LanguageModel, lessons: Sequence[Lesson], *, steps: int, learning_rate: float, batch: int, max_tokens: int,
    seed: int,
) -> Generator[int, None, None]:  # fmt: skip
    """Fine-tune all parameters of the blocks in place with AdamW on next-token loss; yields the steps done."""
    rows = [row for row in (_row(lm, lesson, max_tokens) for lesson in lessons) if row[1].any()]
    if not rows:
        raise InputError("The texts to relearn from hold no words.", "Audit a run with longer passages.")
    parameters = list(lm.blocks.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.0)
    order = Order(len(rows), seed)
    for step in range(1, steps + 1):
        picked = [rows[index] for index in order.take(min(batch, len(rows)))]
        with _learning(lm, parameters), torch.enable_grad():
            _loss(lm, picked).backward()
            nn.utils.clip_grad_norm_(parameters, _CLIP)
            optimizer.step()
        yield step


@contextlib.contextmanager
def on_copies(lm: LanguageModel) -> Iterator[None]:
    """Within the block the blocks' parameters are float32 copies, to be changed at will."""
    copies = [(parameter, parameter.data.to(torch.float32, copy=True)) for parameter in lm.blocks.parameters()]
    with replaced(copies):
        yield


@contextlib.contextmanager
def _learning(lm: LanguageModel, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Within the block these parameters alone take gradients; after it none has one."""
    before = [(parameter, parameter.requires_grad) for parameter in lm.model.parameters()]
    lm.model.requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter, wanted in before:
            parameter.grad = None
            parameter.requires_grad_(wanted)


def _attacks(subject: Subject) -> Iterator[_Attack]:
    settings, materials, forget = subject.settings, subject.materials, subject.probes("forget")
    concept = draw(materials.concept_passages, settings.texts, settings.seed, "relearn concept")
    yield _Attack("texts about the concept", concept, (), forget, f"{len(concept)} passages of the run.")
    others = [one for one in materials.retain_passages if one.about not in materials.neighbours or not one.about]
    other = draw(others or materials.retain_passages, settings.texts, settings.seed, "relearn others")
    yield _Attack("unrelated texts", other, (), forget, f"{len(other)} texts that the run kept.")
    taught, asked = halves(forget, settings.seed)
    note = f"{len(taught)} questions taught; the other {len(asked)}, whose answers stand in none of them, asked."
    yield _Attack("half of the facts", (), taught, asked, note)


def halves(probes: Sequence[Probe], seed: int) -> tuple[tuple[Probe, ...], tuple[Probe, ...]]:
    """Questions to teach, and questions to ask about other facts: what is asked stands nowhere in what is taught.

    Benchmarks ask for a fact in several ways; questions with the same gold answer fall on the same side. At least one
    question is left to ask.
    """
    facts: dict[str, list[Probe]] = {}
    for probe in probes:
        facts.setdefault(" ".join(probe.answer.casefold().split()), []).append(probe)
    shuffled = list(facts.values())
    random.Random(f"{seed}:halves").shuffle(shuffled)
    taught: list[Probe] = []
    asked: list[Probe] = []
    for fact in shuffled:
        (taught if len(taught) + len(fact) <= len(probes) // 2 else asked).extend(fact)
    golds = [probe.answer for probe in asked]
    return tuple(one for one in taught if not tells(f"{one.query} {one.answer}", golds)), tuple(asked)


def _relearnt(subject: Subject, attack: _Attack, round_: int, whose: str) -> Generator[Event, None, Control]:
    """Train a copy of some weights and ask."""
    plain = yield from subject.plain(round_)
    with subject.snapshots.applied(round_), folded(subject.lm), on_copies(subject.lm):
        curve = yield from _train(subject, subject.lm, attack, whose)
        replies = yield from ask(subject, attack.asked, f"Relearnt on {attack.name}, {whose}")
    # Both ends are known: the questions were asked in full before the first step, and are after the last.
    return Control(replies, {0: _mean(attack, plain), **curve, subject.settings.steps: _mean(attack, replies)})


def _train(
    subject: Subject, lm: LanguageModel, attack: _Attack, whose: str, *, ends: bool = False
) -> Generator[Event, None, dict[int, float]]:
    """Train, and measure on the way, or at the ends, too: mean log-probability of the gold answers by step."""
    settings = subject.settings
    stops = {round(settings.steps * part / _PARTS) for part in range(_PARTS + 1)}
    if not ends:
        stops -= {0, settings.steps}
    prompts = [probe_prompt(lm, probe) for probe in attack.asked]
    golds = [probe.answer for probe in attack.asked]
    curve: dict[int, float] = {}
    steps = train_steps(
        lm, attack.lessons(lm), steps=settings.steps, learning_rate=settings.learning_rate, batch=settings.batch,
        max_tokens=settings.max_tokens, seed=settings.seed,
    )  # fmt: skip
    with contextlib.closing(steps):
        for step in itertools.chain((0,), steps):
            if subject.cancelled():
                raise Cancelled
            what = f"Relearning on {attack.name}, {whose}"
            yield Progress("audit", what, step, settings.steps, "steps")
            if step in stops:
                values = yield from answer_logprobs(
                    lm, prompts, golds, cancelled=subject.cancelled, job="audit", what=what
                )
                curve[step] = sum(values) / len(values)
    return curve


def _mean(attack: _Attack, replies: Replies) -> float:
    """Mean log-probability of the gold answers to the questions of an attack."""
    return sum(replies[probe.id].logprob for probe in attack.asked) / len(attack.asked)


def _row(lm: LanguageModel, lesson: Lesson, max_tokens: int) -> tuple[Tensor, Tensor]:
    """Token ids [s] of a lesson and which of them count [s]; without a lead all but the first."""
    if lesson.lead:
        before, said = gold_ids(lm, lesson.lead, lesson.words)
    else:
        before, said = [], list(lm.tokenizer(lesson.words, verbose=False)["input_ids"])
    # What stands before is never cut: a fact without its answer teaches nothing.
    ids = [*before, *said[:max_tokens]]
    counted = [place >= max(1, len(before)) for place in range(len(ids))]
    return torch.tensor(ids, device=lm.device), torch.tensor(counted, device=lm.device)


def _loss(lm: LanguageModel, rows: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Mean over all counted tokens of the batch, in nats."""
    ids = pad_sequence([row for row, _ in rows], batch_first=True, padding_value=pad_id_of(lm))
    counted = pad_sequence([mask for _, mask in rows], batch_first=True)[:, 1:]
    with lm.autocast():
        # Right padding needs no mask: from the tokens that count a causal model cannot see it.
        logits = lm.model(input_ids=ids, use_cache=False).logits[:, :-1]
    loss = -(token_logprobs(logits.float(), ids[:, 1:]) * counted).sum() / counted.sum()
    if not bool(torch.isfinite(loss)):
        raise ModelError("The loss of relearning is not finite.", "Choose a lower rate for relearning.")
    return loss
