"""How busy this machine is: processor, memory and, where there is one, the NVIDIA GPU. No Qt."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atu_gui.core import text


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure: a short name, its words, the share of the whole, and a sentence for the tooltip."""

    name: str
    words: str
    share: float
    sentence: str


def on_battery() -> bool | None:
    """Whether this machine runs on its battery; None where it has none, or does not say."""
    import psutil

    sensors = getattr(psutil, "sensors_battery", None)
    try:
        found = sensors() if sensors is not None else None
    except Exception:
        # Drivers of some machines report nonsense, each in a way of its own.
        return None
    return None if found is None or found.power_plugged is None else not found.power_plugged


def disk_free(folder: Path) -> float | None:
    """Bytes that are free where a folder is, or will be; None where the disk does not say."""
    try:
        return float(shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists())).free)
    except (OSError, StopIteration):
        return None


def resident() -> int:
    """Bytes of memory that this process has now, its libraries included."""
    import psutil

    return int(psutil.Process().memory_info().rss)


class Machine:
    """Reads the machine's figures; every read costs well under a millisecond.

    Both libraries are imported by the first read, so that no window waits for them.
    """

    def __init__(self) -> None:
        self._psutil: Any = None
        self._nvml: Any = None
        self._gpu: Any = None

    def read(self, gpu: int = 0) -> tuple[Reading, ...]:
        """What is known now, the GPU first. `gpu` is the number of the device that the model is on."""
        if self._psutil is None:
            self._psutil = self._open(gpu)
        return (*self._gpu_readings(), *self._cpu_readings())

    def free(self, device: str) -> float | None:
        """Bytes of memory that are free on a model's device ("cpu", "cuda:0"); None where that cannot be read."""
        kind, _, index = device.partition(":")
        if self._psutil is None:
            self._psutil = self._open(int(index) if kind == "cuda" and index.isdigit() else 0)
        if kind != "cuda":
            return float(self._psutil.virtual_memory().available)
        try:
            return float(self._nvml.nvmlDeviceGetMemoryInfo(self._gpu).free)
        except Exception:
            # No driver, or a virtual GPU that does not say.
            return None

    def _open(self, gpu: int) -> Any:
        import psutil

        # The first figure says nothing; later ones look back to the call before.
        psutil.cpu_percent(None)
        try:
            import pynvml

            pynvml.nvmlInit()
            self._gpu = pynvml.nvmlDeviceGetHandleByIndex(gpu)
            self._nvml = pynvml
        except Exception:
            # No driver, no such device, a library of another version: there is no GPU to speak of.
            self._nvml = None
        return psutil

    def _cpu_readings(self) -> tuple[Reading, ...]:
        busy = float(self._psutil.cpu_percent(None)) / 100
        memory = self._psutil.virtual_memory()
        used = memory.total - memory.available
        heat = self._cpu_heat()
        words = text.percent(busy) if heat is None else f"{text.percent(busy)} · {heat:.0f} °C"
        cores = self._psutil.cpu_count() or 1
        return (
            Reading("CPU", words, busy, f"Processor: {words} of {text.count(cores, 'core')}, all programs together."),
            Reading(
                "RAM",
                text.size(used),
                used / memory.total,
                f"Memory: {text.size(used)} of {text.size(memory.total)} in use, all programs together.",
            ),
        )

    def _cpu_heat(self) -> float | None:
        """Degrees Celsius of the processor, where the system says so."""
        sensors = getattr(self._psutil, "sensors_temperatures", None)
        try:
            found = sensors() if sensors is not None else {}
        except OSError:
            return None
        for name in ("coretemp", "k10temp", "zenpower", "cpu_thermal"):
            if found.get(name):
                return float(max(sensor.current for sensor in found[name]))
        return None

    def _gpu_readings(self) -> tuple[Reading, ...]:
        if self._nvml is None:
            return ()
        try:
            busy = self._nvml.nvmlDeviceGetUtilizationRates(self._gpu).gpu / 100
            memory = self._nvml.nvmlDeviceGetMemoryInfo(self._gpu)
            heat = self._nvml.nvmlDeviceGetTemperature(self._gpu, self._nvml.NVML_TEMPERATURE_GPU)
        except Exception:
            # Some virtual GPUs refuse some figures; what cannot be read is left out.
            return ()
        words = f"{text.percent(busy)} · {heat:.0f} °C"
        used, total = float(memory.used), float(memory.total)
        return (
            Reading("GPU", words, busy, f"Graphics processor: {words}, all programs together."),
            Reading(
                "VRAM", text.size(used), used / total, f"GPU memory: {text.size(used)} of {text.size(total)} in use."
            ),
        )
