"""The real program: it paints before anything heavy is imported, and every way out of it is a clean one."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from atu_gui.core import paths
from atu_gui.core.config import dump_config
from atu_gui.core.crashes import last_note
from atu_gui.core.ports import RunRecord
from atu_gui.core.sameness import said
from atu_gui.store.runs import RunStore
from tests.service.test_resuming import _config as tiny_run

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


# A tiny run in the window, which gets a signal when it hears of a step, or none.
SIGNALLED = """
import signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from atu_gui.bench.windowed import make_run
from atu_gui.core.config import load_config, parse_config
from atu_gui.core.events import StepDone
config = None if sys.argv[1] == "resume" else parse_config(load_config(Path(sys.argv[1])))
def heard(event):
    if isinstance(event, StepDone) and event.step == int(sys.argv[2]):
        signal.raise_signal(signal.SIGTERM)
print("ended" if make_run(config, heard) else "left")
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_a_signal_leaves_a_run_that_the_next_window_brings_to_the_same_end(
    tiny_model: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def window(*words: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", SIGNALLED, *words], capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def run() -> tuple[RunRecord, list[str]]:
        with closing(RunStore.open(paths.store_file())) as store:
            (record,) = store.runs()
            return record, said(store.events_of(record.run_id))

    config = tiny_run(tiny_model, tiny_encoder, tmp_path / "inputs")
    config.rounds[1] = config.rounds[1].model_copy(update={"unlearn_steps": 300})
    file = tmp_path / "config.toml"
    file.write_text(dump_config(config), encoding="utf-8")
    assert window(str(file), "10") == ["left"]
    left, _ = run()
    assert (left.status, left.can_resume) == ("interrupted", True)
    assert window("resume", "0") == ["ended"]
    resumed, events = run()
    assert (resumed.run_id, resumed.status) == (left.run_id, "done")
    monkeypatch.setenv("ATU_DATA", str(tmp_path / "another"))
    assert window(str(file), "0") == ["ended"]
    assert run()[1] == events
