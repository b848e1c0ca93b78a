"""What the machine says about itself, with and without a GPU."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from atu_gui.core.machine import Machine, disk_free, on_battery


def _nvml(**broken: Exception) -> SimpleNamespace:
    def answer(name: str, value: object) -> object:
        def say(*_args: object) -> object:
            if name in broken:
                raise broken[name]
            return value

        return say

    return SimpleNamespace(
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=answer("init", None),
        nvmlDeviceGetHandleByIndex=answer("handle", object()),
        nvmlDeviceGetUtilizationRates=answer("rates", SimpleNamespace(gpu=78, memory=12)),
        nvmlDeviceGetMemoryInfo=answer("memory", SimpleNamespace(used=1.9e9, total=24e9)),
        nvmlDeviceGetTemperature=answer("heat", 61),
    )


def test_a_gpu_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", _nvml())
    readings = Machine().read()
    assert [reading.name for reading in readings] == ["GPU", "VRAM", "CPU", "RAM"]
    assert readings[0].words == "78 % · 61 °C" and readings[0].share == 0.78
    assert readings[1].words == "1.9 GB" and "24.0 GB" in readings[1].sentence


@pytest.mark.parametrize("broken", ["init", "handle", "rates", "heat"])
def test_a_gpu_that_does_not_answer_is_left_out(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", _nvml(**{broken: RuntimeError("no")}))
    assert [reading.name for reading in Machine().read()] == ["CPU", "RAM"]


def test_the_heat_of_the_processor_is_said_where_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    monkeypatch.setitem(sys.modules, "pynvml", _nvml(init=RuntimeError("no")))
    sensors = {"coretemp": [SimpleNamespace(current=48.0), SimpleNamespace(current=55.0)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: sensors, raising=False)
    cpu = Machine().read()[0]
    assert cpu.words.endswith("· 55 °C")


def _sensors(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    def read() -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("psutil.sensors_battery", read, raising=False)


def test_a_battery_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for plugged, expected in ((True, False), (False, True), (None, None)):
        _sensors(monkeypatch, SimpleNamespace(percent=80, power_plugged=plugged))
        assert on_battery() is expected


@pytest.mark.parametrize("answer", [None, OSError("no such file"), ValueError("nonsense")])
def test_a_machine_without_a_battery_says_nothing(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    _sensors(monkeypatch, answer)
    assert on_battery() is None


def test_a_system_that_knows_no_batteries_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("psutil.sensors_battery", raising=False)
    assert on_battery() is None


def test_the_disk_of_a_folder_that_is_yet_to_come(tmp_path: Path) -> None:
    free = disk_free(tmp_path / "not" / "there")
    assert free is not None and free > 0
