from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from atu_gui.core.audits import AuditKind, AuditSettings
from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import Cancelled
from atu_gui.core.events import AuditFound, Note, from_record, to_record
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.engine.audits import ATTACKS
from atu_gui.engine.audits.ablate import direction, put_back
from atu_gui.engine.audits.asking import Subject
from atu_gui.engine.audits.contrast import contrast
from atu_gui.engine.audits.lens import layer_logprobs
from atu_gui.engine.audits.probe import area, cross_validated, shuffled, without_names
from atu_gui.engine.audits.prompts import examples
from atu_gui.engine.audits.quantize import linear_weights, nearest
from atu_gui.engine.audits.relearn import Lesson, halves, on_copies, train_steps
from atu_gui.engine.generate import answer_logprobs
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.packing import nf4
from atu_gui.engine.probes.prompts import probe_prompt
from atu_gui.engine.snapshots import Snapshots
from atu_gui.engine.tiny import CORPUS
from atu_gui.engine.truncate import hidden_at
from tests.engine.draining import drain

_SETTINGS = AuditSettings(steps=2, texts=3, batch=2, max_tokens=24, shots=1)


@pytest.fixture
def subject(lm: LanguageModel, config: RunConfig, materials: Materials, tmp_path: Path) -> Subject:
    """An untouched model, and a round in which the first two blocks differ."""
    chosen = {
        name: value for name, value in lm.model.named_parameters() if ".layers.0." in name or ".layers.1." in name
    }
    snapshots = Snapshots(lm, chosen, tmp_path)
    noise = torch.Generator().manual_seed(3)
    for value in chosen.values():
        value.data.add_(0.05 * torch.randn(value.shape, generator=noise))
    snapshots.save(1)
    snapshots.restore(0)
    many = dataclasses.replace(
        materials,
        concept_passages=_varied(CORPUS[:2]),
        retain_passages=(*materials.retain_passages, *_varied(CORPUS[2:4])),
    )
    return Subject(lm, snapshots, 1, "r1", config, many, _SETTINGS, lambda: False)


def _varied(texts: Sequence[str], source: str = "") -> tuple[Passage, ...]:
    return tuple(Passage(f"{text} {number}.", source=source) for number in range(6) for text in texts)


def weights(lm: LanguageModel) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in lm.model.named_parameters()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", list(ATTACKS))
def test_an_audit_finds_something_and_leaves_weights_bit_for_bit(kind: AuditKind, subject: Subject) -> None:
    before = weights(subject.lm)
    learning = [value.requires_grad for value in subject.lm.model.parameters()]
    events, _ = drain(ATTACKS[kind](subject))
    assert same(before, weights(subject.lm))
    assert [value.requires_grad for value in subject.lm.model.parameters()] == learning
    assert all(value.grad is None for value in subject.lm.model.parameters())
    found = [event for event in events if isinstance(event, AuditFound)]
    assert found and all(one.comebacks and one.round == 1 and one.audit == kind for one in found)
    assert [from_record(json.loads(json.dumps(to_record(one)))) for one in found] == found


@pytest.mark.parametrize("kind", list(ATTACKS))
def test_a_cancelled_audit_leaves_weights_bit_for_bit(kind: AuditKind, subject: Subject) -> None:
    before = weights(subject.lm)
    asked = iter(range(1))
    subject.cancelled = lambda: next(asked, None) is None
    with pytest.raises(Cancelled):
        drain(ATTACKS[kind](subject))
    assert same(before, weights(subject.lm))


