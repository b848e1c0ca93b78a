"""Answers, pieces of an answer, and likelihoods: everything that is asked of a language model without training it.

The loops are our own, because probes need what transformers' `generate` does not give: rows that have ended leave the
batch, a beginning shared by all prompts is computed once, the gold answer is scored from the same pass, and every
generator hands over control between two tokens. Greedy answers in float32 are those of `generate`; sampled ones depend
on the seed and the prompt's place in the list, not on batch size or on other users of random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from atu_gui.core.errors import Cancelled, ResourceError
from atu_gui.core.events import Progress
from atu_gui.engine.batching import cheapest_batches, families
from atu_gui.engine.decoding import Decoding, SharedPrefix
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.token_ids import continuation_ids, gold_ids, prompt_ids, stop_ids

# Sampling chooses among the likeliest tokens only: the long tail of a small model is noise.
_TOP_K = 50
# Rows that have ended stay in the batch until less than this share of it is left: dropping them copies the cache.
_WORTH_DROPPING = 0.9
# Progress after so many tokens; there a chat can be served.
_STEPS_PER_PROGRESS = 4
# What a pass costs before its first row, in tokens: reading the weights. On a GPU small passes leave most of it idle.
_PASS_TOKENS = {"cpu": 25}
_PASS_TOKENS_ELSEWHERE = 500


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Answered:
    """A probe's greedy completion and how its gold answer scores under teacher forcing.

    Attributes:
        answer_logprob: Mean log-probability of the gold answer's tokens, in nats.
        hits: For each of those tokens, whether it is the likeliest.
        wrong_logprobs: Mean log-probability of the tokens of each wrong answer.
    """

    text: str
    answer_logprob: float
    hits: tuple[bool, ...] = ()
    wrong_logprobs: tuple[float, ...] = ()


@dataclass(eq=False, slots=True)
class _Row:
    """One prompt of a job: its place in the list, its tokens, the gold continuation, the beginning that it shares with
    others, and what came of it."""

    index: int
    ids: list[int]
    gold: list[int]
    written: list[int]
    logprob: float = float("nan")
    ended: bool = False
    hits: tuple[bool, ...] = ()
    wrong: list[list[int]] = field(default_factory=list)
    wrong_logprobs: list[float] = field(default_factory=list)
    prefix: SharedPrefix | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """What all batches of a call have in common. `draws` [prompts, tokens] are the random numbers of sampling."""

    lm: LanguageModel
    max_new_tokens: int
    temperature: float
    stop_at_newline: bool
    cancelled: Callable[[], bool]
    draws: torch.Tensor
    stop_ids: frozenset[int]

    def write(self, rows: Sequence[_Row], logits: torch.Tensor, step: int) -> list[int]:
        """Choose the next token of every row from logits [b, v]; rows under way keep theirs."""
        tokens = self._choose(rows, logits, step)
        for row, token in zip(rows, tokens, strict=True):
            if row.ended:
                continue
            if token in self.stop_ids:
                row.ended = True
                continue
            row.written.append(token)
            newline = self.stop_at_newline and "\n" in _decode(self.lm, [token])
            row.ended = newline or len(row.written) >= self.max_new_tokens
        return tokens

    def text(self, row: _Row) -> str:
        """What a row has written; cut at the first newline where the job asks for that."""
        text = _decode(self.lm, row.written)
        return text.partition("\n")[0] if self.stop_at_newline else text

    def _choose(self, rows: Sequence[_Row], logits: torch.Tensor, step: int) -> list[int]:
        if self.temperature <= 0:
            return [int(token) for token in logits.argmax(dim=-1).tolist()]
        values, ids = (part.cpu() for part in logits.topk(min(_TOP_K, logits.shape[-1]), dim=-1))
        shares = torch.softmax(values.double() / self.temperature, dim=-1).cumsum(dim=-1)
        targets = self.draws[[row.index for row in rows], step][:, None] * shares[:, -1:]
        places = torch.searchsorted(shares, targets, right=True).clamp_max(shares.shape[-1] - 1)
        return [int(token) for token in ids.gather(-1, places)[:, 0].tolist()]


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
    """Complete every prompt; returns the completions in the order of the prompts, special tokens removed.

    A prompt that stands in the list several times is asked once, unless its answers are sampled.

    Args:
        lm: The language model; in evaluation mode meanwhile.
        prompts: Final prompts, chat markup included.
        max_new_tokens: Limit per completion.
        temperature: 0 is greedy; otherwise sampled among the 50 likeliest tokens.
        seed: Of the sampling.
        stop_at_newline: End at the first newline, which is cut off; a completion that begins with one is empty.
        batch: Prompts per batch at most.
        cancelled: Asked before every token.
        job: Job of the progress events.
        what: Words of the progress events.

    Raises:
        Cancelled: `cancelled` said so.
        ResourceError: A single prompt does not fit into memory.
    """
    asked: dict[object, _Row] = {}
    keys = list(range(len(prompts))) if temperature > 0 else list(prompts)
    for index, (key, prompt) in enumerate(zip(keys, prompts, strict=True)):
        if key not in asked:
            asked[key] = _Row(index, prompt_ids(lm, prompt), [], [])
    draws = _draws(len(prompts), max_new_tokens, seed) if temperature > 0 else torch.empty(0)
    run = _Job(lm, max_new_tokens, temperature, stop_at_newline, cancelled, draws, stop_ids(lm))
    yield from _complete(run, list(asked.values()), batch, job, what)
    texts = {key: run.text(row) for key, row in asked.items()}
    return [texts[key] for key in keys]


def answer_probes(
    lm: LanguageModel,
    prompts: Sequence[str],
    answers: Sequence[str],
    *,
    max_new_tokens: int,
    stop_at_newline: bool = False,
    batch: int = 64,
    cancelled: Callable[[], bool] = _never,
    job: str = "probe",
    what: str = "",
    wrong: Sequence[Sequence[str]] = (),
) -> Generator[Progress, None, list[Answered]]:
    """Greedy completion of every prompt and log-probability of its gold answer, from one pass over the prompt.

    Arguments are those of `generate_batch`; answers are tokenised as in `answer_logprobs`. `wrong` holds, for every
    prompt or not at all, other answers to score from the same pass.

    Raises:
        Cancelled: `cancelled` said so.
        InputError: A gold answer is blank.
        ResourceError: A single prompt does not fit into memory.
    """
    rows = _gold_rows(lm, prompts, answers)
    for row, prompt, others in zip(rows, prompts, wrong, strict=False):
        row.wrong = [continuation_ids(lm, prompt, row.ids, other) for other in others]
    run = _Job(lm, max_new_tokens, 0.0, stop_at_newline, cancelled, torch.empty(0), stop_ids(lm))
    yield from _complete(run, rows, batch, job, what)
    return [Answered(run.text(row), row.logprob, row.hits, tuple(row.wrong_logprobs)) for row in rows]


def answer_logprobs(
    lm: LanguageModel,
    prompts: Sequence[str],
    answers: Sequence[str],
    *,
    batch: int = 64,
    cancelled: Callable[[], bool] = _never,
    job: str = "probe",
    what: str = "",
) -> Generator[Progress, None, list[float]]:
    """Mean log-probability, in nats, of the tokens of each gold answer given its prompt.

    An answer follows after one space, or at once where the prompt ends in white space. Its tokens are those by which
    prompt and answer together are longer than the prompt; end-of-sequence is not scored.

    Raises:
        Cancelled: `cancelled` said so.
        InputError: An answer is blank.
        ResourceError: A single prompt does not fit into memory.
    """
    answered = yield from answer_probes(
        lm, prompts, answers, max_new_tokens=0, batch=batch, cancelled=cancelled, job=job, what=what
    )
    return [item.answer_logprob for item in answered]


def stream(
    lm: LanguageModel,
    prompt: str,
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int = 0,
    cancelled: Callable[[], bool] = _never,
) -> Iterator[str]:
    """Pieces of one completion as they come; joined they are what `generate_batch` returns for this prompt alone.

    A piece never ends within a character. When `cancelled` says so the pieces end, without an error: what was written
    stays.
    """
    row = _Row(0, prompt_ids(lm, prompt), [], [])
    run = _Job(lm, max_new_tokens, temperature, False, cancelled, _draws(1, max_new_tokens, seed), stop_ids(lm))
    begin = end = 0
    with evaluating(lm):
        state: Decoding | None = None
        for step in range(max_new_tokens):
            if cancelled():
                break
            if state is None:
                state = Decoding(lm, [row.ids], SharedPrefix(lm, [], max_new_tokens))
            else:
                state.advance(row.written[-1:])
            run.write([row], state.logits, step)
            # Only the newest tokens are decoded again, with those of the last piece: they decide about spaces.
            before, now = _decode(lm, row.written[begin:end]), _decode(lm, row.written[begin:])
            if len(now) > len(before) and not now.endswith("\ufffd"):
                yield now[len(before) :]
                begin, end = end, len(row.written)
            if row.ended:
                break
    rest = _decode(lm, row.written[begin:])[len(_decode(lm, row.written[begin:end])) :]
    if rest:
        yield rest


def _complete(run: _Job, rows: Sequence[_Row], batch: int, job: str, what: str) -> Generator[Progress, None, None]:
    """Fill in what the rows lack, in batches of similar length; a batch that does not fit into memory is halved."""
    order = sorted(rows, key=lambda row: len(row.ids))
    queue = [order[start : start + batch] for start in range(0, len(order), batch)]
    done = 0
    with evaluating(run.lm):
        scored = (len(answer) for row in rows for answer in (row.gold, *row.wrong))
        further = max(run.max_new_tokens, *scored, 0)
        for places in families([row.ids for row in rows], _pass_tokens(run.lm)):
            prefix = SharedPrefix(run.lm, [rows[place].ids for place in places], further)
            for place in places:
                rows[place].prefix = prefix
        while queue:
            part = queue.pop(0)
            try:
                for share in _run_batch(run, part):
                    yield Progress(job, what, done + share, len(rows), "prompts")
                done += len(part)
            except torch.OutOfMemoryError as error:
                if len(part) == 1:
                    raise ResourceError(
                        "A single prompt does not fit into memory.", "Choose a smaller model or number format."
                    ) from error
                for row in part:
                    row.written, row.ended = [], False
                queue[:0] = [part[: len(part) // 2], part[len(part) // 2 :]]


def _run_batch(run: _Job, part: list[_Row]) -> Iterator[float]:
    """One batch from prompt to end; yields how many rows' worth of work is done."""
    state, live = _begin(run, part)
    for step in range(run.max_new_tokens):
        if run.cancelled():
            raise Cancelled
        tokens = run.write(live, state.logits, step)
        keep = [place for place, row in enumerate(live) if not row.ended]
        if not keep:
            break
        if len(keep) < _WORTH_DROPPING * len(live):
            state.select(keep)
            tokens, live = [tokens[place] for place in keep], [live[place] for place in keep]
        state.advance(tokens)
        if step % _STEPS_PER_PROGRESS == 0:
            yield len(part) - len(keep) * (1 - (step + 1) / run.max_new_tokens)
    yield float(len(part))


