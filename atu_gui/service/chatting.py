"""One chat request as a job: the same prompt, seed and settings for every set of weights, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path

from atu_gui.core.events import ChatAnswered, ChatToken, Event, JobFailed
from atu_gui.core.ports import ChatRequest
from atu_gui.service.backend import Engine
from atu_gui.service.failures import details_of, explained
from atu_gui.service.holding import Holding


def chat(
    engine: Engine,
    holding: Holding,
    request: ChatRequest,
    request_id: int,
    *,
    folder_of: Callable[[str], Path],
    stopped: Callable[[], bool],
) -> Generator[Event, None, None]:
    """Answer; every side ends with exactly one `ChatAnswered`, whatever happens to it.

    Raises:
        AtuError: Told by a `JobFailed` event as well, before the side's `ChatAnswered`.
    """
    for side, weights in enumerate(request.sides):
        begun = time.monotonic()
        written: list[str] = []
        label = weights.label
        if stopped():
            yield ChatAnswered(request_id, side, "", label, True, 0.0)
            continue
        try:
            with holding.answering(weights, folder_of) as label:
                for piece in engine.answer(holding.loaded, request, stopped):
                    written.append(piece)
                    yield ChatToken(request_id, side, piece)
        except Exception as error:
            failure = explained(error)
            yield JobFailed("chat", failure.message, failure.hint, details_of(error))
            for rest in range(side, len(request.sides)):
                text = "".join(written) if rest == side else ""
                yield ChatAnswered(request_id, rest, text, request.sides[rest].label, True, time.monotonic() - begun)
            raise failure from error
        yield ChatAnswered(request_id, side, "".join(written), label, stopped(), time.monotonic() - begun)
