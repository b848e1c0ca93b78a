"""How long the steps of a run take with the loaded model: a few of each kind, really done, on scratch text.

Nothing of it stays. Heads, references and cached states are made up, because no value changes how long a step takes;
the weights that are trained are copies, put in place only while a step computes. So the caller may answer chats between
any two events.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from statistics import median
from typing import TypeVar

import torch
from torch import Tensor, nn

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Event, Progress
from atu_gui.core.materials import Probe
from atu_gui.core.paces import MeasuredPaces, Part
from atu_gui.engine.adapters import adapters_for
from atu_gui.engine.align import MEASURED, Aligner, look
from atu_gui.engine.compiling import compiled_if_on
from atu_gui.engine.corpus import Corpus, Rows
from atu_gui.engine.devices import wait_for
from atu_gui.engine.generate import generate_batch
from atu_gui.engine.head import build_head
from atu_gui.engine.inputs import bundled, bundled_lines
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.probes.prompts import instruction_prompt
from atu_gui.engine.probes.score import FLUENCY_PROMPTS, FLUENCY_TOKENS, NEUTRAL_TOKENS, ask_probes
from atu_gui.engine.setting import Setting, constant_blocks
from atu_gui.engine.text_losses import token_losses
from atu_gui.engine.unlearn import Unlearner, trained_parameters
from atu_gui.engine.windows import window_texts

T = TypeVar("T")
JOB = "calibrate"
# Twenty steps are counted, after one of each kind that warms up.
STEPS: tuple[tuple[Part, int], ...] = (("first align", 12), ("align", 4), ("unlearn", 4))
# A slow kind of step ends after so many seconds with at least two steps counted.
_PATIENCE = 10.0
# What a question costs is the slope between a few and many: on a CPU a token of one answer costs as much as of four.
_FEW, _MANY = 4, 12
_NEUTRAL, _TOKENS = 4, 16
_QUESTION_PARTS = 4


def measure_paces(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, cancelled: Callable[[], bool]
) -> Generator[Event, None, MeasuredPaces]:
    """Measure every part of a run but writing its rounds to the disk.

    Args:
        config: Settled, layers filled in; layers, head, windows and what is trained are read.
        lm: The model; its weights are the same bit for bit afterwards, and between any two events.
        encoder: Only its tokenizer and width are used.
        cancelled: Asked between steps.

    Raises:
        Cancelled: `cancelled` said so.
    """
    lm.model.requires_grad_(False)
    adapters = adapters_for(lm, config)
    parameters = trained_parameters(lm, config.layers, config.unlearn, adapters)
    # Adapters say nothing but while a step computes, so they may stand beside the model all the time.
    with adapters.attached() if adapters else nullcontext():
        return (yield from _measured(config, lm, encoder, parameters, cancelled))


def _measured(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, parameters: dict[str, nn.Parameter],
    cancelled: Callable[[], bool],
) -> Generator[Event, None, MeasuredPaces]:  # fmt: skip
    setting, steps = scratch_steps(config, lm, encoder, parameters)
    taken = yield from time_steps(steps, STEPS, lm.device, cancelled)
    paces: dict[Part, float] = {part: median(seconds) for part, seconds in taken.items()}
    seen = len(setting.concept) + len(setting.retain)
    # A round looks twice at its held-out texts: after aligning, and after unlearning.
    paces["between"] = 2 * _seconds(lambda: look(setting, untouched=False), lm.device) * 2 * MEASURED / seen
    paces["probe"], paces["asides"] = yield from _questions(config, lm, cancelled)
    return MeasuredPaces(paces, sum(map(len, taken.values())))


def scratch_steps(
    config: RunConfig, lm: LanguageModel, encoder: TextEncoder, parameters: dict[str, nn.Parameter]
) -> tuple[Setting, dict[Part, Callable[[], object]]]:
    """A run's setting on bundled text, and its kinds of steps, which train copies of these parameters; none of the
    model's may ask for a gradient."""
    setting = scratch_setting(config, lm, encoder)
    copies = {name: parameter.detach().to(torch.float32, copy=True) for name, parameter in parameters.items()}
    with in_place(parameters, copies):
        aligner, unlearner = Aligner(setting), Unlearner(setting, parameters)
    rates = config.align.learning_rate, config.unlearn.learning_rate

    def unlearn() -> None:
        with in_place(parameters, copies):
            unlearner.step(0.0, rates[1], config.unlearn.retain_weight)

    return setting, {
        "first align": lambda: aligner.step(rates[0], untouched=True),
        "align": lambda: aligner.step(rates[0], untouched=False),
        "unlearn": unlearn,
    }


def time_steps(
    steps: Mapping[Part, Callable[[], object]],
    counts: Sequence[tuple[Part, int]],
    device: torch.device,
    cancelled: Callable[[], bool],
    clock: Callable[[], float] = time.perf_counter,
) -> Generator[Progress, None, dict[Part, list[float]]]:
    """Seconds of some steps of each kind, after one that warms up.

    Raises:
        Cancelled: `cancelled` said so.
    """
    total = sum(count for _, count in counts)
    found: dict[Part, list[float]] = {}
    done = 0
    for part, count in counts:
        taken: list[float] = []
        while len(taken) <= count and (len(taken) < 3 or sum(taken) < _PATIENCE):
            if cancelled():
                raise Cancelled
            taken.append(_seconds(steps[part], device, clock))
            done += len(taken) > 1
            yield Progress(JOB, f"Measuring {part.removeprefix('first ')} steps", done, total, "steps")
        found[part] = taken[1:]
    return found


