"""What a config becomes: files read, the rest written, everything drawn by seed."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled, InputError
from atu_gui.core.events import Note, Progress, TextWritten
from atu_gui.core.materials import Materials
from atu_gui.core.paths import resource
from atu_gui.engine.inputs import bundled, bundled_lines, draw, read_inputs
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.prepare import prepare, validate_inputs
from tests.engine.draining import drain

FORGET = {"kind": "question", "group": "forget", "query": "Who was Ada Lovelace?", "answer": "A mathematician"}
NEIGHBOUR = {"kind": "cloze", "group": "neighbour", "query": "Hopper built a ___.", "answer": "compiler"}


@pytest.fixture
def texts(tmp_path: Path) -> dict[str, list[Path]]:
    passage = "Ada Lovelace wrote the notes on the Analytical Engine, part {}, and saw what it could do."
    (tmp_path / "concept.txt").write_text("\n\n".join(passage.format(n) for n in range(40)))
    other = [f"The river number {n} flows slowly from the hills through the town to the sea." for n in range(40)]
    (tmp_path / "retain.txt").write_text(
        "\n\n".join([*other, "The Lovelace papers are kept in a library in the town."])
    )
    (tmp_path / "pack.jsonl").write_text("\n".join(map(json.dumps, [FORGET] * 9 + [NEIGHBOUR] * 9)))
    return {
        "concept": [tmp_path / "concept.txt"],
        "retain": [tmp_path / "retain.txt"],
        "probes": [tmp_path / "pack.jsonl"],
    }


def _config(texts: object, **changes: object) -> RunConfig:
    data = {"concepts": [{"name": "Ada Lovelace"}], "texts": texts, "windows": {"max_tokens": 32}, **changes}
    return RunConfig.model_validate(data)


def _prepared(config: RunConfig, lm: LanguageModel) -> Materials:
    return drain(prepare(config, lm))[1]


def test_files_are_drawn_by_seed_and_nothing_is_written(texts: dict[str, list[Path]], lm: LanguageModel) -> None:
    limits = {**texts, "passages": 10, "retain_passages": 12, "probes_limit": 4}
    first = _prepared(_config(limits), lm)
    assert (len(first.concept_passages), len(first.retain_passages), len(first.probes)) == (10, 12, 8)
    assert not first.written
    assert first == _prepared(_config(limits), lm)
    other = _prepared(_config(limits, seed=1), lm)
    assert other.concept_passages != first.concept_passages
    # Drawing fewer questions moves no passage.
    assert _prepared(_config({**limits, "probes_limit": 1}), lm).concept_passages == first.concept_passages


def test_no_more_texts_are_held_than_steps_can_take(
    texts: dict[str, list[Path]], lm: LanguageModel, tmp_path: Path
) -> None:
    many = [f"Ada Lovelace wrote the notes on the Analytical Engine, and this is part {n} of them." for n in range(900)]
    (tmp_path / "concept.txt").write_text("\n\n".join(many))
    steps = {"rounds": [{"align_steps": 80, "unlearn_steps": 1, "tau": 0.1}]}
    materials = _prepared(_config({**texts, "passages": 800}, **steps), lm)
    # Four of a batch of eight in each of 80 steps, and as many again as are held out: every tenth.
    assert len(materials.concept_passages) == 356
    assert "356 of the 900 concept passages were drawn; steps take no more." in materials.notes
    fewer = _prepared(_config({**texts, "passages": 300}, **steps), lm)
    assert len(fewer.concept_passages) == 300 and not any("were drawn" in note for note in fewer.notes)


def test_texts_too_many_to_hold_are_drawn_as_others_are(
    texts: dict[str, list[Path]], lm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config({**texts, "passages": 10, "retain_passages": 12})
    held = _prepared(config, lm)
    monkeypatch.setattr("atu_gui.engine.inputs.HELD", 3)
    assert _prepared(config, lm) == held


def test_however_many_texts_are_read_they_take_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atu_gui.engine.inputs.HELD", 100)
    peaks = []
    for count in (2_000, 10_000):
        path = tmp_path / f"{count}.jsonl"
        path.write_text("".join(f'{{"text": "{n} {"was written by Ada " * 50}"}}\n' for n in range(count)))
        tracemalloc.start()
        inputs = read_inputs(_config({"concept": [path]}))
        assert len(inputs.concept) == count and len(inputs.concept.pick([0, 3, count - 1])) == 3
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] < 6_000_000, "the larger file alone has ten million letters"


def test_texts_that_change_while_they_are_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atu_gui.engine.inputs.HELD", 1)
    path = tmp_path / "a.txt"
    path.write_text("One.\n\nTwo.\n\nThree.")
    inputs = read_inputs(_config({"concept": [path]}))
    path.write_text("One.")
    with pytest.raises(InputError, match="changed while they were read"):
        inputs.concept.pick([0, 2])


def test_retain_texts_that_name_the_concept_are_left_out(texts: dict[str, list[Path]], lm: LanguageModel) -> None:
    materials = _prepared(_config(texts), lm)
    assert len(materials.retain_passages) == 40
    assert not any("Lovelace" in passage.text for passage in materials.retain_passages)
    assert any("1 retain texts name the concept" in note for note in materials.notes)


def test_only_retain_texts_about_the_concept_is_an_error(texts: dict[str, list[Path]], lm: LanguageModel) -> None:
    with pytest.raises(InputError, match="Every retain text names the concept"):
        _prepared(_config({**texts, "retain": texts["concept"]}), lm)


def test_bundled_texts_serve_where_a_pack_has_none(texts: dict[str, list[Path]], lm: LanguageModel) -> None:
    materials = _prepared(_config(texts), lm)
    assert materials.neutral_texts == tuple(bundled("neutral.txt"))
    assert len(materials.fluency_prompts) == 10
    assert set(materials.fluency_prompts) < set(bundled_lines("instructions.txt"))


def test_what_is_missing_is_written_and_the_same_seed_writes_the_same(
    texts: dict[str, list[Path]], lm: LanguageModel
) -> None:
    config = _config({**texts, "retain": [], "retain_passages": 16})
    events, first = drain(prepare(config, lm))
    assert first.written
    assert len(first.neighbours) >= 3
    assert len(first.retain_passages) <= 16
    assert any(isinstance(event, TextWritten) and event.what == "neighbour" for event in events)
    assert {event.job for event in events if isinstance(event, Progress)} <= {"write", "probe"}
    assert first == _prepared(config, lm)


def test_the_users_neighbours_are_taken_unless_they_name_the_concept(
    texts: dict[str, list[Path]], lm: LanguageModel
) -> None:
    config = _config({**texts, "retain": [], "retain_passages": 16, "neighbours": ["Alan Turing", "Mr Lovelace"]})
    events, materials = drain(prepare(config, lm))
    assert materials.neighbours == ("Alan Turing",)
    assert any(isinstance(event, Note) and "1 of the neighbours" in event.text for event in events)


def test_writing_can_be_cancelled(texts: dict[str, list[Path]], lm: LanguageModel) -> None:
    with pytest.raises(Cancelled):
        drain(prepare(_config({**texts, "retain": []}), lm, lambda: True))


def test_faults_of_all_files_come_together(texts: dict[str, list[Path]], tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{\n")
    bad = {"concept": [tmp_path / "none.txt"], "retain": [tmp_path / "bad.jsonl"], "probes": texts["retain"]}
    with pytest.raises(InputError) as caught:
        validate_inputs(_config(bad))
    assert "none.txt" in caught.value.message
    assert "bad.jsonl, line 1" in caught.value.message
    assert "retain.txt, line 1" in caught.value.message
    with pytest.raises(InputError, match="No concept is named"):
        validate_inputs(RunConfig())
    validate_inputs(_config(texts))


def test_ids_of_probes_are_unique_across_packs(texts: dict[str, list[Path]], lm: LanguageModel, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    twin = tmp_path / "again" / "pack.jsonl"
    twin.write_text(json.dumps(FORGET))
    materials = _prepared(_config({**texts, "probes": [*texts["probes"], twin]}), lm)
    assert len({probe.id for probe in materials.probes}) == len(materials.probes) == 19


def test_drawing_keeps_order_and_depends_on_seed_and_label() -> None:
    items = list(range(100))
    drawn = draw(items, 10, 3, "a")
    assert list(drawn) == sorted(drawn)
    assert drawn == draw(items, 10, 3, "a") != draw(items, 10, 3, "b")
    assert draw(items, 100, 0, "a") == tuple(items)


def test_bundled_texts_are_apart_and_tidy() -> None:
    general, neutral = bundled("general.txt"), bundled("neutral.txt")
    assert (len(general), len(neutral)) == (40, 30)
    assert all(50 <= len(text.split()) <= 95 for text in (*general, *neutral))
    assert not set(general) & set(neutral)
    for name in ("general_questions.txt", "instructions.txt", "entities.txt"):
        lines = bundled_lines(name)
        assert all(line.strip() == line != "" for line in lines)
        assert len(set(lines)) == len(lines)
    assert resource("packs", "example.jsonl").is_file()
