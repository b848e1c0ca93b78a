"""What is said of the weights is what they are, whatever was done to them before."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.events import ChatAnswered, Event, RoundScored, StepDone, from_record
from atu_gui.core.ports import CURRENT, UNTOUCHED, ChatRequest, Weights
from atu_gui.engine.hashing import weights_hash
from atu_gui.service.backend import Engine, Loaded
from atu_gui.service.workbench import Workbench
from atu_gui.store.recorder import _after as state_after
from atu_gui.store.recorder import recorded_lines
from atu_gui.store.runs import RunState
from atu_gui.store.summary import SUMMARY_FILE, summarise
from tests.service.test_resuming import _config


class Witness(Engine):
    """Hashes all weights anew while they answer."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def answer(self, loaded: Loaded, request: ChatRequest, stopped: Callable[[], bool]) -> Generator[str, None, None]:
        self.seen.append(weights_hash(loaded.lm.model))
        yield from super().answer(loaded, request, stopped)


class Desk:
    """A workbench with a tiny model, and what it says."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.engine = Witness()
        self.bench = Workbench(engine=self.engine)
        self.events: list[Event] = []
        self.at_step: Callable[[StepDone], None] = lambda _step: None
        self._news = threading.Condition()
        self.bench.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, StepDone):
            self.at_step(event)
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def answers(self) -> list[ChatAnswered]:
        return [event for event in self.events if isinstance(event, ChatAnswered)]

    def rounds(self, run_id: str) -> dict[int, str]:
        """The hashes that were recorded of a run's rounds."""
        scored = [event for event in self.events if isinstance(event, RoundScored) and event.run_id == run_id]
        return {event.round: event.weights_hash for event in scored}

    def ask(self, *sides: Weights) -> list[str]:
        """What was said to have answered, which is checked against what did."""
        before, seen = len(self.answers()), len(self.engine.seen)
        self.bench.chat(ChatRequest("Who wrote it?", sides, max_new_tokens=2))
        with self._news:
            assert self._news.wait_for(lambda: len(self.answers()) == before + len(sides), 60)
        said = self.answers()[before:]
        assert [one.weights_hash for one in said] == self.engine.seen[seen:]
        return [one.named for one in said]

    def run(self, start: Weights = UNTOUCHED, control: Callable[[RunControl], None] | None = None) -> str:
        """Run to the end, or until `control` is called at the fifth step; gives the run's id."""
        before = {event.run_id for event in self.events if isinstance(event, RoundScored)}
        if control is not None:
            self.at_step = lambda step: control(self.bench.control) if step.step == 5 else None
        with suppress(CancelledError):
            self.bench.run(self.config, start=start).result(100)
        self.at_step = lambda _step: None
        (made,) = {event.run_id for event in self.events if isinstance(event, RoundScored)} - before
        return made


@pytest.fixture
def desk(tiny_model: Path, tiny_encoder: Path, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(_config(tiny_model, tiny_encoder, tmp_path / "inputs"))
    yield made
    made.bench.close(10)


def test_after_a_run_a_branch_and_a_return(desk: Desk) -> None:
    first = desk.run()
    told = desk.rounds(first)
    assert len(set(told.values())) == 3
    assert desk.ask(UNTOUCHED, Weights(first, 1), Weights(first, 2), CURRENT) == [
        f"untouched weights · {told[0]}",
        f"run {first}, round 1 · {told[1]}",
        f"run {first}, round 2 · {told[2]}",
        f"run {first}, round 2 · {told[2]}",
    ]
    branch = desk.run(Weights(first, 1))
    grown = desk.rounds(branch)
    assert grown[0] == told[0] and grown[1] not in told.values()
    assert desk.ask(CURRENT, Weights(first, 2), Weights(branch, 1), UNTOUCHED) == [
        f"run {branch}, round 2 · {grown[2]}",
        f"run {first}, round 2 · {told[2]}",
        f"run {branch}, round 1 · {grown[1]}",
        f"untouched weights · {told[0]}",
    ]
    assert desk.bench.return_to(Weights(first, 1)).result(60) == f"run {first}, round 1"
    assert desk.ask(CURRENT) == [f"run {first}, round 1 · {told[1]}"]
    desk.bench.return_to(UNTOUCHED).result(60)
    assert desk.ask(CURRENT) == [f"untouched weights · {told[0]}"]


def test_after_stopping_and_discarding(desk: Desk) -> None:
    stopped = desk.run(control=RunControl.stop)
    told = desk.rounds(stopped)
    assert set(told) == {0}
    assert [line.rpartition(" · ")[2] for line in desk.ask(CURRENT, UNTOUCHED)] == [told[0], told[0]]
    discarded = desk.run(control=RunControl.discard)
    assert [line.rpartition(" · ")[2] for line in desk.ask(CURRENT)] == [desk.rounds(discarded)[0]]


def test_in_the_midst_of_a_round_and_after_resuming(desk: Desk) -> None:
    held = threading.Event()

    def hold(control: RunControl) -> None:
        control.pause()
        held.set()

    desk.at_step = lambda step: hold(desk.bench.control) if step.step == 6 else None
    future = desk.bench.run(desk.config)
    assert held.wait(60)
    (midst,) = desk.ask(CURRENT)
    assert "round 1 at step 6 · " in midst
    desk.at_step = lambda _step: None
    desk.bench.control.suspend()
    with pytest.raises(CancelledError):
        future.result(60)
    (run_id,) = {event.run_id for event in desk.events if isinstance(event, RoundScored)}
    told = desk.rounds(run_id)
    assert desk.ask(CURRENT)[0].endswith(told[0])
    desk.bench.resume_run(run_id).result(100)
    told = desk.rounds(run_id)
    assert desk.ask(CURRENT, Weights(run_id, 1)) == [
        f"run {run_id}, round 2 · {told[2]}",
        f"run {run_id}, round 1 · {told[1]}",
    ]


def test_a_summary_holds_nothing_but_what_was_recorded(desk: Desk) -> None:
    ends: tuple[Callable[[RunControl], None] | None, ...] = (None, RunControl.stop, RunControl.discard)
    for control, status in zip(ends, ("done", "stopped", "stopped"), strict=True):
        run_id = desk.run(control=control)
        record = next(one for one in desk.bench.runs().result(10) if one.run_id == run_id)
        folder = Path(record.folder)
        written = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
        events = [from_record(json.loads(line)) for line in recorded_lines(folder)]
        state = functools.reduce(state_after, events, RunState())
        assert written == json.loads(json.dumps(summarise(events, state, written["versions"])))
        assert (record.status, written["status"]) == (status, status)
        assert [one["weights_hash"] for one in written["rounds"]] == list(desk.rounds(run_id).values())
