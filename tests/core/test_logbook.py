"""The log on disk: bounded, without texts, and never in the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atu_gui.core import logbook
from atu_gui.core.events import ChatAnswered, JobFailed, Progress, RunFinished
from atu_gui.core.logbook import last_lines, log_event, note_of, open_log

Opened = Callable[[Path], logging.Logger]


@pytest.fixture
def opened() -> Iterator[Opened]:
    made: list[logging.Handler] = []
    log = logging.getLogger("atu_gui")
    level = log.level

    def build(folder: Path) -> logging.Logger:
        made.append(open_log(folder))
        log.addHandler(made[-1])
        log.setLevel(logging.INFO)
        return log

    yield build
    log.setLevel(level)
    for handler in made:
        log.removeHandler(handler)
        handler.close()


def test_lines_come_with_time_process_and_level(opened: Opened, tmp_path: Path) -> None:
    opened(tmp_path).warning("It took %.1f s.", 2.5)
    (line,) = last_lines(tmp_path, 10)
    assert line.endswith("WARNING atu_gui: It took 2.5 s.")


def test_errors_come_without_their_words_and_without_tokens(opened: Opened, tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.warning("It cannot be read: %s", ValueError("“Leonardo was born in Vinci”"))
    try:
        raise ValueError("Leonardo was born in Vinci, hf_AbCdEfGhIjKlMnOp")
    except ValueError:
        log.exception("A view could not show %r.", "RoundScored")
    log.error("hf_AbCdEfGhIjKlMnOpQrStUvWxYz is no token")
    words = "\n".join(last_lines(tmp_path, 100))
    assert "Leonardo" not in words and "hf_AbCd" not in words
    assert "ValueError" in words and "test_logbook.py" in words


def test_events_are_told_by_kind_numbers_and_ids(opened: Opened, tmp_path: Path) -> None:
    opened(tmp_path)
    log_event(ChatAnswered(3, 0, "He was born in Vinci.", "run 7, round 2", False, 1.25))
    log_event(JobFailed("load", "“Leonardo” is gone.", "Look for it.", "Traceback …"))
    log_event(Progress("load", "Reading", 1, 2))
    log_event(RunFinished("7", "the forget goal is reached", 2, 4, 61.5, "/data/Leonardo"))
    lines = [line.partition("logbook: ")[2] for line in last_lines(tmp_path, 10)]
    assert lines == [
        "ChatAnswered request_id=3 side=0 stopped=False seconds=1.25",
        "JobFailed job=load",
        "RunFinished run_id=7 best_round=2 rounds=4 seconds=61.5",
    ]


def test_every_kind_of_event_can_be_noted() -> None:
    from tests.ui.run_events import whole_run

    for event in whole_run():
        assert note_of(event).startswith(type(event).__name__)


def test_the_file_stays_small(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "_BYTES", 2000)
    log = opened(tmp_path)
    for number in range(400):
        log.info("Line %d.", number)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + logbook._OLDER
    assert all(file.stat().st_size <= 2000 for file in files)
    assert last_lines(tmp_path, 1)[0].endswith("Line 399.")


def test_a_folder_that_cannot_be_written_costs_nothing(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    opened(tmp_path / "file" / "log").warning("Nobody reads this.")
    assert last_lines(tmp_path / "file" / "log", 5) == []
