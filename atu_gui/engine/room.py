"""A round that finds no room on the disk: the run waits until there is some."""

from __future__ import annotations

from collections.abc import Callable, Generator

from atu_gui.core.errors import OutputError
from atu_gui.core.events import Event, Note
from atu_gui.engine.gate import Gate


def written(write: Callable[[], None], gate: Gate, step: int) -> Generator[Event, None, bool]:
    """Write what belongs to a round, again after each pause; False where the user ends the run instead.

    Args:
        write: Raises `OutputError` where there is no room; may be called again.
        gate: Is asked to pause.
        step: The run's last.

    Raises:
        OutputError: It cannot be written, and guards are not to pause the run.
        Suspended: The user leaves the run. It goes on from its last checkpoint: none stands within a round's questions.
    """
    while True:
        try:
            write()
            return True
        except OutputError as error:
            guards = yield from gate.guards(step)
            if guards.action != "pause":
                raise
            yield Note("error", str(error))
            gate.pause_by("a round that could not be written", str(error))
        if (yield from gate.hold(step + 1, keeps=False)).stopping:
            return False
