"""The whole benchmark on the tiny model: every part, both readings, cache, cancelling, faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.evaluation import PARTS, Evaluation, Reading, write_evaluation
from atu_gui.core.events import Progress
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.probes import raw_answers
from atu_gui.engine.probes.evaluate import evaluate
from atu_gui.engine.probes.target import attack_kind, read_target
from tests.engine.rwku_maker import make_target
from tests.engine.test_parity_probes import drain

SHORT = dict.fromkeys(raw_answers.NEW_TOKENS, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_target(tmp_path / "7_Ada_Lovelace")


@pytest.fixture(autouse=True)
def short_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_answers, "NEW_TOKENS", SHORT)


def evaluated(lm: LanguageModel, folder: Path, reading: Reading = "rwku") -> Evaluation:
    target = read_target(folder, tuple(PARTS))
    cache = folder.parent / "cache"
    work = evaluate(lm, [target], weights="tiny", reading=reading, limit=None, cache=cache, cancelled=lambda: False)
    return drain(work)


def test_every_part_has_scores_with_their_counts(lm: LanguageModel, folder: Path) -> None:
    found = evaluated(lm, folder)
    assert {item.part for item in found.items} == set(PARTS)
    names = {score.name for score in found.scores}
    assert {"forget all", "neighbour all", "MIA AUC mink++", "TruthfulQA MC2", "AA, cross-lingual"} <= names
    assert all(score.few for score in found.scores)
    (note,) = found.notes
    assert note.startswith(f"{len(found.scores)} of {len(found.scores)} scores, marked “few”")
    assert len(note) < 100
    untold, told = found.score("forget AA, answer not in the prompt"), found.score("forget AA, answer in the prompt")
    assert untold is not None
    assert told is not None
    assert (untold.n, told.n) == (1, 1)
    assert Evaluation.from_json(json.loads(json.dumps(found.as_json(items=True)))) == found


def test_a_second_evaluation_asks_nothing(lm: LanguageModel, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = evaluated(lm, folder)
    monkeypatch.setattr("atu_gui.engine.probes.evaluate.ask", None)
    second = evaluated(lm, folder)
    assert (second.scores, second.items) == (first.scores, first.items)
    assert all(time.cached == time.items for time in second.times)
    corrected = evaluated(lm, folder, "corrected")
    assert all("\n" not in item.output for item in corrected.items if item.part in ("fb", "qa", "aa"))


def test_first_lines_asked_alone_score_as_those_of_whole_answers(lm: LanguageModel, folder: Path) -> None:
    alone = evaluated(lm, folder, "corrected")
    whole = evaluated(lm, folder)
    assert {time.part: time.cached for time in whole.times if time.part in raw_answers.QUESTIONS} == dict.fromkeys(
        raw_answers.QUESTIONS, 0
    )
    after = evaluated(lm, folder, "corrected")
    assert (after.scores, after.items) == (alone.scores, alone.items)
    assert all(time.cached == time.items for time in after.times)


def test_parts_that_are_asked_together_share_their_seconds(lm: LanguageModel, folder: Path) -> None:
    times = {time.part: time for time in evaluated(lm, folder).times}
    assert times["aa"].items == 2
    assert times["aa"].seconds == pytest.approx(2 * times["fb"].seconds)


def test_other_weights_are_asked_anew(lm: LanguageModel, folder: Path) -> None:
    evaluated(lm, folder)
    weight = next(lm.model.parameters())
    kept = weight.data.clone()
    weight.data += 0.01
    try:
        assert all(time.cached == 0 for time in evaluated(lm, folder).times)
    finally:
        weight.data = kept


def test_cancelling_keeps_the_parts_that_were_done(lm: LanguageModel, folder: Path) -> None:
    cache = folder.parent / "cache"
    stop = False
    target = read_target(folder, ("fb", "mia"))
    work = evaluate(lm, [target], weights="", reading="rwku", limit=None, cache=cache, cancelled=lambda: stop)
    with pytest.raises(Cancelled):
        for event in work:
            stop = stop or (isinstance(event, Progress) and event.what.endswith("mia"))
    assert len(list(cache.rglob("*.json"))) == 1


def test_files_list_every_prompt_and_answer(lm: LanguageModel, folder: Path, tmp_path: Path) -> None:
    found = evaluated(lm, folder)
    write_evaluation(found, tmp_path / "out")
    lines = (tmp_path / "out" / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(found.items)
    assert all(json.loads(line)["prompt"] for line in lines)


def test_faults_are_told_with_item_and_field(folder: Path) -> None:
    (folder / "retain_mmlu.json").write_text('[{"task": "x", "question": "y", "choices": ["a"]}]', encoding="utf-8")
    with pytest.raises(InputError, match="item 1, field “choices”"):
        read_target(folder, ("mmlu",))
    with pytest.raises(InputError, match="none of the RWKU files"):
        read_target(folder.parent, ("fb",))


def test_a_limit_is_spread_over_the_file(folder: Path) -> None:
    records = [{"query": str(number), "answer": "x"} for number in range(10)]
    (folder / "forget_level2.json").write_text(json.dumps(records), encoding="utf-8")
    entries = read_target(folder, ("qa",), 2).parts["qa"]
    assert [entry.index for entry in entries] == [0, 5]


def test_attacks_have_the_names_of_the_paper() -> None:
    assert attack_kind("context hint") == "background hint"
    assert attack_kind("cross lingual (German)") == "cross-lingual"