def _begin(run: _Job, part: list[_Row]) -> tuple[Decoding, list[_Row]]:
    """The prompts of a batch gone through the model, and the rows in the order that they have there.

    Prompts that begin alike go together, in batches of similar length, because padding costs what words cost. From then
    on every row is one token a step, and all go together.
    """
    by_prefix: dict[SharedPrefix, list[_Row]] = {}
    for row in part:
        assert row.prefix is not None
        by_prefix.setdefault(row.prefix, []).append(row)
    order: list[_Row] = []
    states: list[Decoding] = []
    for prefix, rows in by_prefix.items():
        passes = 1 + (1 + max(len(row.wrong) for row in rows) if rows[0].gold else 0)
        lengths = [len(row.ids) - prefix.length for row in rows]
        for places in cheapest_batches(lengths, len(rows), passes * _pass_tokens(run.lm)):
            if run.cancelled():
                raise Cancelled
            group = [rows[place] for place in places]
            states.append(Decoding(run.lm, [row.ids for row in group], prefix))
            order += group
            if group[0].gold:
                _score(states[-1], group)
    if run.max_new_tokens:
        states[0].join(states[1:])
    return states[0], order


def _pass_tokens(lm: LanguageModel) -> float:
    return _PASS_TOKENS.get(lm.device.type, _PASS_TOKENS_ELSEWHERE)


