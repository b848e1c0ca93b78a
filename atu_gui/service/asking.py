"""Rephrasing and asking in bulk as jobs: short work that a run lets in between two of its steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from atu_gui.core.events import Event, PromptAnswered
from atu_gui.core.ports import UNTOUCHED, AskRequest, RephraseRequest
from atu_gui.core.rephrasing import Rephrased
from atu_gui.service.backend import Engine
from atu_gui.service.holding import Holding


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


def ask_all(
    engine: Engine,
    holding: Holding,
    request: AskRequest,
    *,
    folder_of: Callable[[str], Path],
    cancelled: Callable[[], bool],
) -> Generator[Event, None, None]:
    """Answer every prompt with every set of weights, one set after the other.

    Raises:
        AtuError: No model, no such run or round.
        Cancelled: `cancelled` said so; what was told before stays told.
    """
    for side, weights in enumerate(request.sides):
        with holding.answering(weights, folder_of) as label:
            answers = yield from engine.ask_all(holding.loaded, request, cancelled)
        for index, (text, logprob) in enumerate(answers):
            yield PromptAnswered(request.number, index, side, text, logprob, label)
