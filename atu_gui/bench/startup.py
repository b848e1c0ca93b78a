"""How long the window takes from the start of the process to its first paint, and until it answers."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

from atu_gui.core.errors import ResourceError

# Prints the wall-clock times of the first paint and of an idle event loop, and whether torch was there by then, and
# closes. A timer of 0 ms fires when nothing else waits; two in a row also let what the first paint asked for pass.
_CHILD = """
import sys, time
from atu_gui import app
from PySide6.QtCore import QTimer
def begin(window):
    painted = time.time()
    def idle():
        print(painted, time.time(), "torch" in sys.modules, flush=True)
        window.close()
    QTimer.singleShot(0, lambda: QTimer.singleShot(0, idle))
app.main(["atu-gui"], begin)
"""
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Startup:
    """Medians in seconds: `first_paint_s` of `runs`, `usable_s` (idle, any click is served at once) of `usable_runs`.

    The service starts after the first paint and is not part of it; `torch_loaded` must be false.
    """

    first_paint_s: float
    usable_s: float
    runs: list[float]
    usable_runs: list[float]
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
    times, usable, torch_loaded = [], [], False
    with tempfile.TemporaryDirectory(prefix="atu-bench-") as folder:
        environment = {**os.environ, "ATU_DATA": folder, "ATU_CONFIG": folder, "ATU_CACHE": folder}
        if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        for _ in range(repeats + 1):
            begun = time.time()
            done = subprocess.run(
                [sys.executable, "-c", _CHILD], capture_output=True, text=True, timeout=_TIMEOUT, env=environment
            )
            if done.returncode or not done.stdout:
                raise ResourceError("The window did not come up.", done.stderr.strip()[-500:] or "Start it by hand.")
            painted, idle, had_torch = done.stdout.split()
            times.append(float(painted) - begun)
            usable.append(float(idle) - begun)
            torch_loaded |= had_torch == "True"
    return Startup(
        first_paint_s=statistics.median(times[1:]),
        usable_s=statistics.median(usable[1:]),
        runs=times[1:],
        usable_runs=usable[1:],
        torch_loaded=torch_loaded,
        platform=environment.get("QT_QPA_PLATFORM", "the desktop's own"),
    )
