"""Notes of processes that really died."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atu_gui.core.crashes import CrashWatch, last_note, take_notes

CHILD = """
import faulthandler, os, sys
from pathlib import Path
from atu_gui.core.black_box import BlackBox
def fall():
    {way}
with BlackBox(Path(sys.argv[1]), "a test") as box:
    fall()
"""


def _child(folder: Path, way: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD.replace("{way}", way), str(folder)], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("way", "words"),
    [("faulthandler._sigsegv()", "Segmentation fault"), ("os.abort()", "Aborted")],
)
def test_a_process_that_dies_leaves_a_note(tmp_path: Path, way: str, words: str) -> None:
    assert _child(tmp_path, way).returncode != 0
    (note,) = take_notes(tmp_path)
    assert words in note.words and "in fall" in note.words
    assert abs(note.died - time.time()) < 60
    assert take_notes(tmp_path) == ()
    kept = last_note(tmp_path)
    assert kept is not None and kept.words == note.words


def test_last_words_stand_in_the_note(tmp_path: Path) -> None:
    _child(tmp_path, "box.last_words('Qt: the display is gone'); os.abort()")
    assert take_notes(tmp_path)[0].words.startswith("Qt: the display is gone")


@pytest.mark.parametrize("way", ["pass", "sys.exit(3)", "raise ValueError('an error is no crash')"])
def test_an_orderly_end_leaves_nothing(tmp_path: Path, way: str) -> None:
    _child(tmp_path, way)
    assert take_notes(tmp_path) == () and last_note(tmp_path) is None
    assert [file.name for file in tmp_path.iterdir()] == ["atu-gui.log"]


def test_who_was_killed_could_write_nothing(tmp_path: Path) -> None:
    _child(tmp_path, "os.kill(os.getpid(), 9)")
    assert list(tmp_path.glob("running-*")) != []
    assert take_notes(tmp_path) == ()
    assert list(tmp_path.glob("running-*")) == []


def test_the_note_of_a_living_process_stays_with_it(tmp_path: Path) -> None:
    code = CHILD.replace("{way}", "print('up', flush=True); input()")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        child.stdout.readline()
        assert take_notes(tmp_path) == () and len(list(tmp_path.glob("running-*"))) == 1
        child.stdin.write("\n")
        child.stdin.flush()
        child.wait(timeout=30)
    assert list(tmp_path.glob("running-*")) == []


def test_a_process_that_took_the_number_over_is_another(tmp_path: Path) -> None:
    (tmp_path / f"running-{os.getppid()}-1000.txt").write_text("Fatal Python error", encoding="utf-8")
    assert [note.words for note in take_notes(tmp_path)] == ["Fatal Python error"]


def test_only_the_last_few_are_kept(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"running-999999{number}-{1000 + number}.txt").write_text(f"crash {number}", encoding="utf-8")
    assert len(take_notes(tmp_path)) == 9
    assert [file.read_text() for file in sorted(tmp_path.glob("crash-*"))] == [f"crash {n}" for n in range(4, 9)]


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    watch = CrashWatch(tmp_path / "file" / "log")
    watch.write("nobody reads this")
    watch.close()
    assert take_notes(tmp_path / "file" / "log") == ()
