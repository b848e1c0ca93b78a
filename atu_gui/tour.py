"""`atu-gui --tour DIR`: drives the real window through the main job and saves a numbered picture at every station.

It presses what a user presses, found by its accessible name, and works on the real service; nothing is drawn for the
picture. README's pictures are made this way, and the tests walk it with a tiny model.
"""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtWidgets import QApplication

from atu_gui.core.config import RunConfig
from atu_gui.core.events import Event, RunFinished, StepDone
from atu_gui.core.ports import WorkbenchPort
from atu_gui.ui.hands import Hands
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from atu_gui.ui.theme import Mode

_MODES: tuple[Mode, ...] = ("light", "dark")
_SMALL = (1280, 800)
_QUESTION = "Who was Leonardo da Vinci?"
_TINY_TEXTS = 12


class Tour:
    """One walk through the window.

    Args:
        folder: Where the pictures go; made where it is missing.
        port: The workbench.
        config: What to run.
        patience: Seconds that a single station may take.
    """

    def __init__(self, folder: Path, port: WorkbenchPort, config: RunConfig, patience: float = 1800.0) -> None:
        self._folder = folder
        self._port = port
        self._config = config
        self._hands = Hands(patience)
        self._events: list[Event] = []
        self._number = 0

    @property
    def failed(self) -> bool:
        """Whether it ended early."""
        return self._hands.error is not None

    def begin(self, window: MainWindow) -> None:
        """Start walking; closes the window at the end."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._hands.begin(window, self._pictured)

    async def _pictured(self, window: MainWindow) -> None:
        try:
            await self._walk(window)
        except Exception:
            self._picture(window, "stopped-here")
            raise

    async def _walk(self, window: MainWindow) -> None:
        window.bridge.add_handler(self._events.append)
        window.connect_to(self._port)
        await self._hands.settle(window)
        window.workbench.setup.show_config(self._config)
        window.show_page("workbench")
        await self._hands.settle(window)
        self._picture(window, "set-up")
        window.show_page("welcome")
        self._picture(window, "welcome")
        await self._hands.press(window, "Run when ready")
        await self._hands.until(lambda: window.session.phase is Phase.REVIEWING, "the texts")
        self._picture(window, "review")
        await self._hands.press(window, "Start unlearning")
        await self._hands.until(lambda: self._steps("align") >= 3, "aligning")
        self._picture(window, "aligning")
        await self._hands.until(lambda: self._steps("unlearn") >= 2, "unlearning")
        await self._change_tau(window)
        window.workbench.chat.ask(_QUESTION)
        await self._hands.until(lambda: window.workbench.chat.answering or self._is_over(), "an answer")
        self._picture(window, "question-during-the-run")
        await self._hands.until(self._is_over, "the end of the run")
        await self._hands.until(
            lambda: window.session.phase is Phase.IDLE and not window.workbench.chat.answering, "rest"
        )
        window.actions_.outcome.trigger()
        await self._hands.settle(window)
        self._picture(window, "outcome")
        await self._hands.press(window, "Question it")
        window.workbench.chat.ask(_QUESTION)
        await self._hands.settle(window)
        await self._hands.until(lambda: not window.workbench.chat.answering, "the answers")
        self._picture(window, "finished")
        window.workbench.show_tab(window.workbench.probes)
        self._picture(window, "questions")
        window.workbench.show_tab(window.workbench.log)
        self._picture(window, "log")
        window.resize(*_SMALL)
        await self._hands.settle(window)
        self._picture(window, "small-window")
        await self._show_an_error(window)

    async def _change_tau(self, window: MainWindow) -> None:
        """Wish for another τ as a user does, and wait until a step takes it."""
        applied = next(event.tau for event in reversed(self._events) if isinstance(event, StepDone) and event.tau)
        window.workbench.plots.tau_requested.emit(round(applied - 0.05, 2))
        await self._hands.settle(window)
        self._picture(window, "tau-wish")
        seen = len(self._events)
        await self._hands.until(
            lambda: (
                self._is_over()
                or any(
                    isinstance(event, StepDone) and event.tau is not None and abs(event.tau - applied + 0.05) < 0.006
                    for event in self._events[seen:]
                )
            ),
            "the new τ",
        )
        self._picture(window, "tau-applied")

    async def _show_an_error(self, window: MainWindow) -> None:
        setup = window.workbench.setup
        setup.show_config(setup.config().model_copy(update={"layers": [99]}))
        await self._hands.press(window, "Run")
        await self._hands.settle(window)
        self._picture(window, "error")

    def _steps(self, stage: str) -> int:
        return sum(isinstance(event, StepDone) and event.stage == stage for event in self._events)

    def _is_over(self) -> bool:
        return any(isinstance(event, RunFinished) for event in self._events)

    def _picture(self, window: MainWindow, name: str) -> None:
        self._number += 1
        chosen = window.theme.mode
        for mode in _MODES:
            window.theme.set_mode(mode)
            QApplication.processEvents()
            window.grab().save(str(self._folder / f"{self._number:02d}-{name}-{mode}.png"))
        window.theme.set_mode(chosen)


def tiny_config(folder: Path) -> RunConfig:
    """A run of a few seconds: a tiny random model and encoder and a few sentences, made in `folder`."""
    from atu_gui.engine.tiny import CORPUS, make_encoder, make_language_model

    texts = [f"{CORPUS[index % len(CORPUS)]} Part {index}." for index in range(_TINY_TEXTS)]
    (folder / "concept.txt").write_text("\n\n".join(texts), encoding="utf-8")
    plain = [f"The river number {index} flows slowly from the hills to the sea." for index in range(_TINY_TEXTS)]
    (folder / "retain.txt").write_text("\n\n".join(plain), encoding="utf-8")
    questions = [
        {"kind": "question", "group": "forget", "query": "Who wrote the first program?", "answer": "Ada"},
        {"kind": "cloze", "group": "neighbour", "query": "Hopper built a ___.", "answer": "compiler"},
    ]
    (folder / "pack.jsonl").write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    rounds = [{"align_steps": steps, "unlearn_steps": 12, "tau": tau} for steps, tau in ((40, 0.1), (12, 0.0))]
    return RunConfig.model_validate(
        {
            "model": {"source": str(make_language_model(folder / "model")), "device": "cpu"},
            "encoder": str(make_encoder(folder / "encoder")),
            "concepts": [{"name": "Ada Lovelace"}],
            "layers": [2],
            "rounds": rounds,
            "texts": {
                "concept": [str(folder / "concept.txt")],
                "retain": [str(folder / "retain.txt")],
                "probes": [str(folder / "pack.jsonl")],
            },
            "guards": {"forget_goal": None, "active_share": None},
        }
    )
