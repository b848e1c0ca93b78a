"""Every rung of every ladder on the tiny model: losses must agree, counts are checked by hand, times are only there."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from atu_gui.bench import floors
from atu_gui.bench.gains import LADDERS, Gain, measure_gains
from atu_gui.bench.pairs import Shape, Size, make_ground
from atu_gui.bench.step import Sources, load_models
from atu_gui.bench.ways import Way, align_work, unlearn_step, unlearn_work
from atu_gui.cli import app
from atu_gui.core.errors import InputError

SIZE = Size(2, 16)


@pytest.fixture(scope="module")
def sources(tiny_model: Path, tiny_encoder: Path) -> Sources:
    return Sources(str(tiny_model), str(tiny_encoder), str(tiny_encoder))


@pytest.fixture(scope="module")
def found(sources: Sources) -> list[Gain]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(floors, "matrix_rate", lambda _device, dtype: 1e9 if dtype == torch.float32 else 2e9)
        patch.setattr(floors, "memory_rate", lambda _device: 1e8)
        return list(measure_gains(list(LADDERS), sources, repeats=1, size=SIZE))


def test_every_way_has_the_loss_of_the_published_one(found: list[Gain]) -> None:
    told = {gain.name: gain.loss_gap for gain in found if gain.name != "bfloat16" and gain.loss_gap is not None}
    assert len(told) > 15
    assert max(told.values()) < 1e-4, told


def test_bfloat16_rounds(found: list[Gain]) -> None:
    (half,) = [gain for gain in found if gain.name == "bfloat16"]
    assert half.loss_gap is not None and 0 < half.loss_gap < 0.05
    assert 1 < half.predicted < 2


def test_each_is_compared_with_the_one_before_or_the_one_it_stands_beside(found: list[Gain]) -> None:
    ladders: dict[str, list[Gain]] = {}
    for gain in found:
        ladders.setdefault(gain.ladder, []).append(gain)
    assert list(ladders) == list(LADDERS)
    for name, gains in ladders.items():
        assert gains[0].against == gains[0].name and gains[0].measured == gains[0].predicted == 1.0
        for before, gain in itertools.pairwise(gains):
            other = gains[0] if name == "tried_l10" else before
            assert gain.against == other.name
            assert gain.predicted == pytest.approx(other.counted_s / gain.counted_s)
            assert gain.measured == pytest.approx(other.seconds / gain.seconds)


def test_what_is_spared_is_counted(sources: Sources) -> None:
    lm, encoder = load_models(sources)
    layer = 2
    ground = make_ground(Shape("unlearn", layer), lm, encoder, SIZE)
    positions = int(ground.batch.real.sum())
    vocabulary = lm.model.get_input_embeddings().weight.numel()
    block = sum(weight.numel() for weight in lm.blocks[0].parameters() if weight.dim() > 1)

    def spared(way: Way, than: Way) -> tuple[float, float]:
        before, after = unlearn_work(than, ground), unlearn_work(way, ground)
        return before.operations - after.operations, before.traffic - after.traffic

    published = Way()
    short = Way(logits=False, above=False)
    bare = Way(logits=False, above=False, embeddings=False)
    assert spared(Way(logits=False), published) == (2 * vocabulary * positions, 0)
    assert spared(short, Way(logits=False)) == (2 * block * (lm.depth - layer) * positions, 0)
    assert spared(bare, short) == (0, 28 * vocabulary)
    one = Way(logits=False, above=False, embeddings=False, blocks=1)
    assert spared(one, bare) == (4 * block * positions, 28 * block)
    known = Way(logits=False, above=False, embeddings=False, blocks=1, prefix=False)
    assert spared(known, one) == (2 * block * positions, 0)


def test_windows_that_occur_twice_are_counted_once(sources: Sources) -> None:
    lm, encoder = load_models(sources)
    ground = make_ground(Shape("align", 2), lm, encoder, SIZE)
    ground.windows[:] = ground.windows[0, 0]
    every, once = (align_work(Way(encoded=kind), ground, encoder) for kind in ("every", "distinct"))
    none = align_work(Way(encoded="none"), ground, encoder)
    count = ground.batch.ids.numel()
    assert every.operations - none.operations == count * (once.operations - none.operations) > 0


def test_a_way_leaves_the_model_as_it_was(sources: Sources) -> None:
    lm, encoder = load_models(sources)
    before = {name: weight.clone() for name, weight in lm.model.named_parameters()}
    ground = make_ground(Shape("unlearn", 2), lm, encoder, SIZE)
    for way in (Way(), Way(logits=False, above=False, attention="eager"), Way(above=False, optimizer="adamw")):
        unlearn_step(way, ground)()
    assert all(torch.equal(weight, before[name]) for name, weight in lm.model.named_parameters())
    assert not any(weight.requires_grad for weight in lm.model.parameters())
    assert lm.model.config._attn_implementation == "sdpa"


def test_the_command_prints_them(sources: Sources) -> None:
    options = ["--model", sources.model, "--encoder", sources.encoder, "--mpnet", sources.mpnet, "--repeats", "1"]
    done = CliRunner().invoke(app, ["bench", "gains", "--only", "unlearn_l10", *options, "--json"])
    assert done.exit_code == 0, done.output
    rungs = json.loads(done.stdout)["gains"]
    assert [rung["name"] for rung in rungs[:2]] == ["the published way", "no LM head"]
    assert all(rung["seconds"] > 0 for rung in rungs)


def test_an_unknown_ladder_is_named(sources: Sources) -> None:
    with pytest.raises(InputError, match="no ladder “stairs”"):
        list(measure_gains(["stairs"], sources))
