"""Text from the model: left-padded batches with a KV cache, and single answers as a stream.

Letters: b batch, s position, n new token.

The loops are our own, because probes need what `model.generate` does not give: rows that are finished leave the batch,
the prompt shared by all rows is computed once, the gold answer is scored from the same pass, and a stream can be
stopped between two tokens without a thread.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import DynamicCache

from atu_gui.core.errors import Cancelled
from atu_gui.core.events import Progress
from atu_gui.engine.models import LanguageModel

# A shared beginning shorter than this is not worth a pass of its own.
_SHARED_AT_LEAST = 8
_TOP_K = 50


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Answered:
    """A probe's greedy completion and the mean log-probability of its gold answer, in nats."""

    text: str
    answer_logprob: float


def generate_batch(
    lm: LanguageModel,
    prompts: Sequence[str],
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int = 0,
    stop_at_newline: bool = False,
    batch: int = 64,
    cancelled: Callable[[], bool] = _never,
    job: str = "probe",
    what: str = "",
) -> Generator[Progress, None, list[str]]:
    """Complete final prompts; greedy at temperature 0, else sampled from an own generator.

    Args:
        lm: The language model.
        prompts: Final texts, markup included.
        max_new_tokens: Length limit of each completion.
        temperature: 0 for greedy.
        seed: Of the sampling; other random numbers of the program do not move it.
        stop_at_newline: End a completion at its first newline, which is cut off.
        batch: Prompts at a time.
        cancelled: Asked before every token.
        job: Job of the progress events.
        what: Words of the progress events.

    Returns:
        Completions in the order of the prompts, special tokens removed.

    Raises:
        Cancelled: `cancelled` said so.
    """
    texts = [""] * len(prompts)
    encoded = [_encode(lm, prompt) for prompt in prompts]
    sampler = torch.Generator(device=lm.device).manual_seed(seed)
    started, done = time.monotonic(), 0
    for indices in _batches(encoded, batch):
        decoder = _Decoder(lm, [encoded[index] for index in indices])
        completions = decoder.decode(max_new_tokens, temperature, sampler, stop_at_newline, cancelled)
        for index, ids in zip(indices, completions, strict=True):
            texts[index] = _text(lm, ids, stop_at_newline)
        done += len(indices)
        yield _progress(job, what, done, len(prompts), started)
    return texts


