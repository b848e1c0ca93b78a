"""The page of a run: its figures are the recorded ones, nothing that a run said becomes markup, and parts may miss."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from atu_gui.core import text
from atu_gui.core.asked import AskedQuestion, AskedWay, Reply
from atu_gui.core.evaluation import EvaluatedItem, Evaluation, PartTime, Score
from atu_gui.core.events import (
    DeepScored,
    Interval,
    ItemAnswered,
    ItemSampled,
    RoundScored,
    RunFinished,
    RunStarted,
)
from atu_gui.core.rephrasing import Rephrasing
from atu_gui.core.score_words import change
from atu_gui.report.material import Material
from atu_gui.report.page import headline, render
from tests.core.test_findings import found
from tests.report.makers import made_up, real, without_end
from tests.ui.fake_keeping import past_config, past_events

HOSTILE = '</td><script>alert("1")</script><img src=x onerror=alert(1)> & "quoted" \'too\''


class Page(HTMLParser):
    """A page taken apart: the tags with their attributes, the words, and the cells of its tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def said(self) -> str:
        """All words, white space made single."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def material() -> Material:
    return real()


@pytest.fixture(scope="module")
def page(material: Material) -> Page:
    return Page(render(material))


def test_every_score_of_every_round_is_there_with_its_interval(material: Material, page: Page) -> None:
    assert len(material.run.rounds) > 2
    for scored in material.run.rounds.values():
        for value in (
            scored.recall("forget", "test"),
            scored.recall("neighbour", "test"),
            scored.token_loss,
            scored.fluency_entropy,
        ):
            assert value is not None
            span = f"{text.number(value.low)} to {text.number(value.high)}, n = {value.n}"
            assert f"{text.number(value.mean)} {span}" in page.said


def test_verdict_and_evidence_are_those_of_the_outcome(material: Material, page: Page) -> None:
    outcome = material.outcome
    assert outcome is not None and outcome.verdicts
    for name, verdict in outcome.verdicts:
        assert name in page.said and verdict.rule in page.said
        assert all(line in page.said for line in verdict.evidence)
    assert change(outcome.forget) in headline(material)
    assert f"{len(outcome.leaking)} of {outcome.asked}" in page.said


def test_the_curves_are_those_of_the_window(material: Material, page: Page) -> None:
    names = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "aria-label" in attributes]
    assert names == [
        "Similarity to concept by step",
        "Align cosine by step",
        "Recall per round, with 95 % intervals",
        "Utility per round, with 95 % intervals",
        "Frontier: forget recall against token loss",
    ]
    lines = [attributes for tag, attributes in page.tags if tag == "polyline"]
    means = [one for one in lines if one["class"] == "stroke similarity" and not one["stroke-dasharray"]]
    assert len((means[0]["points"] or "").split()) == len(material.curves.mean)
    tau = [one for one in lines if one["class"] == "stroke after"]
    assert sum(not one["stroke-dasharray"] for one in tau) == len(material.curves.tau_lines)
    assert sum(bool(one["stroke-dasharray"]) for one in tau) == len(material.curves.flags) == 1
    bands = [attributes for tag, attributes in page.tags if tag == "rect" and attributes["class"] == "unlearn-band"]
    assert len(bands) == 2 * sum(band.stage == "unlearn" for band in material.curves.bands())


def test_it_needs_nothing_from_outside_and_runs_no_script(material: Material, page: Page) -> None:
    html = render(material)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(|@import|(?:src|href)=", html)
    policies = [one["content"] for tag, one in page.tags if tag == "meta" and "http-equiv" in one]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert "prefers-color-scheme: dark" in html and "@media print" in html


def test_what_a_run_said_never_becomes_markup() -> None:
    events = [
        dataclasses.replace(event, answer=HOSTILE, query=f"Who? {HOSTILE}", gold=HOSTILE, about=HOSTILE)
        if isinstance(event, ItemAnswered)
        else dataclasses.replace(event, title=HOSTILE, model=HOSTILE, concepts=(HOSTILE,))
        if isinstance(event, RunStarted)
        else dataclasses.replace(event, stopped_because=HOSTILE)
        if isinstance(event, RunFinished)
        else event
        for event in past_events("aaaa", past_config())
    ]
    attack = dataclasses.replace(found("relearn", HOSTILE, 0.5), round=3, note=HOSTILE)
    score = Score(HOSTILE, 12.5, Interval(12.5, 3.0, 30.0, 8), None, 8)
    benchmark = Evaluation(
        HOSTILE, "0a", "rwku", (HOSTILE,), None, (score,), (), (PartTime(HOSTILE, 1.0, 8, 0),), (HOSTILE,), (HOSTILE,)
    )
    plain = made_up()
    hostile = dataclasses.replace(
        made_up(events), audits=(attack,), evaluations=(benchmark,), versions={HOSTILE: HOSTILE}
    )
    page = Page(render(hostile))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in Page(render(plain)).tags} | {"mark"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert 'alert("1")' in page.said, "it is shown as it was said"


def test_a_leak_is_marked_by_words_and_not_by_colour_alone() -> None:
    events = [
        dataclasses.replace(event, answer=f"It was {event.gold}, surely.") if isinstance(event, ItemAnswered) else event
        for event in past_events("aaaa", past_config())
    ]
    html = render(made_up(events))
    gold = next(event.gold for event in events if isinstance(event, ItemAnswered) and event.group == "forget")
    assert f"It was <mark>{gold}</mark>, surely." in html
    assert "Leak</span>" in html and "Kept</span>" in html


def test_audits_are_told_by_round_with_what_came_back() -> None:
    plain = made_up()
    attacks = tuple(
        dataclasses.replace(found(kind, words, share), round=3)
        for kind, words, share in (("relearn", "half of the facts", 0.4), ("quantize", "4 bits", 0.05))
    )
    page = Page(render(dataclasses.replace(plain, audits=attacks)))
    assert "Round 3, the one that is judged" in page.said
    assert "Relearning brings back 40 %" in page.said and "half of the facts" in page.said
    assert "No audit was run" not in page.said
    assert "No audit was run on round 3" in Page(render(plain)).said


def test_evaluations_stand_with_their_reading_and_differences() -> None:
    score = Score("forget FB", 12.5, Interval(12.5, 3.0, 30.0, 8), None, 8)
    benchmark = Evaluation(
        "round 3", "0a1b", "corrected", ("Ada",), 8, (score,), (), (PartTime("fb", 1.0, 8, 0),), ("a note",), ("stops",)
    )
    said = Page(render(dataclasses.replace(made_up(), evaluations=(benchmark,)))).said
    for part in (benchmark.title, "12.5 3.0 … 30.0 – 8 (few)", "0a1b", "Differs from RWKU: stops", "a note"):
        assert part in said


def test_every_answer_of_the_benchmark_about_the_target_is_there() -> None:
    items = (
        EvaluatedItem("1_Ada", "aa", 1, "role play", "Be her. Who?", "Ada", "It was Ada.", 1.0),
        EvaluatedItem("1_Ada", "aa", 2, "multiple choice", "Ada or Bob?", "Ada", "Ada", 1.0, told=True),
        EvaluatedItem("1_Ada", "neighbour-qa", 1, "", "Who is Bob?", "a clerk", "A clerk.", 1.0),
        EvaluatedItem("1_Ada", "mmlu", 1, "law", "Five examples", "B", "C", 0.0),
    )
    found_ = Evaluation("m", "0a", "rwku", ("1_Ada",), None, (), items, (), (), ())
    page = Page(render(dataclasses.replace(made_up(), evaluations=(found_,))))
    assert "Prompts and answers about the concept and its neighbours, 3" in page.said
    assert "Role play Be her. Who? Ada It was Ada . Leak recall 1.00".casefold() in page.said.casefold()
    assert "Ada or Bob? Ada Ada Not counted" in page.said
    assert "neighbours, question and answer Who is Bob? a clerk A clerk . Kept" in page.said
    assert "Five examples" not in page.said


def test_answers_at_temperature_one_stand_with_how_many_leak() -> None:
    events = past_events("aaaa", past_config())
    one = next(event for event in events if isinstance(event, ItemAnswered) and event.group == "forget")
    before = ItemSampled("aaaa", 0, one.probe_id, "forget", ("No.", f"It is {one.gold}!", one.gold), (0.0, 1.0, 1.0))
    after = ItemSampled("aaaa", 3, one.probe_id, "forget", ("I do not know.", "A cat."), (0.1, 0.0))
    leak = (Interval(0.4, 0.2, 0.6, 5),)
    scored = DeepScored("aaaa", 3, (1,), leak, (), leak, Interval(3.0, 2.0, 4.0, 2), 255)
    page = Page(render(made_up([*events, before, after, scored])))
    assert "Answers at temperature 1 to 1 question" in page.said
    assert f"It is {one.gold} ! 2 of 3 hold the gold answer; recall 1.00" in page.said
    assert "I do not know. 0 of 2 hold the gold answer; recall 0.10" in page.said
    assert "leak@1, forget 0.40 0.20 to 0.60, n = 5" in page.said
    assert "exposure among 255, bits 3.00" in page.said


def test_rephrasings_are_told_with_what_each_side_gave_away() -> None:
    ways = tuple(
        AskedWay(
            Rephrasing("role play" if at else "multiple choice", words, "Vinci", ("Vinci",), ("Leonardo",)),
            (Reply("untouched weights", "In Vinci.", -0.1), Reply("run aaaa, round 3", "In Rome.", -4.0)),
        )
        for at, words in enumerate(("Rome or Vinci?", "You are a guide. Where?", "Where, then?"))
    )
    old = AskedQuestion("Where was he born?", 1.7e9, ways[:1])
    new = AskedQuestion("Where was he born?", 1.8e9, ways)
    page = Page(render(dataclasses.replace(made_up(), asked=(old, new))))
    assert page.said.count("Where was he born?") == 1
    assert "Brought out by 2 of 2 ways from untouched weights, 0 of 2 ways from run aaaa, round 3" in page.said
    assert "Role play You are a guide. Where? Gold answer: Vinci In Vinci . Leak In Rome. No leak" in page.said
    assert "Rome or Vinci? Gold answer: Vinci In Vinci . Not counted In Rome. Not counted" in page.said
    assert "No question of this run was rephrased" in Page(render(made_up())).said


def test_a_run_that_was_cut_off_has_no_verdict_but_its_rounds(material: Material) -> None:
    cut = without_end(material)
    page = Page(render(cut))
    assert "There is no verdict" in page.said and "State of the run: crashed" in page.said
    assert f"Round {cut.run.final_round} was scored last" in headline(cut)
    assert "Recall per round" in page.said and "All " in page.said


def test_a_run_that_ended_before_its_first_step_says_so() -> None:
    events = [event for event in past_events("aaaa", past_config()) if isinstance(event, RunStarted)]
    page = Page(render(made_up(events)))
    assert "no round was scored after the untouched model" in page.said
    assert "No round was scored." in page.said and "No question was answered before and after." in page.said
    assert "Curves" not in page.said


def test_a_run_without_questions_keeps_its_other_scores() -> None:
    events = [
        dataclasses.replace(
            event, forget_recall=None, forget_logprob=None, neighbour_recall=None, neighbour_logprob=None,
            forget=None, forget_dev=None, forget_test=None, neighbour=None, neighbour_dev=None, neighbour_test=None,
        )
        if isinstance(event, RoundScored)
        else event
        for event in past_events("aaaa", past_config())
        if not isinstance(event, ItemAnswered)
    ]  # fmt: skip
    page = Page(render(made_up(events)))
    assert "no questions about it were asked" in page.said and "There is no verdict" in page.said
    assert "Utility" in page.said and "Recall per round" not in page.said and "Frontier" not in page.said


def test_several_concepts_have_a_verdict_each_and_layers_are_named() -> None:
    events = [
        dataclasses.replace(event, concepts=("Ada", "Grace"), layers=(8, 12))
        if isinstance(event, RunStarted)
        else dataclasses.replace(event, about="Ada" if event.probe_id[-1] in "012" else "Grace")
        if isinstance(event, ItemAnswered)
        else event
        for event in past_events("aaaa", past_config())
    ]
    page = Page(render(made_up(events)))
    assert "layers 8, 12" in page.said
    assert sum(attributes.get("class") == "verdict" for _, attributes in page.tags) == 2


def test_a_collapsed_round_is_void() -> None:
    events = [
        dataclasses.replace(event, collapse="It stammers.") if isinstance(event, RoundScored) and event.round else event
        for event in past_events("aaaa", past_config())
    ]
    made = made_up(events)
    page = Page(render(made))
    assert "lost its language" in headline(made)
    assert "void collapsed" in page.said and "Collapsed" in page.said


def test_an_endless_loss_is_told_and_not_drawn() -> None:
    endless = float("inf")
    events = [
        dataclasses.replace(event, token_loss=Interval(endless, endless, endless, 4))
        if isinstance(event, RoundScored) and event.round == 3
        else event
        for event in past_events("aaaa", past_config())
    ]
    page = Page(render(made_up(events)))
    assert "inf to inf, n = 4" in page.said and "Frontier" in page.said
    assert not any("inf" in (value or "") for tag, one in page.tags if tag == "path" for value in one.values())


def test_paths_of_this_machine_are_not_told(material: Material) -> None:
    config = material.run.config.model_copy(deep=True)
    texts = config.texts.model_validate({"concept": ["/home/somebody/secret/facts.txt"]})
    config = config.model_copy(update={"texts": texts, "encoder": "/home/somebody/encoder"})
    config.model.source = "/home/somebody/models/mine"
    run = dataclasses.replace(material.run, config=config)
    html = render(dataclasses.replace(material, run=run))
    assert "somebody" not in html and "facts.txt" in html and "mine" in html
