"""What a run says about its checkpoints, and when it goes on from one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckpointDue:
    """The run is about to be kept as it is now. Whoever records it writes what waits: the checkpoint counts on that.

    Not recorded itself, because the clock decides when one is due. `certain` where a pause or an end hangs on it: then
    the run waits until it is written.
    """

    run_id: str
    step: int
    certain: bool = False


@dataclass(frozen=True, slots=True)
class CheckpointWritten:
    """From here the run can be resumed. Not recorded.

    Attributes:
        step: Optimizer steps that it holds.
        written: Unix time in seconds.
        size: Bytes that were written; parts that had not changed are not written again.
        held_up: Seconds for which the run waited.
    """

    run_id: str
    step: int
    written: float
    size: int
    held_up: float


@dataclass(frozen=True, slots=True)
class RunContinued:
    """The run goes on from a checkpoint after its program had ended; what came after the checkpoint is done again."""

    run_id: str
    round: int
    step: int
