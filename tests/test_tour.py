"""The tour: the whole main job in the real window on the real service, with a tiny model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

STATIONS = (
    "set-up",
    "welcome",
    "review",
    "aligning",
    "tau-wish",
    "tau-applied",
    "question-during-the-run",
    "outcome",
    "finished",
    "questions",
    "log",
    "small-window",
    "error",
)


@pytest.mark.timeout(600)
def test_the_tour_reaches_every_station(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "atu_gui.app", "--tour", str(tmp_path / "pictures"), "--tiny"],
        capture_output=True,
        text=True,
        timeout=580,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    made = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    wanted = [f"{n:02d}-{name}-{mode}.png" for n, name in enumerate(STATIONS, 1) for mode in ("dark", "light")]
    assert made == wanted
    sizes = {QImage(str(path)).size().toTuple() for path in (tmp_path / "pictures").glob("*-small-window-*.png")}
    assert sizes == {(1280, 800)}
    dark, light = (QImage(str(tmp_path / "pictures" / f"09-finished-{mode}.png")) for mode in ("dark", "light"))
    assert dark.pixelColor(4, 4).lightness() < 60 < 200 < light.pixelColor(4, 4).lightness()


def test_the_version_is_told_without_a_window() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "atu_gui.app", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.startswith("atu-gui 0.")) == (0, True)
