"""A run in the real window on the real service, begun or gone on with by what a user presses and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

from atu_gui import app
from atu_gui.core.config import RunConfig
from atu_gui.core.events import Event, RunFailed, RunFinished
from atu_gui.ui.hands import Hands
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import Phase
from atu_gui.ui.theme import Theme

_PATIENCE = 240.0


def make_run(config: RunConfig | None, heard: Callable[[Event], None] = lambda _event: None) -> bool:
    """Show the window until its run has ended, or it is closed from outside.

    Args:
        config: What to run; None: the run whose resumption the window offers at its start.
        heard: Hears what the window hears, on its thread.

    Returns:
        Whether the run came to its end.
    """
    hands = Hands(_PATIENCE)
    events: list[Event] = []

    async def use(window: MainWindow) -> None:
        bench = window.workbench
        if config is None:
            await hands.press(bench.notice, "Resume")
        else:
            bench.setup.show_config(config)
            window.show_page("workbench")
            await hands.press(bench.run_bar, "Run")
            await hands.press(window.review, "Start unlearning")
        ended = (RunFinished, RunFailed)
        await hands.until(lambda: any(isinstance(event, ended) for event in events), "the end of the run")
        await hands.until(lambda: window.session.phase is Phase.IDLE, "rest")

    class Used(MainWindow):
        """Is used as soon as it is whole."""

        def __init__(self, theme: Theme) -> None:
            super().__init__(theme)
            self.bridge.add_handler(events.append)
            self.bridge.add_handler(heard)
            self.ready.connect(lambda: hands.begin(self, use))

    with mock.patch.object(app, "MainWindow", Used):
        app.main(["atu-gui"])
    return hands.error is None and any(isinstance(event, RunFinished) for event in events)
