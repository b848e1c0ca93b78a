"""The real program: it paints before anything heavy is imported, and every way out of it is a clean one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from atu_gui.core import paths
from atu_gui.core.crashes import last_note

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


@pytest.mark.parametrize("way", ["self.close()", "QApplication.quit()", "__import__('signal').raise_signal(15)"])
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


CRASH = """
import faulthandler, sys
from PySide6.QtCore import QTimer, qFatal
from atu_gui import app

class Watched(app.MainWindow):
    def __init__(self, theme):
        super().__init__(theme)
        self.ready.connect(self.see)

    def see(self):
        crash = self.workbench.crash
        print("offered" if crash.isVisible() else "nothing", crash.words, flush=True)
        QTimer.singleShot(0, self, lambda: {way})

app.MainWindow = Watched
app.main(["atu-gui"])
"""


def test_a_crash_is_offered_by_the_next_start_and_by_no_later_one() -> None:
    def start(way: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CRASH.replace("{way}", way)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            check=False,
        )

    done = [start(way) for way in ("faulthandler._sigsegv()", "qFatal('the display is gone')", "self.close()")]
    assert [one.returncode == 0 for one in done] == [False, False, True]
    assert [one.stdout.split()[0] for one in done] == ["nothing", "offered", "offered"]
    assert "The program crashed" in done[1].stdout
    assert start("self.close()").stdout.split() == ["nothing"]
    words = [note.words for note in (last_note(paths.log_folder()),) if note is not None]
    assert len(words) == 1 and words[0].startswith("Qt: ") and "Aborted" in words[0]
