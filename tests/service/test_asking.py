from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from atu_gui.core.config import ModelConfig, parse_config
from atu_gui.core.errors import InputError
from atu_gui.core.events import JobFailed, Note, Progress, PromptAnswered, StepDone
from atu_gui.core.ports import CURRENT, UNTOUCHED, AskRequest, PreviewRequest, RephraseRequest, TokenRequest, Weights
from atu_gui.core.rephrasing import Question, Rephrasing
from atu_gui.service.inquiring import inquiries_in
from tests.service.test_chatting import Room, config

ASKED = (Rephrasing("role play", "You know. Who?", "Ada"), Rephrasing("paraphrase", "Who is it?", "Ada"))


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    room.workbench.load(ModelConfig(), "auto").result(10)
    yield room
    room.workbench.close(5)


def answers(room: Room) -> list[PromptAnswered]:
    return [event for event in room.events if isinstance(event, PromptAnswered)]


def test_every_prompt_is_answered_by_every_side(room: Room) -> None:
    run = room.workbench.run(config()).result(10).run_id
    room.workbench.ask_all(AskRequest(3, ASKED, (UNTOUCHED, Weights(run, 1)))).result(10)
    got = [(one.number, one.index, one.side, one.text, one.weights) for one in answers(room)]
    label = f"run {run}, round 1"
    assert got == [
        (3, 0, 0, "10", "untouched weights"),
        (3, 1, 0, "10", "untouched weights"),
        (3, 0, 1, "8", label),
        (3, 1, 1, "8", label),
    ]


def test_what_was_asked_is_kept_with_the_run_whose_weights_answered(room: Room) -> None:
    room.workbench.ask_all(AskRequest(1, ASKED, (UNTOUCHED,), query="Who?")).result(10)
    first = room.workbench.run(config()).result(10)
    room.engine.other_runs[first.folder] = {1: 3.5}
    second = room.workbench.run(config()).result(10)
    assert inquiries_in(first.folder).asked == inquiries_in(second.folder).asked == ()
    room.workbench.ask_all(AskRequest(2, ASKED, (UNTOUCHED, Weights(first.run_id, 1)), query="Who?")).result(10)
    room.workbench.ask_all(AskRequest(3, ASKED[:1], (UNTOUCHED, CURRENT), query="Who else?")).result(10)
    (kept,), (other,) = inquiries_in(first.folder).asked, inquiries_in(second.folder).asked
    assert (kept.query, other.query) == ("Who?", "Who else?")
    assert [way.rephrasing for way in kept.ways] == list(ASKED)
    said = [[(reply.text, reply.weights.partition(" · ")[0]) for reply in way.replies] for way in kept.ways]
    assert said == [[("10", "untouched weights"), ("3.5", f"run {first.run_id}, round 1")]] * 2


def test_rephrasings_that_were_stopped_or_cannot_be_kept_leave_nothing_behind(room: Room) -> None:
    outcome = room.workbench.run(config()).result(10)
    room.engine.prompts, room.engine.step_seconds = 1000, 0.005
    future = room.workbench.ask_all(AskRequest(1, ASKED))
    room.wait_for(2, Progress)
    future.cancel()
    room.engine.prompts = 1
    (outcome.folder / "asked.jsonl").mkdir()
    room.workbench.ask_all(AskRequest(2, ASKED)).result(10)
    notes = [event.text for event in room.events if isinstance(event, Note) and "not kept" in event.text]
    assert len(notes) == 1 and notes[0].startswith("What was asked is not kept in ")
    assert inquiries_in(outcome.folder).asked == ()


def test_rephrasings_are_written_by_the_untouched_model_whatever_the_current_weights(room: Room) -> None:
    room.workbench.run(config()).result(10)
    made = room.workbench.rephrase(RephraseRequest(Question("Who?"), ("role play", "cross-lingual"))).result(10)
    assert [one.prompt for one in made.rephrasings] == ["Who? (asked of 10)"] * 2
    room.workbench.ask_all(AskRequest(1, ASKED[:1], (CURRENT,))).result(10)
    assert answers(room)[-1].text == "6"


def test_asking_is_served_between_two_steps_of_a_run(room: Room) -> None:
    room.engine.step_seconds = 0.02
    future = room.workbench.run(parse_config({"concepts": [{"name": "Ada"}], "schedule": "thorough"}))
    room.wait_for(3, StepDone)
    room.workbench.ask_all(AskRequest(1, ASKED, (UNTOUCHED, CURRENT))).result(10)
    assert not future.done()
    assert answers(room)[0].text == "10"
    assert "at step" in answers(room)[-1].weights
    room.workbench.control.stop()
    future.result(10)
    steps = [event.step for event in room.events if isinstance(event, StepDone)]
    assert steps == list(range(1, len(steps) + 1))


