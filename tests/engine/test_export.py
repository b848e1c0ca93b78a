"""Exports on the tiny model: the folder is whole, answers the same, and nothing is left of a broken one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from atu_gui.core.config import RunConfig, UnlearnConfig
from atu_gui.core.errors import Cancelled, InternalError, OutputError
from atu_gui.core.events import ControlApplied, GroupScores, Interval, Progress, RoundScored
from atu_gui.core.materials import Materials
from atu_gui.engine import export as module
from atu_gui.engine.export import Provenance, export, model_card
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.unlearn import trained_parameters
from tests.engine.draining import drain


def _scored(number: int, forget: float) -> RoundScored:
    recall = Interval(forget, forget / 2, forget * 1.5, 23)
    loss = Interval(2.2, 2.1, 2.3, 40)
    return RoundScored("3f2a", number, 12, None, recall, None, None, None, loss, *(None,) * 5, seconds=9.0)


@pytest.fixture
def source(config: RunConfig, materials: Materials) -> Provenance:
    return Provenance("3f2a", 1, config, _scored(0, 0.2), _scored(1, 0.02), materials.probes, materials.fluency_prompts)


def _never() -> bool:
    return False


def test_an_export_is_a_whole_model_with_the_weights_of_the_moment(
    lm: LanguageModel, source: Provenance, tmp_path: Path
) -> None:
    for parameter in trained_parameters(lm, [2], UnlearnConfig()).values():
        parameter.data += 0.05 * torch.randn_like(parameter)
    events, done = drain(export(lm, source, tmp_path / "out", _never))
    assert done.folder == tmp_path / "out" and done.answers == 4 and done.size > 10_000
    assert all(isinstance(event, Progress) and event.job == "export" for event in events)
    names = {path.name for path in done.folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt"))]
    model = AutoModelForCausalLM.from_pretrained(done.folder)
    for name, value in lm.model.named_parameters():
        assert torch.equal(model.get_parameter(name), value), name
    assert AutoTokenizer.from_pretrained(done.folder).chat_template == lm.tokenizer.chat_template
    assert list(tmp_path.iterdir()) == [done.folder]


def test_a_folder_with_something_in_it_is_refused(lm: LanguageModel, source: Provenance, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="is not empty"):
        drain(export(lm, source, tmp_path, _never))
    with pytest.raises(OutputError, match="is a file"):
        drain(export(lm, source, tmp_path / "thesis.tex", _never))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_is_used(lm: LanguageModel, source: Provenance, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    drain(export(lm, source, tmp_path / "out", _never))
    assert (tmp_path / "out" / "README.md").exists()


def test_a_second_export_to_the_same_folder_is_told_and_disturbs_nothing(
    lm: LanguageModel, source: Provenance, tmp_path: Path
) -> None:
    first = export(lm, source, tmp_path / "new" / "out", _never)
    next(first)
    with pytest.raises(OutputError, match=r"Another window or command \(process \d+\) writes into .*out"):
        drain(export(lm, source, tmp_path / "new" / "out", _never))
    _, done = drain(first)
    assert done.answers == 4
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]


def test_a_model_that_answers_otherwise_is_not_kept(
    lm: LanguageModel, source: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = module.load_language_model

    def damaged(config):  # type: ignore[no-untyped-def]
        loaded = yield from whole(config)
        # No longer tied to the embeddings: every answer comes out one token beside.
        loaded.model.lm_head.weight = torch.nn.Parameter(loaded.model.lm_head.weight.detach().roll(1, 0))
        return loaded

    monkeypatch.setattr(module, "load_language_model", damaged)
    with pytest.raises(InternalError, match=r"answers \d of 4 questions otherwise"):
        drain(export(lm, source, tmp_path / "out", _never))
    assert list(tmp_path.iterdir()) == []


def test_weights_that_were_not_written_are_noticed(
    lm: LanguageModel, source: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = lm.model.save_pretrained

    def forgetful(folder: Path) -> None:
        save(folder)
        next(iter(trained_parameters(lm, [2], UnlearnConfig()).values())).data += 1e-6

    monkeypatch.setattr(lm.model, "save_pretrained", forgetful)
    with pytest.raises(InternalError, match="not those in memory"):
        drain(export(lm, source, tmp_path / "out", _never))
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_export_leaves_nothing(lm: LanguageModel, source: Provenance, tmp_path: Path) -> None:
    asked = iter([False] * 3)
    with pytest.raises(Cancelled):
        drain(export(lm, source, tmp_path / "out", lambda: next(asked, True)))
    assert list(tmp_path.iterdir()) == []


def test_the_card_says_what_was_measured_and_what_not(lm: LanguageModel, source: Provenance) -> None:
    card = model_card(lm, source, "forgetful")
    assert "# forgetful, made to forget Ada Lovelace" in card
    assert "| forget recall | 0.200 (0.100–0.300) | 0.020 (0.010–0.030) | 23 |" in card
    assert "| neighbour recall | – | – | – |" in card
    assert "| τ of each round, as planned | 0.05 |" in card
    assert "suppression, not erasure" in card and "2 questions about it and 1 question about its neighbours" in card
    assert lm.source not in card
    assert "are of all questions.\n" in card
    assert source.before is not None and source.after is not None
    of_test = GroupScores(Interval(0.05, 0.0, 0.1, 11), Interval(-4.0, -5.0, -3.0, 11))
    sides = [dataclasses.replace(one, forget_test=of_test) for one in (source.before, source.after)]
    tested = dataclasses.replace(source, before=sides[0], after=sides[1])
    card = model_card(lm, tested, "forgetful")
    assert "are of test questions, by which nothing in the run was chosen.\n" in card
    assert "| forget recall | 0.050 (0.000–0.100) | 0.050 (0.000–0.100) | 11 |" in card
    assert "| log-probability of forget answers, nats | −4.00 (−5.00–−3.00) |" in card


def test_the_card_says_what_was_changed_by_hand_up_to_its_round(
    lm: LanguageModel, config: RunConfig, materials: Materials
) -> None:
    events = (
        _scored(0, 0.2),
        ControlApplied("3f2a", 5, "pause_step", None, 9.0, 1),
        ControlApplied("3f2a", 44, "tau", 0.1, 0.25, 2),
        _scored(1, 0.02),
        ControlApplied("3f2a", 60, "retain_weight", 20.0, 5.0, 3),
        _scored(2, 0.01),
    )
    first, second = (
        model_card(lm, Provenance.of("3f2a", number, config, events, materials), "out") for number in (1, 2)
    )
    assert first.count("changed by hand") == 1 and "| changed by hand | τ 0.10 → 0.25 at step 44 |" in first
    assert "0.020 (0.010–0.030)" in first and "20 → 5 at step 60" in second
