"""What the weights said to a part of the benchmark, before any scoring, kept on disk.

Both readings score the same raw answers: a greedy answer that ends at a newline is the beginning of the one that runs
on. So they are kept under weights, prompts and generation settings, and the second reading costs nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
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
# Long prompts in small batches: the cache of 16 prompts of 1,500 tokens takes about 1 GB on a model of 135 M.
_BATCH = {"bbh": 16}
_WIDE = 128
# Goes up whenever the raw answers of the same weights may change.
_SCHEME = 1

Raw = dict[str, Any]
RawWork = Generator[Progress, None, list[Raw]]


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
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
                json.dump(list(raws), file)
            os.replace(file.name, path)
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def raw_key(lm: LanguageModel, weights: str, part: str, prompts: Sequence[str], entries: Sequence[Entry]) -> str:
    """The name of the raw answers of these weights to exactly these prompts."""
    asked = json.dumps([[prompt, entry.record] for prompt, entry in zip(prompts, entries, strict=True)])
    return TensorCache.key(
        _SCHEME, weights, str(lm.compute_dtype), lm.device.type, part, NEW_TOKENS.get(part, 0), asked
    )


def ask_part(
    lm: LanguageModel, part: str, prompts: Sequence[str], entries: Sequence[Entry], cancelled: Callable[[], bool]
) -> RawWork:
    """Raw answers in the order of the entries.

    Raises:
        Cancelled: `cancelled` said so.
        ResourceError: A prompt does not fit into memory. A failed generation is never an empty answer (quirk G2).
    """
    if part in NEW_TOKENS:
        texts = yield from generate_batch(
            lm,
            prompts,
            max_new_tokens=NEW_TOKENS[part],
            batch=_BATCH.get(part, _WIDE),
            cancelled=cancelled,
            job="eval",
        )
        return [{"output": text} for text in texts]
    raws: list[Raw] = []
    for prompt, entry in zip(prompts, entries, strict=True):
        if cancelled():
            raise Cancelled
        raws.append(_likelihoods(lm, part, prompt, entry, cancelled))
        yield Progress("eval", "", len(raws), len(prompts), "items")
    return raws


def _likelihoods(lm: LanguageModel, part: str, prompt: str, entry: Entry, cancelled: Callable[[], bool]) -> Raw:
    if part == "mia":
        return asdict(token_statistics(lm, prompt))
    choices = LETTERS
    if part == "truthfulqa":
        record = entry.record
        both = [*record["mc2_targets"]["choices"], *record["mc1_targets"]["choices"]]
        return {"logprobs": dict(zip(both, choice_logprobs(lm, prompt, both, cancelled), strict=True))}
    return {"logprobs": dict(zip(choices, choice_logprobs(lm, prompt, choices, cancelled), strict=True))}