def answer_probes(
    lm: LanguageModel,
    prompts: Sequence[str],
    answers: Sequence[str],
    *,
    max_new_tokens: int,
    stop_at_newline: bool,
    batch: int = 64,
    cancelled: Callable[[], bool] = _never,
    what: str = "",
) -> Generator[Progress, None, list[Answered]]:
    """Greedy completions and gold-answer log-probabilities from one pass over each prompt.

    The gold answer is tokenised as a continuation: with a leading space where the prompt does not end in white space.

    Raises:
        Cancelled: `cancelled` said so.
    """
    results = [Answered("", 0.0)] * len(prompts)
    encoded = [_encode(lm, prompt) for prompt in prompts]
    gold = [_continuation(lm, prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]
    started, done = time.monotonic(), 0
    for indices in _batches(encoded, batch):
        decoder = _Decoder(lm, [encoded[index] for index in indices])
        logprobs = decoder.score([gold[index] for index in indices])
        completions = decoder.decode(max_new_tokens, 0.0, None, stop_at_newline, cancelled)
        for index, ids, logprob in zip(indices, completions, logprobs, strict=True):
            results[index] = Answered(_text(lm, ids, stop_at_newline), logprob)
        done += len(indices)
        yield _progress("probe", what, done, len(prompts), started)
    return results


@torch.inference_mode()
def stream(
    lm: LanguageModel,
    prompt: str,
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int = 0,
    cancelled: Callable[[], bool] = _never,
) -> Iterator[str]:
    """One completion, piece by piece; ends early, without an error, when `cancelled` says so."""
    sampler = torch.Generator(device=lm.device).manual_seed(seed)
    stops = _stop_ids(lm)
    model: Any = lm.model
    ids = torch.tensor([_encode(lm, prompt)], device=lm.device)
    cache, written, shown = DynamicCache(), [], ""
    for _ in range(max_new_tokens):
        if cancelled():
            return
        with lm.autocast():
            logits = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
        token = int(_choose(logits.float(), temperature, sampler)[0])
        if token in stops:
            break
        written.append(token)
        ids = torch.tensor([[token]], device=lm.device)
        text = lm.tokenizer.decode(written, skip_special_tokens=True)
        # A replacement character at the end may be half of a longer character: wait for the rest.
        if not text.endswith("\ufffd") and len(text) > len(shown):
            yield text[len(shown) :]
            shown = text
    rest = lm.tokenizer.decode(written, skip_special_tokens=True)[len(shown) :]
    if rest:
        yield rest


@torch.inference_mode()
def token_losses(
    lm: LanguageModel,
    texts: Sequence[str],
    *,
    max_tokens: int = 256,
    batch: int = 8,
    cancelled: Callable[[], bool] = _never,
    what: str = "",
) -> Generator[Progress, None, list[float]]:
    """Mean token loss of each text in nats, over its first `max_tokens` tokens, the first one unscored.

    Raises:
        Cancelled: `cancelled` said so.
    """
    model: Any = lm.model
    encoded = [_encode(lm, text)[:max_tokens] for text in texts]
    losses = [0.0] * len(texts)
    started, done = time.monotonic(), 0
    for indices in _batches(encoded, batch):
        if cancelled():
            raise Cancelled
        rows = [encoded[index] for index in indices]
        ids, mask = _pad(rows, lm.device, left=False)
        with lm.autocast():
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        nll = functional.cross_entropy(logits[:, :-1].float().transpose(1, 2), ids[:, 1:], reduction="none")
        scored = mask[:, 1:]
        for index, value in zip(indices, ((nll * scored).sum(1) / scored.sum(1).clamp(min=1)).tolist(), strict=True):
            losses[index] = value
        done += len(indices)
        yield _progress("probe", what, done, len(texts), started)
    return losses


class _Decoder:
    """One left-padded batch: its prompts are read once, then scored and completed from the same cache."""

    def __init__(self, lm: LanguageModel, rows: list[list[int]]) -> None:
        self._lm = lm
        self._model: Any = lm.model
        with torch.inference_mode():
            self._prefill(rows)

    def _prefill(self, rows: list[list[int]]) -> None:
        shared = _shared_length(rows)
        self._cache = DynamicCache()
        lead = torch.ones(len(rows), 0, dtype=torch.long, device=self._lm.device)
        if shared:
            ids = torch.tensor([rows[0][:shared]], device=self._lm.device)
            with self._lm.autocast():
                self._model.base_model(input_ids=ids, past_key_values=self._cache, use_cache=True)
            self._cache.batch_repeat_interleave(len(rows))
            lead = torch.ones(len(rows), shared, dtype=torch.long, device=self._lm.device)
        ids, mask = _pad([row[shared:] for row in rows], self._lm.device, left=True)
        self._mask = torch.cat([lead, mask], 1)
        positions = shared + (mask.cumsum(1) - 1).clamp(min=0)
        self._next = self._mask.sum(1)
        self._logits = self._forward(ids, positions, self._cache, self._mask, keep=1)[:, -1]

    @torch.inference_mode()
    def score(self, answers: list[list[int]]) -> list[float]:
        """Mean log-probability of each row's answer tokens, from a copy of the cache."""
        ids, mask = _pad(answers, self._lm.device, left=False)
        positions = self._next[:, None] + torch.arange(ids.shape[1], device=ids.device)
        later = self._logits[:, None]
        if ids.shape[1] > 1:
            cache = copy.deepcopy(self._cache)
            whole = torch.cat([self._mask, mask[:, :-1]], 1)
            rest = self._forward(ids[:, :-1], positions[:, :-1], cache, whole, keep=0)
            later = torch.cat([later, rest], 1)
        logprobs = later.float().log_softmax(-1).gather(-1, ids[..., None])[..., 0]
        means: list[float] = ((logprobs * mask).sum(1) / mask.sum(1).clamp(min=1)).tolist()
        return means

    @torch.inference_mode()
    def decode(
        self,
        max_new_tokens: int,
        temperature: float,
        sampler: torch.Generator | None,
        stop_at_newline: bool,
        cancelled: Callable[[], bool],
    ) -> list[list[int]]:
        """New ids of every row. Rows that ended leave the batch."""
        stops = _stop_ids(self._lm)
        written: list[list[int]] = [[] for _ in self._next]
        alive = list(range(len(written)))
        logits, mask, positions = self._logits, self._mask, self._next
        for n in range(max_new_tokens):
            if cancelled():
                raise Cancelled
            tokens = _choose(logits.float(), temperature, sampler).tolist()
            kept = []
            for row, (index, token) in enumerate(zip(alive, tokens, strict=True)):
                if token in stops:
                    continue
                written[index].append(token)
                if not (stop_at_newline and "\n" in self._lm.tokenizer.decode([token])):
                    kept.append(row)
            if not kept or n + 1 == max_new_tokens:
                break
            if len(kept) < len(alive):
                rows = torch.tensor(kept, device=mask.device)
                self._cache.batch_select_indices(rows)
                mask, positions = mask[rows], positions[rows]
                alive, tokens = [alive[row] for row in kept], [tokens[row] for row in kept]
            mask = torch.cat([mask, torch.ones_like(mask[:, :1])], 1)
            ids = torch.tensor(tokens, device=mask.device)[:, None]
            logits = self._forward(ids, positions[:, None], self._cache, mask, keep=1)[:, -1]
            positions = positions + 1
        return written

    def _forward(self, ids: Tensor, positions: Tensor, cache: DynamicCache, mask: Tensor, *, keep: int) -> Tensor:
        with self._lm.autocast():
            output = self._model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=keep,
            )
        logits: Tensor = output.logits
        return logits


