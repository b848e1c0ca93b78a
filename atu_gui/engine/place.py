"""Where a run stands: everything that decides what comes next, besides tensors and the user's wishes. Plain data.

A run begins at a place. The first one is round 0 of the untouched model; that of a resumed run comes from its
checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from atu_gui.core.events import RoundScored

Station = Literal["align", "unlearn", "probe", "end"]


@dataclass(slots=True)
class Place:
    """Moved along by the stages of a run; consistent whenever the run may be kept.

    Attributes:
        round: The round under way.
        station: The stage under way, or to come where `begun` is None; "end" after the last.
        step: Optimizer steps so far in the run.
        begun: Run time in seconds at which the stage began; None while it has not.
        index: Steps so far in the stage.
        planned_tau: The τ chosen for the round.
        tau: The τ applied last.
        align_cosine: Held out, at the end of the round's align stage.
        ceiling: The lowest τ by quantile so far.
        inactive: Steps in a row with hardly any position above τ.
        has_paused: Whether the stage has paused for that.
        untouched: Scores of round 0.
        good: Scores of the rounds that no guard rejected.
        done: Rounds finished.
        best_round: The last good round; in the end the round to keep.
        because: Why the run ended.
        rows: Texts that a step computes at once, halved where memory ran out; 0 is the whole batch.
        unlearn_rows: The same for unlearn steps, as measured on a GPU before the first one.
        recompute: Whether their blocks are computed again for the backward pass, as measured.
        compiled: Whether their blocks are compiled, as reckoned from what was measured.
        settled: Whether that has been measured.
    """

    round: int = 0
    station: Station = "probe"
    step: int = 0
    begun: float | None = None
    index: int = 0
    planned_tau: float = 0.0
    tau: float = 0.0
    align_cosine: float | None = None
    ceiling: float = 1.0
    inactive: int = 0
    has_paused: bool = False
    untouched: RoundScored | None = None
    good: tuple[RoundScored, ...] = ()
    done: int = 0
    best_round: int = 0
    because: str = ""
    rows: int = 0
    unlearn_rows: int = 0
    recompute: bool = False
    compiled: bool = False
    settled: bool = False

    def move(self, station: Station, round_: int) -> None:
        """Stand before another stage."""
        self.station, self.round = station, round_
        self.begun, self.index, self.inactive, self.has_paused = None, 0, 0, False

    def end(self, because: str) -> None:
        """No stage comes any more."""
        self.move("end", self.round)
        self.because = because
