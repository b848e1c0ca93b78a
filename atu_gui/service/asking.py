"""Rephrasing, asking in bulk, token views and previews as jobs: short work that a run lets in between two steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TypedDict

from atu_gui.core import asked, tokens
from atu_gui.core.asked import AskedQuestion, AskedWay, Reply
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import Event, Progress, PromptAnswered
from atu_gui.core.events.chat import named
from atu_gui.core.ports import UNTOUCHED, AskRequest, PreviewRequest, RephraseRequest, TokenRequest, Weights
from atu_gui.core.preview import Preview
from atu_gui.core.rephrasing import Rephrased
from atu_gui.core.tokens import TokenLine, TokenLook
from atu_gui.service.backend import Engine
from atu_gui.service.folders import ASKED_FILE, LOOKS_FILE, add_line
from atu_gui.service.holding import Holding


class Between(TypedDict):
    """What every job needs that runs between two steps."""

    folder_of: Callable[[str], Path]
    cancelled: Callable[[], bool]


def rephrase(
    engine: Engine,
    holding: Holding,
    request: RephraseRequest,
    *,
    folder_of: Callable[[str], Path],
    cancelled: Callable[[], bool],
) -> Generator[Event, None, Rephrased]:
    """Find the ways to ask, with the untouched weights.

    Raises:
        AtuError: No model.
        Cancelled: `cancelled` said so.
    """
    with holding.answering(UNTOUCHED, folder_of):
        return (yield from engine.rephrase(holding.loaded, request, cancelled))


def look_at(
    engine: Engine,
    holding: Holding,
    request: TokenRequest,
    *,
    folder_of: Callable[[str], Path],
    cancelled: Callable[[], bool],
) -> Generator[Event, None, tuple[TokenLine, ...]]:
    """Read each text with its weights. The untouched weights are judged by the heads of round 1, which learnt on them;
    current ones in the midst of a round by those of the newest finished one. Then all is added to the folder of the run
    whose heads judged last.

    Raises:
        AtuError: No model, no such run or round, or no heads were kept.
        Cancelled: `cancelled` said so.
    """
    lines: list[TokenLine] = []
    judge = ""
    for text, weights in zip(request.texts, request.sides, strict=True):
        if cancelled():
            raise Cancelled
        judge = weights.run_id or request.run_id or holding.run_id
        if not judge:
            raise InputError(
                "There is no run whose heads could judge the tokens.", "Run, or open a run that finished a round."
            )
        round_ = 1 if weights.round == 0 else weights.round
        with holding.answering(weights, folder_of) as by:
            label = named(by.label, by.weights_hash)
            lines.append(engine.look_at(holding.loaded, folder_of(judge), round_, label, text, request.prompt))
        yield Progress("tokens", "Texts", len(lines), len(request.texts), "texts")
    look = TokenLook(request.prompt, time.time(), tuple(lines))
    yield from add_line(folder_of(judge), LOOKS_FILE, tokens.to_line(look), "The look at tokens is")
    return look.lines


def ask_all(
    engine: Engine,
    holding: Holding,
    request: AskRequest,
    folder_for: Callable[[Sequence[Weights]], Path | None],
    *,
    folder_of: Callable[[str], Path],
    cancelled: Callable[[], bool],
) -> Generator[Event, None, None]:
    """Answer every prompt with every set of weights, one set after the other; then all is added to the folder of the
    run that was asked, where there is one.

    Raises:
        AtuError: No model, no such run or round.
        Cancelled: `cancelled` said so; what was told before stays told, and nothing is kept.
    """
    begun = time.time()
    replies: list[list[Reply]] = [[] for _ in request.rephrasings]
    for side, weights in enumerate(request.sides):
        with holding.answering(weights, folder_of) as by:
            answers = yield from engine.ask_all(holding.loaded, request, cancelled)
        for index, (text, logprob) in enumerate(answers):
            told = PromptAnswered(request.number, index, side, text, logprob, by.label, by.weights_hash)
            replies[index].append(Reply(told.named, text, logprob))
            yield told
    place = folder_for(request.sides)
    if place is not None:
        ways = (AskedWay(one, tuple(said)) for one, said in zip(request.rephrasings, replies, strict=True))
        line = asked.to_line(AskedQuestion(request.query, begun, tuple(ways)))
        yield from add_line(place, ASKED_FILE, line, "What was asked is")


def preview(
    engine: Engine,
    holding: Holding,
    request: PreviewRequest,
    *,
    folder_of: Callable[[str], Path],
    cancelled: Callable[[], bool],
) -> Generator[Event, None, Preview]:
    """What the embedding of a concept catches. The weights of the language model do not matter.

    Raises:
        AtuError: No model is loaded, so no encoder either.
        Cancelled: `cancelled` said so.
    """
    return (yield from engine.preview(holding.loaded, request, cancelled))
