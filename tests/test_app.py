"""The real program: it paints before anything heavy is imported, and every way out of it is a clean one."""

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

NAMES = "torch transformers numpy pyqtgraph scipy matplotlib pandas IPython sqlite3".split()

def loaded(when):
    print(when, *(name for name in NAMES if name in sys.modules), flush=True)

class Watched(app.MainWindow):
    def __init__(self, theme):
        super().__init__(theme)
        self.painted.connect(lambda: loaded("painted"))
        self.ready.connect(lambda: loaded("ready"))
        self.ready.connect(lambda: QTimer.singleShot(300, self, lambda: {way}))

app.MainWindow = Watched
print("code", app.main(["atu-gui"]))
"""


@pytest.mark.parametrize("way", ["self.close()", "QApplication.quit()"])
def test_it_loads_no_more_than_it_shows_and_ends_cleanly(way: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{way}", way)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    told = ["painted", "ready numpy pyqtgraph", "code 0"]
    assert (done.returncode, done.stdout.splitlines()) == (0, told), done.stderr
    assert "Traceback" not in done.stderr