def test_cancelling_the_future_ends_it_and_tells_no_failure(room: Room) -> None:
    room.engine.prompts, room.engine.step_seconds = 1000, 0.005
    future = room.workbench.ask_all(AskRequest(1, ASKED))
    room.wait_for(2, Progress)
    assert future.cancel()
    with pytest.raises(CancelledError):
        future.result(5)
    room.engine.prompts = 1
    # The worker goes on to the next job with the weights it had.
    room.workbench.ask_all(AskRequest(2, ASKED[:1])).result(10)
    assert [(one.number, one.text) for one in answers(room)] == [(2, "10"), (2, "10")]
    assert room.failures() == []


def test_what_goes_wrong_is_told_once(room: Room) -> None:
    with pytest.raises(InputError, match="Round 4 does not exist"):
        room.workbench.ask_all(AskRequest(1, ASKED, (UNTOUCHED, Weights("", 4)))).result(10)
    assert [(one.job, one.message) for one in room.events if isinstance(one, JobFailed)] == [
        ("ask", "Round 4 does not exist.")
    ]
    assert [one.side for one in answers(room)] == [0, 0]


def test_tokens_are_judged_by_the_heads_that_fit_the_weights(room: Room) -> None:
    run = room.workbench.run(config()).result(10).run_id
    sides = (UNTOUCHED, Weights(run, 2), CURRENT)
    lines = room.workbench.look_at(TokenRequest(("a b", "a b", "c"), sides)).result(10)
    assert [(one.weights, one.head_round, one.tokens, one.similarities[0]) for one in lines] == [
        ("untouched weights · hash of 10", 1, ("a", "b"), 0.1),
        (f"run {run}, round 2 · hash of 6", 2, ("a", "b"), 0.06),
        (f"run {run}, round 2 · hash of 6", 9, ("c",), 0.06),
    ]
    assert [one.above for one in lines] == [2, 0, 0]


def test_a_look_at_tokens_is_kept_with_the_run_whose_heads_judged(room: Room) -> None:
    outcome = room.workbench.run(config()).result(10)
    request = TokenRequest(("a b", "a c"), (UNTOUCHED, CURRENT), prompt="Who?")
    lines = room.workbench.look_at(request).result(10)
    (look,) = room.workbench.inquiries_of(outcome.run_id).result(10).looks
    assert (look.prompt, look.lines) == ("Who?", lines)
    (outcome.folder / "looks.jsonl").unlink()
    (outcome.folder / "looks.jsonl").mkdir()
    assert room.workbench.look_at(request).result(10) == lines
    notes = [event.text for event in room.events if isinstance(event, Note)]
    assert notes[-1].startswith("The look at tokens is not kept in ")


def test_without_a_run_there_are_no_heads_to_judge_by(room: Room) -> None:
    with pytest.raises(InputError, match="no run whose heads"):
        room.workbench.look_at(TokenRequest(("a", "b"))).result(10)


def test_a_preview_is_served_between_two_steps_of_a_run(room: Room) -> None:
    room.engine.step_seconds = 0.02
    future = room.workbench.run(parse_config({"concepts": [{"name": "Ada"}], "schedule": "thorough"}))
    room.wait_for(3, StepDone)
    found = room.workbench.preview(PreviewRequest(config())).result(10)
    assert (found.concept, found.lines[0].similarity) == (config().concepts[0].name, 0.5)
    assert not future.done()
    room.workbench.control.stop()
    future.result(10)


def test_a_preview_that_nobody_waits_for_ends(room: Room) -> None:
    room.engine.prompts, room.engine.step_seconds = 1000, 0.005
    future = room.workbench.preview(PreviewRequest(config()))
    room.wait_for(2, Progress)
    assert future.cancel()
    room.engine.prompts = 1
    assert room.workbench.preview(PreviewRequest(config())).result(10).lines
    assert room.failures() == []


def test_without_an_encoder_there_is_no_preview() -> None:
    bare = Room()
    with pytest.raises(InputError, match="No model is loaded"):
        bare.workbench.preview(PreviewRequest(config())).result(10)
    bare.workbench.close(5)
