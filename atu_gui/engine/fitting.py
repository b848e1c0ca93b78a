"""Steps that fit into memory: where one does not, it is taken again with half as many texts at once, to the same
effect, and with one text at a time the run pauses."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from atu_gui.core import text
from atu_gui.core.errors import ResourceError, is_out_of_memory
from atu_gui.core.events import Event, Note
from atu_gui.engine.compiling import CompiledBlocks, can_compile, pays
from atu_gui.engine.devices import wait_for
from atu_gui.engine.gate import Gate
from atu_gui.engine.gpu_room import Rehearsing, Room, find_room, let_go, memory_of
from atu_gui.engine.place import Place
from atu_gui.engine.setting import Setting

T = TypeVar("T")
_FULL = "The memory is full even with one text at a time; no weight was changed."
_ADVICE = "Close other programs, or start a run with shorter passages, a lower layer or a smaller model."


def portions(indices: Sequence[int], rows: int) -> list[list[int]]:
    """The texts of a step, so many at once; 0 leaves them together."""
    size = rows or max(1, len(indices))
    return [list(indices[start : start + size]) for start in range(0, len(indices), size)]


class Fitting:
    """Takes the steps of a run. How many texts fit is part of its place, so that a resumed run computes alike.

    Args:
        gate: Is asked to pause where nothing fits.
        place: Where the run stands.
        setting: Texts of a whole step, and whether blocks are recomputed or compiled.
    """

    def __init__(self, gate: Gate, place: Place, setting: Setting) -> None:
        self._gate = gate
        self._place = place
        self._setting = setting
        self._batch = setting.config.windows.batch
        self._mode = setting.config.unlearn.recompute
        self._told = False
        setting.recompute = place.recompute or self._mode == "on"
        if place.compiled:
            setting.compiled = CompiledBlocks()

    def settle(self, trainer: Rehearsing) -> Generator[Event, None, None]:
        """Before the first unlearn step, find out how it is best computed; a CPU's memory cannot be measured so."""
        memory, place = memory_of(self._setting.lm.device), self._place
        if memory is None or place.settled:
            return
        room = find_room(trainer.rehearse, memory, batch=self._batch, mode=self._mode, to_come=trainer.bytes_to_come)
        place.settled, place.unlearn_rows, place.recompute = True, room.rows, room.recompute
        self._setting.recompute = room.recompute
        words = [f"compute {text.count(room.rows, 'text')} at once"] if room.rows else []
        words += ["compute blocks twice"] if room.recompute and self._mode == "auto" else []
        if words:
            yield Note("info", f"To fit into the memory, unlearn steps {' and '.join(words)}, with the same result.")
        if self._should_compile(trainer, room):
            place.compiled, self._setting.compiled = True, CompiledBlocks()
            yield Note("info", "Blocks are compiled: the first unlearn steps take longer, all others less.")

    def take(self, step: Callable[[int], T], most: int = 0) -> Generator[Event, None, T | None]:
        """What a step says, given how many texts it may compute at once; None where the run was paused instead.

        Args:
            step: Leaves weights and data order as they were where it raises.
            most: Texts that it computes at once at most; 0 is the whole batch.

        Raises:
            ResourceError: Nothing fits, and guards are not to pause the run.
        """
        while True:
            rows = min(filter(None, (self._place.rows, most)), default=0)
            try:
                done = step(rows)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
            else:
                yield from self._tell_failure()
                return done
            # Only now are the tensors let go that the error's frames held.
            let_go()
            rows = (rows or self._batch) // 2
            if not rows:
                yield from self._pause()
                return None
            self._place.rows = rows
            words = f"The memory was full: steps now compute {text.count(rows, 'text')} at once instead of"
            yield Note("warning", f"{words} {rows * 2}, and add up to the same batch of {self._batch}.")

    def _should_compile(self, trainer: Rehearsing, room: Room) -> bool:
        """Whether what all planned steps would save is more than compiling takes."""
        config = self._setting.config
        if config.unlearn.compile != "auto" or not can_compile(config.unlearn):
            return False
        planned = sum(plan.unlearn_steps for plan in config.rounds[max(0, self._place.round - 1) :])
        rows = room.rows or self._batch
        seconds = 0.0
        for _ in range(2):  # the first one warms up
            begun = time.perf_counter()
            trainer.rehearse(rows, room.recompute)
            wait_for(self._setting.lm.device)
            seconds = time.perf_counter() - begun
        return pays(planned, seconds * math.ceil(self._batch / rows))

    def _tell_failure(self) -> Generator[Event, None, None]:
        compiled = self._setting.compiled
        if compiled is not None and compiled.failure and not self._told:
            self._told = True
            words = f"The blocks could not be compiled here ({compiled.failure})"
            yield Note("warning", f"{words}; they are computed as they are, with the same result.")

    def _pause(self) -> Generator[Event, None, None]:
        step = self._place.step
        guards = yield from self._gate.guards(step)
        if guards.action != "pause":
            raise ResourceError(_FULL, _ADVICE)
        yield Note("error", f"{_FULL} {_ADVICE}")
        self._gate.pause_by("a full memory", f"{_FULL} {_ADVICE}")
        yield from self._gate.hold(step + 1)
