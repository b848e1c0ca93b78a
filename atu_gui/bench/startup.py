"""How long the window takes from the start of the process to its first paint."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

from atu_gui.core.errors import ResourceError

# Prints the wall-clock time of the first paint, and whether torch was there by then, and closes.
_CHILD = """
import sys, time
from atu_gui import app
def begin(window):
    print(time.time(), "torch" in sys.modules, flush=True)
    window.close()
app.main(["atu-gui"], begin)
"""
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Startup:
    """`first_paint_s` is the median of `runs`, in seconds; `torch_loaded` must be false."""

    first_paint_s: float
    runs: list[float]
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
    times, torch_loaded = [], False
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
            painted, had_torch = done.stdout.split()
            times.append(float(painted) - begun)
            torch_loaded |= had_torch == "True"
    counted = times[1:]
    return Startup(
        statistics.median(counted), counted, torch_loaded, environment.get("QT_QPA_PLATFORM", "the desktop's own")
    )
