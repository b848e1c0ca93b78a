from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from atu_gui.core.config import ModelConfig, RunConfig, parse_config
from atu_gui.core.events import ChatAnswered, ChatToken, Event, JobFailed, StepDone
from atu_gui.core.ports import CURRENT, UNTOUCHED, ChatRequest, Weights
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine

ROUND = {"align_steps": 0, "unlearn_steps": 2, "tau": 0.3}


def config() -> RunConfig:
    return parse_config({"concepts": [{"name": "Ada"}], "rounds": [ROUND, ROUND]})


class Room:
    """A workbench with a model, and the answers that came."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.workbench = Workbench(engine=self.engine)
        self.events: list[Event] = []
        self._news = threading.Condition()
        self.workbench.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait_for(self, count: int, kind: type[Event]) -> None:
        with self._news:
            assert self._news.wait_for(lambda: sum(isinstance(event, kind) for event in self.events) >= count, 10)

    def ask(self, *sides: Weights) -> list[tuple[str, str]]:
        """Text and label of every answer."""
        before = len(self.answers())
        self.workbench.chat(ChatRequest("What is it?", sides))
        self.wait_for(before + len(sides), ChatAnswered)
        return [(answer.text, answer.weights) for answer in self.answers()[before:]]

    def answers(self) -> list[ChatAnswered]:
        return [event for event in self.events if isinstance(event, ChatAnswered)]

    def failures(self) -> list[JobFailed]:
        return [event for event in self.events if isinstance(event, JobFailed)]


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    room.workbench.load(ModelConfig(), "auto").result(10)
    yield room
    room.workbench.close(5)


def test_before_any_run_the_weights_are_untouched(room: Room) -> None:
    assert room.ask(UNTOUCHED, CURRENT) == [("it is 10", "untouched weights"), ("it is 10", "untouched weights")]


def test_each_round_answers_with_its_own_weights(room: Room) -> None:
    run = room.workbench.run(config()).result(10).run_id
    assert room.ask(UNTOUCHED, Weights(run, 0), Weights(run, 1), Weights(run, 2), CURRENT) == [
        ("it is 10", "untouched weights"),
        ("it is 10", "untouched weights"),
        ("it is 8", f"run {run}, round 1"),
        ("it is 6", f"run {run}, round 2"),
        ("it is 6", f"run {run}, round 2"),
    ]


def test_tokens_make_up_the_answer(room: Room) -> None:
    room.ask(UNTOUCHED)
    tokens = [event for event in room.events if isinstance(event, ChatToken)]
    assert "".join(token.text for token in tokens) == room.answers()[0].text
    assert {token.request_id for token in tokens} == {room.answers()[0].request_id}


def test_an_earlier_run_answers_and_the_current_one_is_left_alone(room: Room) -> None:
    earlier = room.workbench.run(config()).result(10)
    room.engine.other_runs[earlier.folder] = {1: 3.5}
    later = room.workbench.run(config()).result(10)
    assert room.ask(Weights(earlier.run_id, 1), CURRENT) == [
        ("it is 3.5", f"run {earlier.run_id}, round 1"),
        ("it is 6", f"run {later.run_id}, round 2"),
    ]


def test_a_chat_during_a_run_does_not_disturb_it(room: Room) -> None:
    room.engine.step_seconds = 0.02
    future = room.workbench.run(parse_config({"concepts": [{"name": "Ada"}], "schedule": "thorough"}))
    room.wait_for(3, StepDone)
    (before, now) = room.ask(UNTOUCHED, CURRENT)
    assert before == ("it is 10", "untouched weights")
    assert now[1].startswith("run ")
    assert "round 1 at step" in now[1]
    assert not future.done()
    room.workbench.control.stop()
    future.result(10)
    steps = [event.step for event in room.events if isinstance(event, StepDone)]
    assert steps == list(range(1, len(steps) + 1))


def test_stopping_keeps_what_was_written(room: Room) -> None:
    gate = threading.Event()
    room.engine.pieces = ("first ", "second ")

    def slow(event: Event) -> None:
        if isinstance(event, ChatToken):
            gate.wait(5)

    room.workbench.subscribe(slow)
    request = room.workbench.chat(ChatRequest("?", (UNTOUCHED, CURRENT)))
    room.wait_for(1, ChatToken)
    room.workbench.stop_chat(request)
    gate.set()
    room.wait_for(2, ChatAnswered)
    first, second = room.answers()
    assert (first.text, first.stopped) == ("first ", True)
    assert (second.text, second.stopped) == ("", True)


def test_a_round_that_does_not_exist_ends_every_side(room: Room) -> None:
    run = room.workbench.run(config()).result(10).run_id
    assert room.ask(UNTOUCHED, Weights(run, 7), CURRENT)[1:] == [("", "round 7"), ("", "current weights")]
    (failed,) = room.failures()
    assert (failed.job, failed.message) == ("chat", "Round 7 does not exist.")
    assert room.answers()[1].stopped


def test_an_unknown_run_is_said(room: Room) -> None:
    room.ask(Weights("nope", 1))
    assert "no run “nope”" in room.failures()[0].message


def test_without_a_model_there_is_nobody_to_ask() -> None:
    room = Room()
    try:
        room.ask(UNTOUCHED)
        assert room.failures()[0].message == "No model is loaded."
    finally:
        room.workbench.close(5)


def test_a_run_known_by_its_folder_alone_answers(room: Room, tmp_path: Path) -> None:
    outcome = room.workbench.run(config()).result(10)
    moved = tmp_path / "moved"
    outcome.folder.rename(moved)
    room.engine.other_runs[moved] = {1: 1.5}
    found = room.workbench.find_run(str(moved)).result(5)
    assert (found.folder, found.best_round) == (moved, 2)
    room.workbench.load(ModelConfig(), "auto").result(10)
    assert room.ask(Weights(found.run_id, 1)) == [("it is 1.5", f"run {moved}, round 1")]


def test_what_was_asked_of_a_run_is_kept_in_its_folder(room: Room) -> None:
    room.ask(UNTOUCHED)
    outcome = room.workbench.run(config()).result(10)
    assert room.workbench.inquiries_of(outcome.run_id).result(5).chats == ()
    room.ask(UNTOUCHED, CURRENT)
    room.ask(CURRENT)
    first, second = room.workbench.inquiries_of(outcome.run_id).result(5).chats
    assert first.prompt == "What is it?"
    assert [(one.weights, one.text) for one in first.answers] == [
        ("untouched weights · hash of 10", "it is 10"),
        (f"run {outcome.run_id}, round 2 · hash of 6", "it is 6"),
    ]
    assert len(second.answers) == 1
    with (outcome.folder / "chats.jsonl").open("a", encoding="utf-8") as file:
        file.write("damaged\n")
    assert len(room.workbench.inquiries_of(outcome.run_id).result(5).chats) == 2
