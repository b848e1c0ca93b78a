from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.concepts import Concept
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.errors import ModelError
from atu_gui.core.events import JobFailed, RunFailed, RunFinished
from atu_gui.core.materials import Materials
from atu_gui.core.ports import RunOutcome
from atu_gui.ui.bridge import Bridge
from atu_gui.ui.session import Phase, Session
from tests.ui.fake_workbench import FakeWorkbench
from tests.ui.run_events import started

_CONFIG = RunConfig(concepts=[Concept(name="Leonardo da Vinci")])


@pytest.fixture
def session(qtbot: QtBot) -> Session:
    bridge = Bridge()
    made = Session(bridge)
    made.setParent(None)
    return made


def _finish(session: Session) -> None:
    session._bridge.close()


def test_a_model_that_is_loaded_is_not_loaded_again(session: Session, qtbot: QtBot, bench: FakeWorkbench) -> None:
    written: list[Materials] = []
    session.materials_written.connect(written.append)
    session.connect_to(bench)
    session.prepare(_CONFIG)
    qtbot.waitUntil(lambda: len(written) == 1, timeout=20_000)
    session.leave_review()
    session.prepare(_CONFIG)
    qtbot.waitUntil(lambda: len(written) == 2, timeout=20_000)
    assert bench.calls == ["load", "prepare"], "the texts that it wrote serve again"
    session.prepare(_CONFIG.model_copy(update={"model": ModelConfig(source="another/model")}))
    qtbot.waitUntil(lambda: len(written) == 3, timeout=20_000)
    assert bench.calls[2:] == ["load", "prepare"]
    _finish(session)


def test_a_wish_made_while_a_model_loads_waits_for_it(session: Session, qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.02)
    session.connect_to(port)
    session.load(ModelConfig(), "auto")
    session.prepare(_CONFIG)
    assert session.phase is Phase.LOADING and session.is_queued
    qtbot.waitUntil(lambda: session.phase is Phase.REVIEWING, timeout=20_000)
    assert port.calls == ["load", "prepare"] and not session.is_queued
    port.close()
    _finish(session)


def test_a_failure_is_told_once_and_ends_the_wish(session: Session, qtbot: QtBot, bench: FakeWorkbench) -> None:
    told: list[JobFailed | RunFailed] = []
    session.failed.connect(told.append)
    session.connect_to(bench)
    bench.load_error = ModelError("It is damaged.", "Choose another.")
    session.load(ModelConfig(), "auto")
    session.prepare(_CONFIG)
    qtbot.waitUntil(lambda: session.phase is Phase.IDLE, timeout=20_000)
    assert [(one.message, one.hint) for one in told] == [("It is damaged.", "Choose another.")]
    assert not session.is_queued and bench.calls == ["load"]
    _finish(session)


def test_after_a_failed_load_no_model_is_held(session: Session, qtbot: QtBot, bench: FakeWorkbench) -> None:
    session.connect_to(bench)
    session.load(ModelConfig(), "auto")
    qtbot.waitUntil(lambda: session.loaded is not None and session.phase is Phase.IDLE, timeout=20_000)
    bench.load_error = ModelError("It is damaged.", "Choose another.")
    session.load(ModelConfig(source="another"), "auto")
    qtbot.waitUntil(lambda: session.phase is Phase.IDLE, timeout=20_000)
    assert session.loaded is None and not session.holds(ModelConfig(), "auto")
    _finish(session)


def test_a_run_that_ends_late_does_not_end_the_next_one(
    session: Session, qtbot: QtBot, bench: FakeWorkbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jobs: list[Future[RunOutcome]] = []

    def run(*_given: object) -> Future[RunOutcome]:
        jobs.append(Future())
        return jobs[-1]

    monkeypatch.setattr(bench, "run", run)
    monkeypatch.setattr(bench, "resume_run", run)
    session.connect_to(bench)
    session.start(_CONFIG, None)
    first = replace(started(), run_id="first")
    over = RunFinished("first", "all rounds done", 1, 1, 1.0, "out")
    session.handle(first)
    session.handle(over)
    assert session.phase is Phase.IDLE, "a chat may still be answered before the job ends"
    session.start(_CONFIG, None)
    # The job of the first one writes its last words only now, and fails over them.
    session.handle(RunFailed("first", "The disk is full.", "Free some space.", "Traceback …", 1))
    jobs[0].set_result(RunOutcome("first", tmp_path, "all rounds done", 1))
    session._bridge.drain()
    assert session.phase is Phase.RUNNING
    session.handle(replace(first, run_id="second"))
    session.handle(RunFinished("second", "all rounds done", 1, 1, 1.0, "out"))
    assert session.phase is Phase.IDLE
    session.resume_run("second", _CONFIG)
    session.handle(RunFailed("second", "The disk is full.", "Free some space.", "Traceback …", 1))
    assert session.phase is Phase.IDLE
    _finish(session)


def test_an_error_of_ours_is_told_with_its_details(session: Session, qtbot: QtBot, bench: FakeWorkbench) -> None:
    told: list[JobFailed | RunFailed] = []
    session.failed.connect(told.append)
    session._enter(Phase.LOADING)
    session._broke(KeyError("surprise"))
    assert told[0].message == "Something went wrong that should not have."
    assert "surprise" in told[0].details and session.phase is Phase.IDLE


def test_wishes_without_a_run_change_nothing(session: Session, qtbot: QtBot, bench: FakeWorkbench) -> None:
    session.connect_to(bench)
    assert session.control is None
    session.discard()
    session.pause_or_resume()
    session.skip_stage()
    assert bench.control.read().generation == 0
    assert session.phase is Phase.IDLE
    _finish(session)


def test_stopping_before_the_service_is_there_forgets_the_wish(session: Session, qtbot: QtBot) -> None:
    session.prepare(_CONFIG)
    assert session.phase is Phase.FETCHING
    session.stop()
    port = FakeWorkbench()
    session.connect_to(port)
    assert session.phase is Phase.IDLE and port.calls == []
    port.close()
    _finish(session)
