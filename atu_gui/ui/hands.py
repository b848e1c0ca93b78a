"""Uses the window as a user does: presses what is there, found by its name, and waits for what comes of it.

For the tour and for measurements; the window itself knows nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from PySide6.QtWidgets import QAbstractButton, QWidget

from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.session import IN_RUN, Phase

_LOG = logging.getLogger(__name__)
_POLL = 0.03
_AT_THE_END = 60.0


class Hands:
    """One use of a window.

    Args:
        patience: Seconds that a single wait may take.

    Attributes:
        error: What ended it early; None where it came to its end.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._task: asyncio.Task[None] | None = None
        self.error: Exception | None = None

    def begin(self, window: MainWindow, use: Callable[[MainWindow], Awaitable[None]]) -> None:
        """Start using the window, on its own thread; closes it at the end, whatever happens."""
        self._task = asyncio.get_event_loop().create_task(self._guarded(window, use))

    async def press(self, within: QWidget, words: str) -> None:
        """Press the button of this name once it is there and on.

        Raises:
            TimeoutError: It does not come.
        """

        def there() -> QAbstractButton | None:
            named = (one for one in within.findChildren(QAbstractButton) if words in (one.accessibleName(), one.text()))
            return next((one for one in named if one.isVisible() and one.isEnabled()), None)

        await self.until(lambda: there() is not None, f"the button “{words}”")
        button = there()
        assert button is not None
        button.click()

    async def until(self, done: Callable[[], bool], what: str, patience: float | None = None) -> None:
        """Wait for something, with the window alive.

        Raises:
            TimeoutError: It does not come.
        """
        patience = self._patience if patience is None else patience
        now = asyncio.get_event_loop().time
        deadline = now() + patience
        while not done():
            if now() > deadline:
                raise TimeoutError(f"waited {patience:.0f} s for {what}")
            await asyncio.sleep(_POLL)

    async def settle(self, window: MainWindow) -> None:
        """Let timers and layouts do their work."""
        await asyncio.sleep(10 * _POLL)
        window.bridge.drain()

    async def _guarded(self, window: MainWindow, use: Callable[[MainWindow], Awaitable[None]]) -> None:
        try:
            await use(window)
        except Exception as error:
            self.error = error
            _LOG.exception("The use of the window ended early.")
        finally:
            await self._leave(window)

    async def _leave(self, window: MainWindow) -> None:
        session = window.session
        if session.phase not in (Phase.IDLE, Phase.REVIEWING):
            session.stop()
            with contextlib.suppress(TimeoutError):
                await self.until(lambda: session.phase is Phase.IDLE, "the end of the run", _AT_THE_END)
        if session.phase in IN_RUN:
            # Closing would ask what is to become of the run, and nobody is there to answer.
            asyncio.get_event_loop().stop()
        else:
            window.close()