def _score(state: Decoding, part: list[_Row]) -> None:
    """Gold answers first, then the first wrong answer of every row, and so on; a row with fewer repeats its gold."""
    for row, scored in zip(part, state.score([row.gold for row in part]), strict=True):
        row.logprob, row.hits, row.wrong_logprobs = scored.logprob, scored.hits, []
    for at in range(max(len(row.wrong) for row in part)):
        others = [row.wrong[at] if at < len(row.wrong) else row.gold for row in part]
        for row, scored in zip(part, state.score(others), strict=True):
            if at < len(row.wrong):
                row.wrong_logprobs.append(scored.logprob)


def _decode(lm: LanguageModel, ids: list[int]) -> str:
    # Tidying up spaces would make the text of a beginning differ from the beginning of the text.
    return str(lm.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _gold_rows(lm: LanguageModel, prompts: Sequence[str], answers: Sequence[str]) -> list[_Row]:
    rows = []
    for index, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        rows.append(_Row(index, *gold_ids(lm, prompt, answer), []))
    return rows


def _draws(rows: int, steps: int, seed: int) -> torch.Tensor:
    """One number in [0, 1) per prompt and token, drawn ahead, so that a text does not depend on its batch."""
    return torch.rand(rows, steps, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@contextmanager
def evaluating(lm: LanguageModel) -> Iterator[None]:
    """Within the block the model is in evaluation mode."""
    training = lm.model.training
    lm.model.train(False)
    try:
        yield
    finally:
        lm.model.train(training)
