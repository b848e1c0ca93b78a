from __future__ import annotations

import io

import pytest
from rich.console import Console

from atu_gui.cli_progress import PlainTeller, RichTeller, fleeting, lasting, make_teller
from atu_gui.cli_report import rounds_table, written_lines
from atu_gui.core.events import ModelLoaded, Note, Progress, StageStarted, StepDone, TextWritten
from atu_gui.core.progress import RunProgress
from tests.store.samples import RUN, finished, scored, started, step, whole_run


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_come_every_few_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    teller = PlainTeller(stream, clock)
    with teller:
        for number in range(100):
            clock.now = 0.1 * number
            teller.tell(Progress("download", "model", number, 100, "B"))
    lines = stream.getvalue().splitlines()
    assert lines == ["model · 0 B of 100 B", "model · 50 B of 100 B"]


def test_plain_lines_tell_a_run() -> None:
    stream = io.StringIO()
    teller = PlainTeller(stream, Clock())
    for event in whole_run():
        teller.tell(event)
    text = stream.getvalue()
    assert "Run 3f2a: Ada Lovelace, layer 10, 1 round, 8 + 9 passages, 20 questions" in text
    assert "Untouched model: forget 0.500 (0.100–0.700)" in text
    assert "Round 1 of 1 · unlearn · 2 steps" in text
    assert "Round 1: forget 0.250" in text
    assert "neighbour –" in text
    assert "Run 3f2a ended after 0:12: all rounds done" in text
    assert "\x1b" not in text


def test_a_step_says_stage_round_step_similarity_and_time_left() -> None:
    run = RunProgress()
    run.handle(started())
    run.handle(StageStarted(RUN, "unlearn", 1, 2, 0, 0.35))
    event = StepDone(RUN, "unlearn", 1, 1, 1, 2, 0.2, 5e-5, 0, 0.4, tau=0.35, similarity_mean=0.31)
    run.handle(event)
    run.handle(step(2))
    passing = fleeting(event, run)
    assert passing is not None
    for part in ("Round 1 of 1", "Unlearn · step", "of 2", "similarity 0.31", "τ 0.35", "run at most 0:00 left"):
        assert part in passing[0]


def test_pausing_is_no_progress() -> None:
    assert fleeting(Progress("paused", "Paused", 0, 0), RunProgress()) is None


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Note("info", "Hello."), "Hello."),
        (Note("warning", "Careful."), "Warning: Careful."),
        (TextWritten("passage", "Ada", "text"), ""),
    ],
)
def test_lasting_lines(event: Note | TextWritten, line: str) -> None:
    assert lasting(event, RunProgress()) == line


def test_the_model_is_named() -> None:
    loaded = ModelLoaded("Tiny", "t", 30, 8, 135_000_000, "cpu", "float32", 1, "h", "MiniLM", 4, True, 1.5)
    assert lasting(loaded, RunProgress()) == "Tiny: 30 layers, 135 M parameters, CPU float32; encoder MiniLM; 1.5 s"


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    assert isinstance(make_teller(terminal), RichTeller)
    assert isinstance(make_teller(Console(file=io.StringIO())), PlainTeller)


def test_the_bar_can_be_shown_twice_and_prints_brackets_as_they_are() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    teller = RichTeller(console)
    for _ in range(2):
        with teller:
            teller.tell(Note("info", "[red] is a word"))
            teller.tell(Progress("load", "Reading [weights]", 1, 2))
    output = console.file.getvalue()  # type: ignore[attr-defined]
    assert output.count("[red] is a word") == 2
    assert "Reading [weights] · 50 %" in output


def test_what_the_model_wrote_is_shown_short() -> None:
    events = [
        TextWritten("neighbour", "Ada", "Babbage"),
        TextWritten("neighbour", "Ada", "Hopper"),
        *(TextWritten("passage", "Ada", f"Passage {number}. " + "word " * 40) for number in range(9)),
        TextWritten("question", "Ada", "Who was she?"),
    ]
    lines = written_lines(events)
    assert lines[0] == "Neighbours that the model named: Babbage, Hopper"
    assert lines[1] == "Passages that the model wrote about Ada (9), for example:"
    assert len(lines) == 2 + 3 + 2
    assert all(len(line) <= 110 for line in lines)
    assert lines[-1] == "  – Who was she?"


def test_the_table_names_every_round_and_the_best() -> None:
    console = Console(file=io.StringIO(), width=160)
    console.print(rounds_table([scored(0, 4.0), scored(1, 10.0)], best_round=1))
    output = console.file.getvalue()  # type: ignore[attr-defined]
    assert "untouched" in output
    assert "1 (best)" in output
    assert "0.25 (0.10–0.70) n 20" in output
    assert "0:06" in output


def test_the_end_is_told() -> None:
    assert lasting(finished(), RunProgress()) == "Run 3f2a ended after 0:12: all rounds done"
