"""How the window feels while a model trains, and what the window costs the training.

The same short run is made in turn without and with an open window, both in processes of their own. Without: the service
alone. With: the real window on the real service; a timer that wants to fire every few milliseconds tells how late the
event loop lets it fire.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from atu_gui.bench.display import with_display
from atu_gui.core import paths
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError, ResourceError

_TIMEOUT = 1800.0


class _Told(TypedDict):
    """What a process says."""

    seconds: dict[str, float]
    delays_ms: NotRequired[list[float]]
    window_s: NotRequired[float]


@dataclass(frozen=True, slots=True)
class Responsiveness:
    """Delays of the event loop in milliseconds; times of the training stages in seconds.

    Attributes:
        loop_delay_p99_ms: 99th percentile over all timer events while the model trained, of all repeats together.
        loop_delay_max_ms: The longest.
        delays: How many were measured.
        steps_lost: Share of the steps per second that the open window costs: 1 less the median time of the training
            stages without it over that with it.
        align_lost, unlearn_lost: The same of either kind of stage.
        window_share: What the window's thread used of one processor core while the model trained; the median. Other
            work on the machine hardly changes it.
        alone_s, with_window_s: The times of every repeat.
    """

    loop_delay_p99_ms: float
    loop_delay_max_ms: float
    delays: int
    steps_lost: float
    align_lost: float
    unlearn_lost: float
    window_share: float
    alone_s: list[float]
    with_window_s: list[float]

    def as_json(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def bench_config(
    model: Path | None = None, encoder: Path | None = None, *, align: int = 200, unlearn: int = 8
) -> RunConfig:
    """A run of one round on bundled texts, on the starter kit unless folders are given."""
    data: dict[str, object] = {
        "concepts": [{"name": "the sea"}],
        "rounds": [{"align_steps": align, "unlearn_steps": unlearn, "tau": -0.5}],
        "guards": {
            "forget_goal": None,
            "neighbour_floor": None,
            "utility_limit": None,
            "fluency_floor": None,
            "active_share": None,
        },
    }
    if model is not None:
        data |= {"model": {"source": str(model), "device": "cpu"}, "encoder": str(encoder), "layers": [2]}
    return RunConfig.model_validate(data)


def measure_responsiveness(config: RunConfig, repeats: int = 3) -> Responsiveness:
    """Run `config` `repeats` times without and with the window, in turn.

    Raises:
        InputError: The starter kit is asked for and not there.
        ResourceError: A run failed.
    """
    if config.model.source == "starter" and not paths.starter_ready():
        raise InputError("The starter kit is not on this machine.", "Fetch it with `atu starter`, then try again.")
    alone: list[_Told] = []
    with_window: list[_Told] = []
    delays: list[float] = []
    with tempfile.TemporaryDirectory(prefix="atu-bench-") as name:
        folder = Path(name)
        (folder / "run.json").write_text(config.model_dump_json(), encoding="utf-8")
        # One run that is not counted fills the cache of hidden states and embeddings.
        _child("alone", folder, 0)
        for number in range(1, repeats + 1):
            alone.append(_child("alone", folder, number))
            with_window.append(_child("window", folder, number))
            delays.extend(with_window[-1]["delays_ms"])
    if not delays:
        raise ResourceError("The run was over before a delay could be measured.", "Measure with a larger model.")
    delays.sort()
    return Responsiveness(
        loop_delay_p99_ms=delays[min(len(delays) - 1, round(0.99 * (len(delays) - 1)))],
        loop_delay_max_ms=delays[-1],
        delays=len(delays),
        steps_lost=_lost(alone, with_window, "align", "unlearn"),
        align_lost=_lost(alone, with_window, "align"),
        unlearn_lost=_lost(alone, with_window, "unlearn"),
        window_share=statistics.median(one["window_s"] / sum(one["seconds"].values()) for one in with_window),
        alone_s=[sum(one["seconds"].values()) for one in alone],
        with_window_s=[sum(one["seconds"].values()) for one in with_window],
    )


def _lost(alone: list[_Told], with_window: list[_Told], *stages: str) -> float:
    without, within = (
        statistics.median(sum(one["seconds"][stage] for stage in stages) for one in runs)
        for runs in (alone, with_window)
    )
    return 1.0 - without / within


def _child(kind: str, folder: Path, number: int) -> _Told:
    environment = with_display({**os.environ, "ATU_CONFIG": str(folder), "ATU_CACHE": str(folder)})
    done = subprocess.run(
        [sys.executable, "-m", "atu_gui.bench.training", kind, str(folder), f"{kind}-{number}"],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        env=environment,
    )
    if done.returncode:
        raise ResourceError("A run of the measurement failed.", done.stderr.strip()[-800:])
    told: _Told = json.loads(done.stdout.strip().splitlines()[-1])
    return told
