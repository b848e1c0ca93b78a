"""What asking a whole RWKU target costs, ours against the published batching: same model, one process, in turn."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from atu_gui.bench.draining import finish
from atu_gui.bench.published_answers import published_answers
from atu_gui.core.config import ModelConfig
from atu_gui.engine.generate import evaluating
from atu_gui.engine.loading import load_language_model
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.evaluate import asked_part
from atu_gui.engine.probes.raw_answers import NEW_TOKENS, QUESTIONS, Asked, ask
from atu_gui.engine.probes.target import read_target
from atu_gui.engine.tiny import make_language_model
from atu_gui.engine.token_ids import prompt_ids

T = TypeVar("T")
# Two likeliest tokens closer than this, in nats, can change places with the order in which a sum is made.
_TIE = 1e-3
_TINY_BLOCKS = 15


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way took: medians in seconds of the clock and of the processor, and tokens that went through the blocks
    (padding and rows that had ended included)."""

    seconds: float
    processor_s: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Difference:
    """An answer that the two ways do not share, and how far apart, in nats, the two likeliest tokens are where they
    part; `tie` says that rounding can decide between them."""

    part: str
    index: int
    published: str
    ours: str
    margin: float
    tie: bool


@dataclass(frozen=True, slots=True)
class EvalBench:
    """The comparison.

    Attributes:
        probes, distinct: Questions, and how many of them differ.
        published, ours: The two ways, answers running on as in the reading “rwku”.
        first_line: Ours where answers end at a newline, as in the reading “corrected”.
        ratio, processor_ratio, token_ratio: Ours over published.
        first_line_ratio: The same of the clock for `first_line`.
        least_tokens: What any way must put through the blocks: every distinct beginning of a prompt and every written
            token, once.
        differing: Answers that are not the same.
        first_line_differing: First lines that are not the published answer's.
    """

    model: str
    target: str
    threads: int
    repeats: int
    probes: int
    distinct: int
    published: Cost
    ours: Cost
    first_line: Cost
    ratio: float
    processor_ratio: float
    token_ratio: float
    first_line_ratio: float
    least_tokens: int
    differing: tuple[Difference, ...]
    first_line_differing: int

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def measure_eval(
    folder: Path, *, source: str = "starter", tiny: bool = False, limit: int | None = None, repeats: int = 1
) -> EvalBench:
    """Ask the forget and neighbour questions of a target both ways, `repeats` times in turn.

    Args:
        folder: An RWKU target.
        source: The language model, as in a config.
        tiny: Take a tiny model with random weights instead.
        limit: Questions of each part at most.
        repeats: Pairs that are measured.

    Raises:
        InputError: No such target.
        ModelError: The model cannot be had.
    """
    target = read_target(folder, QUESTIONS, limit)
    with _model(source, tiny) as lm:
        parts = [asked_part(lm, target, part) for part in QUESTIONS if part in target.parts]
        published, ours, first = [], [], []
        for _ in range(repeats):
            published.append(_measured(lm, lambda: _published(lm, parts)))
            ours.append(_measured(lm, lambda: _ours(lm, parts, first_line=False)))
            first.append(_measured(lm, lambda: _ours(lm, parts, first_line=True)))
        ids, texts, lines = published[0][1], ours[0][1], first[0][1]
        said = [_decode(lm, row) for row in ids]
        places = [(asked, place) for asked in parts for place in range(len(asked.prompts))]
        prompts = [asked.prompts[place] for asked, place in places]
        differing = [
            _difference(lm, *places[at], ids[at], texts[at]) for at in range(len(ids)) if said[at] != texts[at]
        ]
        costs = [_median([cost for cost, _ in way]) for way in (published, ours, first)]
        return EvalBench(
            model="tiny" if tiny else lm.name,
            target=target.name,
            threads=torch.get_num_threads(),
            repeats=repeats,
            probes=len(prompts),
            distinct=len(set(prompts)),
            published=costs[0],
            ours=costs[1],
            first_line=costs[2],
            ratio=costs[1].seconds / costs[0].seconds,
            processor_ratio=costs[1].processor_s / costs[0].processor_s,
            token_ratio=costs[1].tokens / costs[0].tokens,
            first_line_ratio=costs[2].seconds / costs[0].seconds,
            least_tokens=_least(lm, prompts, ids),
            differing=tuple(differing),
            first_line_differing=sum(text.partition("\n")[0] != line for text, line in zip(said, lines, strict=True)),
        )


