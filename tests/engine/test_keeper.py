from __future__ import annotations

from collections.abc import Generator
from typing import cast

from atu_gui.core.events import CheckpointDue, CheckpointWritten, Event, Note, RunFinished
from atu_gui.engine.checkpoints import Checkpoints, CheckpointState, Parts
from atu_gui.engine.gate import Gate
from atu_gui.engine.keeper import Keeper

FINISHED = RunFinished("r", "stopped by you", 0, 0, 1.0, "")


class OnItsWay:
    """Checkpoints whose disk is slow: one begun is written as soon as somebody asks a second time."""

    def __init__(self) -> None:
        self.is_writing = False
        self._asked = 0

    def begin(self, _state: CheckpointState, _parts: Parts) -> None:
        self.is_writing = True

    def finished(self, _timeout: float | None = None) -> int | None:
        self._asked += self.is_writing
        if self._asked < 2:
            return None
        self.is_writing = False
        return 7

    def close(self) -> None:
        pass


class FreeGate:
    def is_held_by(self, _cause: str) -> bool:
        return False


def told(*course: Event) -> list[type[Event]]:
    def events() -> Generator[Event, None, None]:
        yield from course

    checkpoints, standing = cast("Checkpoints", OnItsWay()), cast("tuple[CheckpointState, Parts]", (None, None))
    keeper = Keeper("r", checkpoints, cast("Gate", FreeGate()), lambda _recorded: standing, 0)
    return [type(event) for event in keeper.watch(events())]


def test_a_checkpoint_is_told_once_it_is_written() -> None:
    note = Note("info", "A step.")
    assert told(CheckpointDue("r", 0), note, note, FINISHED) == [
        CheckpointDue,
        Note,
        CheckpointWritten,
        Note,
        RunFinished,
    ]


def test_nothing_comes_after_the_end() -> None:
    assert told(CheckpointDue("r", 0), Note("info", "A step."), FINISHED) == [CheckpointDue, Note, RunFinished]
