"""The real program: it paints before torch is imported, and every way out of it is a clean one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from atu_gui import app

class Watched(app.MainWindow):
    def __init__(self, theme):
        super().__init__(theme)
        self.painted.connect(lambda: print("painted", "torch" in sys.modules, flush=True))
        self.painted.connect(lambda: QTimer.singleShot(300, self, lambda: {way}))

app.MainWindow = Watched
print("code", app.main(["atu-gui"]))
"""


@pytest.mark.parametrize("way", ["self.close()", "QApplication.quit()"])
def test_it_paints_without_torch_and_ends_cleanly(way: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{way}", way)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["painted", "False", "code", "0"]), done.stderr
    assert "Traceback" not in done.stderr
