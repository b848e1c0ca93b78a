"""How long the window takes from the start of the process to its first paint, until it answers and is built."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

from atu_gui.bench.display import platform, with_display
from atu_gui.core.errors import ResourceError

# Prints the wall-clock times of the first paint, of the next turn of the event loop and of the end of building, and
# whether torch was there by then, and closes.
_CHILD = """
import sys, time
from atu_gui import app
from PySide6.QtCore import QTimer
def begin(window):
    times = [time.time()]
    QTimer.singleShot(0, lambda: times.append(time.time()))
    def built():
        print(*times, time.time(), "torch" in sys.modules, flush=True)
        window.close()
    window.ready.connect(built)
app.main(["atu-gui"], begin)
"""
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Startup:
    """Medians in seconds, and the single values.

    Attributes:
        first_paint_s: The first page is painted; of `runs`.
        usable_s: A click is served: every page is built and wired; of `usable_runs`.
        ready_s: The plots are built too, and the service may start; of `ready_runs`.
        torch_loaded: Whether torch was imported by then; it must not be.
        platform: Qt's platform.
    """

    first_paint_s: float
    usable_s: float
    ready_s: float
    runs: list[float]
    usable_runs: list[float]
    ready_runs: list[float]
    torch_loaded: bool
    platform: str

    def as_json(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def measure_startup(repeats: int = 5) -> Startup:
    """Start the window `repeats` times, after one start that is not counted (it compiles and fills the disk cache).

    Every start has empty folders of its own. Without a display Qt's offscreen platform paints.

    Raises:
        ResourceError: The window did not come up.
    """
    starts: list[tuple[float, ...]] = []
    torch_loaded = False
    with tempfile.TemporaryDirectory(prefix="atu-bench-") as folder:
        environment = with_display({**os.environ, "ATU_DATA": folder, "ATU_CONFIG": folder, "ATU_CACHE": folder})
        for _ in range(repeats + 1):
            begun = time.time()
            done = subprocess.run(
                [sys.executable, "-c", _CHILD], capture_output=True, text=True, timeout=_TIMEOUT, env=environment
            )
            if done.returncode or not done.stdout:
                raise ResourceError("The window did not come up.", done.stderr.strip()[-500:] or "Start it by hand.")
            *times, had_torch = done.stdout.split()
            starts.append(tuple(float(one) - begun for one in times))
            torch_loaded |= had_torch == "True"
    runs, usable, ready = (list(one) for one in zip(*starts[1:], strict=True))
    return Startup(
        first_paint_s=statistics.median(runs),
        usable_s=statistics.median(usable),
        ready_s=statistics.median(ready),
        runs=runs,
        usable_runs=usable,
        ready_runs=ready,
        torch_loaded=torch_loaded,
        platform=platform(environment),
    )
