"""Looking at a text token by token: what is looked at, by which weights, and whose heads judge."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject

from atu_gui.core.events import Event, JobFailed
from atu_gui.core.ports import TokenRequest
from atu_gui.core.tokens import TokenLine
from atu_gui.ui.rooms.room import Reach, Room


class TokensRoom(Room):
    """Wires the token view to the session; the chat's pickers say which weights read."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._work: Future[Any] | None = None
        self._bench.tokens.look_requested.connect(self._look_at_text)
        self._bench.chat.tokens_requested.connect(self._look_at_answers)
        self._display.changed.connect(self._bench.tokens.clear)
        self._display.inquiries_changed.connect(self._show_kept)
        self._actions.tokens.triggered.connect(self._open)

    def handle(self, event: Event) -> None:
        """What went wrong is said where the tokens would be."""
        if isinstance(event, JobFailed) and event.job == "tokens":
            self._bench.tokens.show_failure(f"{event.message} {event.hint}".strip())

    def _open(self) -> None:
        self._show_page()
        self._bench.show_view("run")
        self._bench.show_tab(self._bench.tokens)
        self._bench.tokens.setFocus()

    def _look_at_text(self, words: str) -> None:
        self._look((words, words), "", "")

    def _look_at_answers(self, prompt: str, texts: tuple[str, ...]) -> None:
        self._open()
        self._look(texts, prompt, _about(prompt))

    def _show_kept(self) -> None:
        """The last look at the past run that is shown, unless another one is under way."""
        known = self._display.inquiries
        if known is not None and known.looks and self._work is None:
            look = known.looks[-1]
            self._bench.tokens.show_lines(look.lines, _about(look.prompt))

    def _look(self, texts: tuple[str, ...], prompt: str, about: str) -> None:
        if self._work is not None:
            return
        chat, past = self._bench.chat, self._display.past
        run = past.run_id if past is not None else self._display.live_run
        request = TokenRequest(texts, (chat.before.weights, chat.after.weights), prompt, run)

        def seen(lines: tuple[TokenLine, ...]) -> None:
            self._over()
            self._bench.tokens.show_lines(lines, about)

        self._work = self._session.serve(lambda port: port.look_at(request), seen, self._over)
        if self._work is None:
            self._bench.tokens.show_failure("There is no model to read it yet. Load one, then look again.")
        self._bench.tokens.show_busy(self._work is not None)

    def _over(self) -> None:
        self._work = None
        self._bench.tokens.show_busy(False)


def _about(prompt: str) -> str:
    return f"Answers to “{prompt}”" if prompt else ""