def _choose(logits: Tensor, temperature: float, sampler: torch.Generator | None) -> Tensor:
    if temperature <= 0:
        return logits.argmax(-1)
    # The usual cut at the 50 likeliest tokens; it also spares a softmax over the whole vocabulary.
    values, ids = logits.topk(min(_TOP_K, logits.shape[-1]), dim=-1)
    picked = torch.multinomial((values / temperature).softmax(-1), 1, generator=sampler)
    return ids.gather(-1, picked)[:, 0]


def _encode(lm: LanguageModel, text: str) -> list[int]:
    ids: list[int] = lm.tokenizer(text, verbose=False)["input_ids"]
    if ids:
        return ids
    start = lm.tokenizer.bos_token_id
    return [start if isinstance(start, int) else 0]


def _continuation(lm: LanguageModel, prompt: str, answer: str) -> list[int]:
    lead = "" if prompt[-1:].isspace() else " "
    ids: list[int] = lm.tokenizer(lead + answer.strip(), add_special_tokens=False)["input_ids"]
    return ids or [0]


def _text(lm: LanguageModel, ids: list[int], stop_at_newline: bool) -> str:
    text = str(lm.tokenizer.decode(ids, skip_special_tokens=True))
    return text.split("\n", 1)[0] if stop_at_newline else text


def _stop_ids(lm: LanguageModel) -> set[int]:
    stops: set[int] = set()
    config: Any = lm.model.generation_config
    for value in (config.eos_token_id, lm.tokenizer.eos_token_id):
        stops.update(value if isinstance(value, list) else [value] if isinstance(value, int) else [])
    return stops


def _batches(rows: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Indices in batches of like length, longest first, so that memory trouble shows at once."""
    ordered = sorted(range(len(rows)), key=lambda index: -len(rows[index]))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _shared_length(rows: list[list[int]]) -> int:
    """Length of the beginning that all rows share, leaving each at least one token."""
    if len(rows) < 2:
        return 0
    first, last = min(rows), max(rows)
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    length = min(length, min(map(len, rows)) - 1)
    return length if length >= _SHARED_AT_LEAST else 0


def _pad(rows: Sequence[Sequence[int]], device: torch.device, *, left: bool) -> tuple[Tensor, Tensor]:
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        span = slice(longest - len(row), longest) if left else slice(0, len(row))
        ids[number, span] = torch.tensor(row, dtype=torch.long)
        mask[number, span] = 1
    return ids.to(device), mask.to(device)


def _progress(job: str, what: str, done: int, total: int, started: float) -> Progress:
    spent = time.monotonic() - started
    return Progress(job, what, done, total, "texts", spent / done * (total - done) if done else None)