@pytest.mark.parametrize("kind", ["quantize", "relearn", "ablate"])
def test_an_audit_closed_at_any_event_leaves_weights_and_hooks_as_they_were(kind: AuditKind, subject: Subject) -> None:
    before = weights(subject.lm)
    total = len(drain(ATTACKS[kind](subject))[0])
    for stop in range(1, total, max(1, total // 5)):
        with contextlib.closing(ATTACKS[kind](subject)) as work:
            for _ in range(stop):
                next(work, None)
        assert same(before, weights(subject.lm))
        assert not any(block._forward_hooks for block in subject.lm.blocks)


@pytest.mark.parametrize("bits", [8, 4])
def test_rounding_loses_at_most_half_a_scale_of_each_channel(bits: int, lm: LanguageModel) -> None:
    for weight, channel in linear_weights(lm):
        rounded = nearest(weight.data, bits, channel)
        scale = weight.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
        assert bool(((rounded - weight).abs() <= scale * 0.5001).all())
        assert all(len(row.unique()) <= 2**bits - 1 for row in rounded)


def test_transposed_weights_have_their_scales_by_column() -> None:
    weight = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(nearest(weight, 4, 1), nearest(weight.T.contiguous(), 4, 0).T)


@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="the extra bitsandbytes is not installed")
@pytest.mark.filterwarnings("ignore")
def test_nf4_leaves_sixteen_values_in_a_block_and_is_offered(lm: LanguageModel, subject: Subject) -> None:
    for weight, _ in linear_weights(lm):
        restored = nf4(weight.data)
        blocks, exact = (each.flatten()[: each.numel() // 64 * 64].view(-1, 64) for each in (restored, weight.data))
        assert all(len(block.unique()) <= 16 for block in blocks)
        # Half the widest gap between two levels, which is 0.304 of the block's largest value.
        assert bool(((blocks - exact).abs().amax(1) <= 0.16 * exact.abs().amax(1)).all())
    events, _ = drain(ATTACKS["quantize"](subject))
    assert [one.attack for one in events if isinstance(one, AuditFound)][-1] == "4 bits, NF4"


def test_without_bitsandbytes_the_audit_says_what_it_leaves_out(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    events, _ = drain(ATTACKS["quantize"](subject))
    assert [event.text for event in events if isinstance(event, Note)] == [
        "NF4 is left out of the audit: the package bitsandbytes is not installed (pip install 'atu-gui[bitsandbytes]')."
    ]
    assert [one.attack for one in events if isinstance(one, AuditFound)] == ["8 bits, nearest", "4 bits, nearest"]


def test_relearning_the_very_answers_raises_their_log_prob(lm: LanguageModel, materials: Materials) -> None:
    probes = [probe for probe in materials.probes if probe.group == "forget"]
    prompts, golds = [probe_prompt(lm, probe) for probe in probes], [probe.answer for probe in probes]
    lessons = [Lesson(*pair) for pair in zip(prompts, golds, strict=True)]

    def measured() -> float:
        return float(np.mean(drain(answer_logprobs(lm, prompts, golds))[1]))

    before = measured()
    with on_copies(lm):
        list(train_steps(lm, lessons, steps=10, learning_rate=5e-3, batch=2, max_tokens=96, seed=0))
        assert measured() > before + 0.5
    assert measured() == before


def test_the_lens_at_the_last_layer_is_the_model(lm: LanguageModel) -> None:
    rows = [[5, 6, 7, 8], [9, 10]]
    seen = layer_logprobs(lm, rows)
    assert seen.shape[:2] == (2, lm.depth)
    for at, row in enumerate(rows):
        with torch.inference_mode():
            wanted = lm.model(input_ids=torch.tensor([row])).logits[0, -1].log_softmax(-1)
        assert torch.allclose(seen[at, -1], wanted, atol=1e-5)


def test_shuffled_labels_teach_a_probe_nothing_and_true_ones_do() -> None:
    random = np.random.default_rng(0)
    labels, folds = np.array([0.0, 1.0] * 60), np.arange(120) // 2 % 5
    rows = torch.from_numpy(random.normal(size=(120, 200)))
    # A unit that is large and says nothing must not drown the one that tells.
    rows[:, 1] *= 1e4
    rows[:, 0] += torch.from_numpy(6 * labels)
    mixed = shuffled(labels, folds, 0)
    assert all(set(column[folds == 2]) == {0.0, 1.0} and column.sum() == 60 for column in mixed.T)
    scores = cross_validated(rows, np.column_stack([labels, mixed]), folds)
    assert area(scores[:, 0], labels) > 0.75
    floor = [area(scores[:, at + 1], mixed[:, at]) for at in range(mixed.shape[1])]
    assert abs(float(np.mean(floor)) - 0.5) < 0.1


def test_a_text_is_scored_by_probes_that_never_saw_its_label() -> None:
    labels, folds = np.array([0.0, 1.0] * 10), np.arange(20) // 2 % 5
    rows = torch.randn(20, 30, generator=torch.Generator().manual_seed(0))
    turned = labels.copy()
    turned[folds == 3] = 1 - turned[folds == 3]
    one, other = (cross_validated(rows, side[:, None], folds)[folds == 3] for side in (labels, turned))
    assert np.array_equal(one, other)


def test_a_probe_is_left_out_where_it_would_tell_styles_apart(subject: Subject) -> None:
    subject.materials = dataclasses.replace(
        subject.materials, retain_passages=_varied(CORPUS[2:4], source="written by the model")
    )
    events, _ = drain(ATTACKS["probe"](subject))
    notes = [event.text for event in events if isinstance(event, Note)]
    assert len(notes) == 1 and notes[0].startswith("The linear probe is left out")
    assert not any(isinstance(event, AuditFound) for event in events)


def test_an_rwku_target_is_held_against_the_targets_beside_it(subject: Subject, tmp_path: Path) -> None:
    for number, name in enumerate(("Ada_Lovelace", "Alan_Turing", "Grace_Hopper"), start=1):
        folder = tmp_path / f"{number}_{name}"
        folder.mkdir()
        (folder / "forget_level1.json").write_text("[]", encoding="utf-8")
        if number < 3:
            passages = [{"text": f"{name} counts {at}."} for at in range(12)]
            (folder / "positive.json").write_text(json.dumps(passages), encoding="utf-8")
    subject.config.texts.concept = [tmp_path / "1_Ada_Lovelace" / "positive.json"]
    found = contrast(subject.config, subject.materials, 8, 0)
    assert found is not None and [one.name for one in found.names] == ["Alan Turing"]
    assert len(found.others) == 8 and all(text.startswith("Alan_Turing counts") for text in found.others)
    assert set(found.concept) <= {passage.text for passage in subject.materials.concept_passages}


def test_a_fact_asked_after_relearning_stands_nowhere_in_what_was_taught() -> None:
    probes = [
        Probe(f"{kind}{fact}", "forget", "question", f"Question {kind} on {fact}?", f"Answer{fact % 7}")
        for fact in range(14) for kind in ("a", "b")
    ]  # fmt: skip
    probes.append(Probe("c", "forget", "question", "Is Answer3 or Answer5 or Answer1 right?", "Answer0"))
    for seed in range(5):
        taught, asked = halves(probes, seed)
        assert asked and len(taught) >= 8
        assert not any(one.answer in f"{two.query} {two.answer}" for one in asked for two in taught)


def test_relearning_trains_the_untouched_model_alike(subject: Subject) -> None:
    events, _ = drain(ATTACKS["relearn"](subject))
    found = [event for event in events if isinstance(event, AuditFound)]
    for one in found:
        control = next(back.control for back in one.comebacks if back.measure == "answer log-prob")
        assert control is not None
        assert one.curve[0].beside != one.curve[0].attacked
        assert control.mean == pytest.approx(one.curve[-1].beside, abs=1e-4)
        untouched = next(back.untouched for back in one.comebacks if back.measure == "answer log-prob")
        assert untouched.mean == pytest.approx(one.curve[0].beside, abs=1e-4)


def test_names_are_taken_out_as_whole_words() -> None:
    concept = Concept(name="Leonardo da Vinci", aliases=("Leo",))
    assert without_names("Leonardo da Vinci; leonardo, Leo and Leopold.", [concept]).split() == [
        ";", ",", "and", "Leopold."
    ]  # fmt: skip


def test_undoing_puts_the_mean_back_and_leaves_the_rest(lm: LanguageModel) -> None:
    ids = torch.tensor([[3, 4, 5, 6, 7]])
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        plain = hidden_at(lm, [2], ids, mask)[2]
        wanted = direction(torch.zeros(lm.width), torch.arange(lm.width).float())
        with put_back(lm, {2: wanted}):
            changed = hidden_at(lm, [3], ids, mask)[3]
        assert not torch.equal(changed, hidden_at(lm, [3], ids, mask)[3])
        projected = plain - (plain @ wanted.vector - wanted.place)[..., None] * wanted.vector
        assert torch.allclose(projected @ wanted.vector, torch.zeros(1, 5), atol=1e-5)


def test_solved_examples_never_hold_the_answer(materials: Materials) -> None:
    forget, neighbour = materials.probes[0], materials.probes[2]
    told = type(neighbour)("n2", "neighbour", "question", "Who knew Ada Lovelace?", "Babbage")
    assert examples(forget, [told, neighbour], 2) == f"Question: {neighbour.query}\nAnswer: {neighbour.answer}\n\n"