@contextlib.contextmanager
def _model(source: str, tiny: bool) -> Iterator[LanguageModel]:
    if not tiny:
        yield finish(load_language_model(ModelConfig(source=source, device="cpu", dtype="float32")))
        return
    with tempfile.TemporaryDirectory() as folder:
        lm = finish(load_language_model(ModelConfig(source=str(make_language_model(Path(folder) / "tiny")))))
        # With random blocks as small as they are made, the last token is repeated for ever.
        with torch.no_grad():
            for weight in (weight for block in lm.blocks for weight in block.parameters()):
                if weight.dim() == 2:
                    weight.mul_(_TINY_BLOCKS)
        yield lm


def _published(lm: LanguageModel, parts: Sequence[Asked]) -> list[list[int]]:
    found = []
    with evaluating(lm):
        for neighbours in (False, True):
            group = [asked for asked in parts if asked.part.startswith("neighbour") == neighbours]
            prompts = [prompt for asked in group for prompt in asked.prompts]
            found += published_answers(lm, prompts, NEW_TOKENS["qa"])
    return found


def _ours(lm: LanguageModel, parts: Sequence[Asked], *, first_line: bool) -> list[str]:
    raws = finish(ask(lm, parts, lambda: False, first_line=first_line))
    return [str(raw["output"]) for part in raws for raw in part]


def _measured(lm: LanguageModel, work: Callable[[], T]) -> tuple[Cost, T]:
    seen = 0

    def count(module: Any, given: Any, named: dict[str, Any]) -> None:
        nonlocal seen
        seen += named["input_ids"].numel()

    hook = lm.model.register_forward_pre_hook(count, with_kwargs=True)
    try:
        clock, processor = time.perf_counter(), time.process_time()
        found = work()
        return Cost(time.perf_counter() - clock, time.process_time() - processor, seen), found
    finally:
        hook.remove()


def _median(costs: Sequence[Cost]) -> Cost:
    seconds, processor = (
        statistics.median(getattr(cost, name) for cost in costs) for name in ("seconds", "processor_s")
    )
    return Cost(seconds, processor, costs[0].tokens)


@torch.inference_mode()
def _difference(lm: LanguageModel, asked: Asked, place: int, ids: list[int], ours: str) -> Difference:
    """Where the two part: after the last published token whose text is still the beginning of ours."""
    step = max(count for count in range(len(ids) + 1) if ours.startswith(_decode(lm, ids[:count])))
    whole = [*prompt_ids(lm, asked.prompts[place]), *ids[:step]]
    with evaluating(lm):
        logits = lm.model(input_ids=torch.tensor([whole], device=lm.device), logits_to_keep=1).logits[0, -1]
    first, second = logits.float().topk(2).values.tolist()
    entry = asked.entries[place]
    return Difference(asked.part, entry.index, _decode(lm, ids), ours, first - second, first - second < _TIE)


def _least(lm: LanguageModel, prompts: Sequence[str], answers: Sequence[Sequence[int]]) -> int:
    """Tokens of the tree of all prompts with their answers; the last written token goes through no block."""
    rows = sorted((*prompt_ids(lm, prompt), *ids[:-1]) for prompt, ids in zip(prompts, answers, strict=True))
    count = 0
    before: tuple[int, ...] = ()
    for row in rows:
        pairs = enumerate(zip(before, row, strict=False))
        shared = next((at for at, (one, other) in pairs if one != other), min(len(before), len(row)))
        count += len(row) - shared
        before = row
    return count


def _decode(lm: LanguageModel, ids: Sequence[int]) -> str:
    return str(lm.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))