def scratch_setting(config: RunConfig, lm: LanguageModel, encoder: TextEncoder) -> Setting:
    """A run's setting on bundled text cut to full length, with targets and cached states out of a random generator."""
    windows = config.windows
    random = torch.Generator().manual_seed(0)
    constant = constant_blocks(config)
    words = itertools.cycle(" ".join(bundled("general.txt")).split())
    corpora = []
    for _ in range(2):
        # More words than the longest passage has tokens, and than its last position's window reaches.
        texts = [" ".join(itertools.islice(words, windows.max_tokens + 2 * windows.k)) for _ in range(windows.batch)]
        windowed = window_texts(texts, lm.tokenizer, encoder.tokenizer, max_tokens=windows.max_tokens, k=windows.k)
        corpus = Corpus(list(windowed))
        corpus.references = Rows.of(
            [torch.randn(int(text.full.sum()), encoder.width, generator=random) for text in corpus.texts]
        )
        for layer in {*config.layers, constant} - {0}:
            corpus.untouched[layer] = Rows.of(
                [torch.randn(len(text.ids), lm.width, generator=random) for text in corpus.texts]
            )
        corpora.append(corpus)
    concept, retain = corpora
    heads = {layer: build_head(config.head, lm.width, encoder.width, seed=0).to(lm.device) for layer in config.layers}
    vectors = torch.randn(max(1, len(config.concepts)), encoder.width, generator=random).to(lm.device)
    everything = list(range(windows.batch))
    compiled = compiled_if_on(config.unlearn)
    return Setting(
        config, lm, heads, vectors, concept, retain, everything, [], everything, [], constant, compiled=compiled
    )


@contextmanager
def in_place(parameters: dict[str, nn.Parameter], values: dict[str, Tensor]) -> Iterator[None]:
    """Within the block the parameters point to other values; what the block changes stays in those."""
    own = {name: parameter.data for name, parameter in parameters.items()}
    try:
        for name, parameter in parameters.items():
            parameter.data = values[name]
        yield
    finally:
        for name, parameter in parameters.items():
            parameter.data = own[name]


def _questions(
    config: RunConfig, lm: LanguageModel, cancelled: Callable[[], bool]
) -> Generator[Event, None, tuple[float, float]]:
    """Seconds of a probe for each question, and for all that does not grow with their number."""
    probes = scratch_probes(_MANY)
    few = yield from _timed(lambda: ask_probes(lm, probes[:_FEW], run_id="", round=0, cancelled=cancelled), lm, 0)
    # Where even a few take long the slope is not waited for: each then counts as among a few, which is no less.
    each = few / _FEW
    if few < _PATIENCE:
        many = yield from _timed(lambda: ask_probes(lm, probes, run_id="", round=0, cancelled=cancelled), lm, 1)
        each = max((many - few) / (_MANY - _FEW), 0.0)
    neutral = bundled("neutral.txt")[: config.texts.probes_limit]
    read = yield from _timed(
        lambda: token_losses(lm, neutral[:_NEUTRAL], max_tokens=NEUTRAL_TOKENS, cancelled=cancelled, job=JOB), lm, 2
    )
    prompts = [instruction_prompt(lm, line) for line in bundled_lines("instructions.txt")[:FLUENCY_PROMPTS]]
    free = yield from _timed(
        lambda: generate_batch(lm, prompts, max_new_tokens=_TOKENS, cancelled=cancelled, job=JOB), lm, 3
    )
    asides = max(few - _FEW * each, 0.0) + read * len(neutral) / _NEUTRAL + free * FLUENCY_TOKENS / _TOKENS
    return each, asides


def scratch_probes(count: int) -> list[Probe]:
    """Questions with short answers that mean nothing."""
    answers = [" ".join(text.split()[:3]) for text in itertools.islice(itertools.cycle(bundled("general.txt")), count)]
    lines = itertools.cycle(bundled_lines("general_questions.txt"))
    asked = zip(lines, answers, strict=False)
    return [Probe(f"scratch:{n}", "forget", "question", line, answer) for n, (line, answer) in enumerate(asked)]


def _timed(
    begin: Callable[[], Generator[Event, None, T]], lm: LanguageModel, part: int
) -> Generator[Event, None, float]:
    """Seconds of some work, without what happens between its events; of those only how far it is goes on."""
    work, spent = begin(), 0.0
    while True:
        begun = time.perf_counter()
        try:
            event = next(work)
        except StopIteration:
            wait_for(lm.device)
            return spent + time.perf_counter() - begun
        spent += time.perf_counter() - begun
        if isinstance(event, Progress):
            yield Progress(JOB, "Measuring questions", part + 1, _QUESTION_PARTS, "parts")


def _seconds(step: Callable[[], object], device: torch.device, clock: Callable[[], float] = time.perf_counter) -> float:
    begun = clock()
    # A head with dropout draws random numbers; a run that follows must not notice.
    with torch.random.fork_rng(devices=[]):
        step()
    wait_for(device)
    return clock() - begun
