"""What the weights said to a part of the benchmark, before any scoring, kept on disk.

Both readings can score the same raw answers: a greedy answer that ends at a newline is the beginning of the one that
runs on. So they are kept under weights, prompts and generation settings, and the second reading costs nothing. Where
none are kept, a reading that looks at first lines only has the answers end there.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
from atu_gui.core.files import write_whole
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.generate import generate_batch
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes.benchmark_prompts import LETTERS
from atu_gui.engine.probes.choice import choice_logprobs
from atu_gui.engine.probes.membership import token_statistics
from atu_gui.engine.probes.target import Entry

# As published. What is not here is not generated.
NEW_TOKENS = {
    "fb": 30, "qa": 30, "aa": 30, "neighbour-fb": 30, "neighbour-qa": 30, "bbh": 256, "triviaqa": 30, "fluency": 256,
}  # fmt: skip
# Asked as one job: the fuller a batch, the less a token costs.
QUESTIONS = ("fb", "qa", "aa", "neighbour-fb", "neighbour-qa")
# Long prompts in small batches: the cache of 16 prompts of 1,500 tokens takes about 1 GB on a model of 135 M.
_BATCH = {"bbh": 16}
_WIDE = 128
# Goes up whenever the raw answers of the same weights may change.
_SCHEME = 1

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A part of a target as it is put to a model: a final prompt for each entry."""

    part: str
    entries: tuple[Entry, ...]
    prompts: tuple[str, ...]


class RawStore:
    """A folder of JSON files, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str, count: int) -> list[Raw] | None:
        """What was kept, or None where there is nothing (or only a damaged file)."""
        try:
            value = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, list) and len(value) == count else None

    def save(self, key: str, raws: Sequence[Raw]) -> None:
        """Keep answers. A full disk loses the entry, never the work."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(list(raws)))
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def raw_key(lm: LanguageModel, weights: str, asked: Asked, *, first_line: bool = False) -> str:
    """The name of the raw answers of these weights to exactly these prompts."""
    words = json.dumps([[prompt, entry.record] for prompt, entry in zip(asked.prompts, asked.entries, strict=True)])
    tokens = NEW_TOKENS.get(asked.part, 0)
    ends = ("first line",) if first_line else ()
    return TensorCache.key(_SCHEME, weights, str(lm.compute_dtype), lm.device.type, asked.part, tokens, words, *ends)


def jobs(parts: Iterable[str]) -> list[tuple[str, ...]]:
    """The parts in the order in which they are asked, those that are asked together in one tuple."""
    wanted = list(parts)
    together = tuple(part for part in wanted if part in QUESTIONS)
    return [*([together] if together else []), *((part,) for part in wanted if part not in QUESTIONS)]


def ask(
    lm: LanguageModel, job: Sequence[Asked], cancelled: Callable[[], bool], *, first_line: bool = False
) -> Generator[Progress, None, list[list[Raw]]]:
    """Raw answers of each part of a job, in the order of its entries.

    Args:
        lm: The language model.
        job: Parts that `jobs` puts together.
        cancelled: Asked before every token.
        first_line: Answers end at the first newline.

    Raises:
        Cancelled: `cancelled` said so.
        ResourceError: A prompt does not fit into memory. A failed generation is never an empty answer (quirk G2).
    """
    raws: list[Raw] = []
    both = [(prompt, entry) for asked in job for prompt, entry in zip(asked.prompts, asked.entries, strict=True)]
    part = job[0].part
    if part in NEW_TOKENS:
        texts = yield from generate_batch(
            lm,
            [prompt for prompt, _ in both],
            max_new_tokens=NEW_TOKENS[part],
            stop_at_newline=first_line,
            batch=_BATCH.get(part, _WIDE),
            cancelled=cancelled,
            job="eval",
        )
        raws = [{"output": text} for text in texts]
    else:
        for prompt, entry in both:
            if cancelled():
                raise Cancelled
            raws.append(_likelihoods(lm, part, prompt, entry, cancelled))
            yield Progress("eval", "", len(raws), len(both), "items")
    rest = iter(raws)
    return [list(itertools.islice(rest, len(asked.entries))) for asked in job]


def _likelihoods(lm: LanguageModel, part: str, prompt: str, entry: Entry, cancelled: Callable[[], bool]) -> Raw:
    if part == "mia":
        return asdict(token_statistics(lm, prompt))
    choices = LETTERS
    if part == "truthfulqa":
        record = entry.record
        both = [*record["mc2_targets"]["choices"], *record["mc1_targets"]["choices"]]
        return {"logprobs": dict(zip(both, choice_logprobs(lm, prompt, both, cancelled), strict=True))}
    return {"logprobs": dict(zip(choices, choice_logprobs(lm, prompt, choices, cancelled), strict=True))}
