"""One chat request as a job: the same prompt, seed and settings for every set of weights, one after the other."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from atu_gui.core.chats import Chat, KeptAnswer, to_line
from atu_gui.core.events import ChatAnswered, ChatToken, Event, JobFailed
from atu_gui.core.ports import ChatRequest, Weights
from atu_gui.service.backend import Engine
from atu_gui.service.failures import details_of, explained
from atu_gui.service.folders import CHATS_FILE, add_line
from atu_gui.service.holding import Holding


def kept(
    work: Generator[Event, None, None], request: ChatRequest, folder_for: Callable[[Sequence[Weights]], Path | None]
) -> Generator[Event, None, None]:
    """The same events; once all sides have answered, the chat is added to the run's folder, where there is one."""
    answers: list[KeptAnswer] = []
    asked = time.time()
    with contextlib.closing(work):
        for event in work:
            if isinstance(event, ChatAnswered):
                answers.append(KeptAnswer(event.named, event.text, event.stopped, event.seconds))
            yield event
    place = folder_for(request.sides)
    if place is None:
        return
    chat = Chat(request.prompt, request.temperature, request.seed, asked, tuple(answers))
    yield from add_line(place, CHATS_FILE, to_line(chat), "The chat is")


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
        if stopped():
            yield ChatAnswered(request_id, side, "", weights.label, True, 0.0)
            continue
        try:
            with holding.answering(weights, folder_of) as by:
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
        seconds = time.monotonic() - begun
        yield ChatAnswered(request_id, side, "".join(written), by.label, stopped(), seconds, by.weights_hash)
