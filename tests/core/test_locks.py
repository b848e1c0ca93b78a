from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from atu_gui.core.locks import FileLock

HOLDER = """
import sys
from pathlib import Path
from atu_gui.core.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
lock.release()
"""


def _holder(path: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", HOLDER, str(path)]
    made = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None
    assert made.stdout.readline() == "True\n"
    return made


def test_one_owner_at_a_time_in_one_process(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take()
    assert not second.take()
    assert second.owner() == str(os.getpid())
    first.release()
    assert not (tmp_path / "lock").exists()
    assert second.take()
    second.release()
    second.release()


def test_another_process_is_named_and_its_end_frees_the_lock(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with _holder(tmp_path / "lock") as holder:
        assert not lock.take()
        assert lock.owner() == str(holder.pid)
        holder.communicate()
    assert lock.take()
    lock.release()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_a_killed_process_left_locks_nothing(tmp_path: Path) -> None:
    with _holder(tmp_path / "lock") as holder:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert (tmp_path / "lock").exists()
    lock = FileLock(tmp_path / "lock")
    assert lock.take()
    assert lock.owner() == str(os.getpid())
    lock.release()


def test_a_folder_that_cannot_be_written_is_no_other_owner(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "missing" / "lock").take()
