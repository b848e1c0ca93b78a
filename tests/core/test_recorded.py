"""A run in one file."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from atu_gui.core.asked import AskedQuestion, AskedWay, Reply
from atu_gui.core.audits import AuditSettings
from atu_gui.core.chats import Chat, KeptAnswer
from atu_gui.core.config import RunConfig
from atu_gui.core.control import NOT_FINITE, STOPPED, RunControl
from atu_gui.core.errors import InputError
from atu_gui.core.events import (
    AuditFound,
    AuditPoint,
    ControlApplied,
    ItemAnswered,
    Progress,
    RoundScored,
    RunFinished,
    RunStarted,
    StepDone,
)
from atu_gui.core.inquiries import Inquiries
from atu_gui.core.outcome import Outcome
from atu_gui.core.recorded import read_recording, shipped_recording, write_recording
from atu_gui.core.rephrasing import Rephrasing
from atu_gui.core.schedule import settle
from atu_gui.core.tokens import TokenLine, TokenLook
from tests.ui.fake_run import PLANNED, Script

CONFIG = settle(PLANNED)
FOUND = AuditFound("abcd", 2, "lens", "layer 2", AuditSettings(), (), curve=(AuditPoint(1, -5.0),))
ASKED = Inquiries(
    (Chat("Who was he?", 0.0, 0, 1.7e9, (KeptAnswer("round 2", "A king.", False, 0.5),)),),
    (AskedQuestion("Who?", 1.7e9, (AskedWay(Rephrasing("role play", "Who?"), (Reply("round 2", "A king.", None),)),)),),
    (TokenLook("", 1.7e9, (TokenLine("round 2", 2, 0.2, ("A", " king"), (0.1, 0.3)),)),),
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    events = list(Script(CONFIG, RunControl(), None, 0.0).events())
    assert any(isinstance(event, Progress) for event in events)
    path = tmp_path / "run.jsonl.gz"
    config = CONFIG.model_copy(update={"texts": CONFIG.texts.model_copy(update={"concept": [tmp_path / "secret.txt"]})})
    write_recording(path, config, events)
    return path


def test_what_is_written_comes_back_without_what_belongs_to_a_machine(written: Path, tmp_path: Path) -> None:
    recording = read_recording(written)
    events = list(Script(CONFIG, RunControl(), None, 0.0).events())
    kinds = (StepDone, RoundScored, ItemAnswered)
    assert [event for event in recording.events if isinstance(event, kinds)] == [
        event for event in events if isinstance(event, kinds)
    ]
    assert not any(isinstance(event, Progress) for event in recording.events)
    assert recording.config.rounds == CONFIG.rounds and recording.config.guards == CONFIG.guards
    assert recording.record.status == "done"
    assert len(recording.record.rounds) == 1 + len(CONFIG.rounds)
    folders = [event.folder for event in recording.events if isinstance(event, RunStarted | RunFinished)]
    assert folders == ["", ""]
    assert str(tmp_path) not in gzip.decompress(written.read_bytes()).decode()


def test_what_was_found_and_asked_after_the_run_comes_along(tmp_path: Path) -> None:
    events = list(Script(CONFIG, RunControl(), None, 0.0).events())
    beside = replace(FOUND, settings=AuditSettings(never_knew=str(tmp_path / "ignorant")))
    write_recording(tmp_path / "run.gz", CONFIG, events, (FOUND, beside), ASKED)
    recording = read_recording(tmp_path / "run.gz")
    assert recording.audits[0] == FOUND and recording.audits[1].settings.never_knew == "ignorant"
    assert recording.inquiries == ASKED
    assert str(tmp_path) not in gzip.decompress((tmp_path / "run.gz").read_bytes()).decode()


def test_a_recording_of_the_first_format_has_nothing_of_it(written: Path) -> None:
    head, *rest = gzip.decompress(written.read_bytes()).decode().split("\n")
    assert json.loads(head)["format"] == 2
    written.write_bytes(gzip.compress("\n".join(['{"format": 1}', *rest]).encode()))
    recording = read_recording(written)
    assert recording.audits == () and recording.inquiries == Inquiries()


@pytest.mark.parametrize(
    "head",
    [
        {"audits": 1},
        {"audits": [{"event": "Note", "level": "info", "text": ""}]},
        {"inquiries": []},
        {"inquiries": {"chats": [1]}},
        {"inquiries": {"looks": [{"prompt": 1, "looked": 0, "lines": []}]}},
    ],
)
def test_what_was_found_and_asked_may_be_damaged(written: Path, head: dict[str, object]) -> None:
    _, *rest = gzip.decompress(written.read_bytes()).decode().split("\n")
    written.write_bytes(gzip.compress("\n".join([json.dumps({"format": 2} | head), *rest]).encode()))
    with pytest.raises(InputError, match="damaged recording"):
        read_recording(written)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not gzip", "is no recorded run"),
        (gzip.compress(b""), "damaged recording"),
        (gzip.compress(b'{"format": 99}\n{}\n'), "later version"),
        (gzip.compress(b'{"format": 1}\n{}\n{"event": "StepDone"}'), "damaged recording"),
        (gzip.compress(b'{"format": 1}\n{}'), "damaged recording"),
    ],
    # Packed bytes hold the second in which they were packed: as names of tests they differ from process to process.
    ids=["no archive", "nothing", "of a later version", "an event that lacks fields", "no events"],
)
def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "run.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_recording(path)
    with pytest.raises(InputError, match="There is no recorded run"):
        read_recording(tmp_path / "none.gz")


def test_the_run_that_ships_is_a_real_one_that_went_through() -> None:
    recording = read_recording(shipped_recording())
    assert recording.record.status == "done" and recording.record.best_round >= 1
    started = next(event for event in recording.events if isinstance(event, RunStarted))
    assert started.model == "SmolLM2-135M-Instruct"
    assert sum(isinstance(event, ItemAnswered) for event in recording.events) >= 40
    outcome = Outcome.of(recording.events)
    assert outcome is not None and outcome.verdicts and outcome.tested
    assert any(isinstance(event, ControlApplied) and event.field == "tau" for event in recording.events)
    assert {"quantize", "relearn", "lens"} <= {found.audit for found in recording.audits}
    asked = recording.inquiries
    assert asked.chats and asked.asked and asked.looks
    assert shipped_recording().stat().st_size < 300_000
    assert isinstance(recording.config, RunConfig)


@pytest.mark.parametrize(
    ("because", "status"),
    [("all rounds done", "done"), (f"{NOT_FINITE}: The loss is nan.", "failed"), (STOPPED, "stopped")],
)
def test_a_recorded_run_that_ended_badly_is_not_done(tmp_path: Path, because: str, status: str) -> None:
    events = [
        replace(event, stopped_because=because) if isinstance(event, RunFinished) else event
        for event in Script(CONFIG, RunControl(), None, 0.0).events()
    ]
    write_recording(tmp_path / "run.gz", CONFIG, events)
    assert read_recording(tmp_path / "run.gz").record.status == status
