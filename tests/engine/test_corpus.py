"""Batches, data order and what is cached about texts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from atu_gui.core.events import Progress
from atu_gui.core.materials import Materials
from atu_gui.engine.cache import TensorCache
from atu_gui.engine.corpus import Corpus, Order, embed_references, keep_untouched, pad_id_of
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.truncate import hidden_at
from atu_gui.engine.windows import window_passages
from tests.engine.draining import drain


@pytest.fixture
def corpus(lm: LanguageModel, encoder: TextEncoder, materials: Materials, tmp_path: Path) -> Corpus:
    made = Corpus(drain(window_passages(materials.retain_passages, lm, encoder, max_tokens=40, k=4))[1])
    cache = TensorCache(tmp_path)
    drain(embed_references(made, encoder, cache))
    drain(keep_untouched(made, lm, [2], cache))
    return made


def test_batches_carry_each_text_whole(corpus: Corpus, lm: LanguageModel) -> None:
    batch = corpus.batch([1, 4], pad_id_of(lm), lm.device, references=True)
    for row, index in enumerate([1, 4]):
        text = corpus.texts[index]
        length = len(text.ids)
        assert batch.ids[row, :length].tolist() == text.ids.tolist()
        assert batch.real[row].sum() == length
        assert batch.full[row].sum() == text.full.sum()
        assert batch.references is not None
        assert torch.equal(batch.references[row][batch.full[row]], corpus.references[index])
        assert not batch.references[row][~batch.full[row]].any()


def test_cached_states_equal_a_fresh_pass(corpus: Corpus, lm: LanguageModel) -> None:
    indices = [0, 5, 3]
    batch = corpus.batch(indices, pad_id_of(lm), lm.device)
    with torch.no_grad():
        fresh = hidden_at(lm, [2], batch.ids, batch.real)[2]
    kept = corpus.untouched_states(indices, 2, lm.device)
    torch.testing.assert_close(kept[batch.real], fresh[batch.real], atol=1e-6, rtol=1e-5)


def test_a_second_time_nothing_is_computed(
    corpus: Corpus, lm: LanguageModel, encoder: TextEncoder, tmp_path: Path
) -> None:
    again = Corpus(corpus.texts)
    cache = TensorCache(tmp_path)
    assert drain(embed_references(again, encoder, cache))[0] == []
    assert drain(keep_untouched(again, lm, [2], cache))[0] == []
    assert all(torch.equal(a, b) for a, b in zip(again.references, corpus.references, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(again.untouched[2], corpus.untouched[2], strict=True))


@pytest.mark.parametrize("block", [3, 256])
def test_blocks_change_nothing_and_lie_on_the_disk(
    corpus: Corpus, lm: LanguageModel, encoder: TextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("atu_gui.engine.corpus.BLOCK", block)
    again = Corpus(corpus.texts)
    cache = TensorCache(tmp_path / "other")
    events = drain(embed_references(again, encoder, cache))[0] + drain(keep_untouched(again, lm, [1, 2], cache))[0]
    for mine, theirs in ((again.references, corpus.references), (again.untouched[2], corpus.untouched[2])):
        for one, other in zip(mine, theirs, strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
    blocks = -(-len(corpus) // block)
    # Two layers and the references of each block; what a second text shares with the first is encoded in each.
    assert len(list((tmp_path / "other").rglob("*.safetensors"))) == 3 * blocks
    done = [event.done for event in events if isinstance(event, Progress) and event.what == "Reading texts"]
    assert done == sorted(done) and done[-1] == len(corpus), "the progress is that of all blocks"


def test_what_cannot_be_written_is_held_in_memory(
    corpus: Corpus, lm: LanguageModel, encoder: TextEncoder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    again = Corpus(corpus.texts)
    drain(keep_untouched(again, lm, [2], TensorCache(tmp_path / "file")))
    assert all(torch.equal(a, b) for a, b in zip(again.untouched[2], corpus.untouched[2], strict=True))


def test_a_damaged_cache_file_is_computed_again(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path)
    key = cache.key("a", 1)
    assert key != cache.key("a1")
    assert cache.load(key) is None
    cache.save(key, {"rows": torch.arange(3)})
    loaded = cache.load(key)
    assert loaded is not None
    assert loaded["rows"].tolist() == [0, 1, 2]
    next(tmp_path.rglob("*.safetensors")).write_bytes(b"\x08\x00\x00\x00")
    assert cache.load(key) is None
    assert not list(tmp_path.rglob("*.part"))


def test_orders_pass_over_everything_and_repeat_by_seed() -> None:
    order = Order(5, seed=3)
    passes = [order.take(5) for _ in range(3)]
    assert all(sorted(taken) == [0, 1, 2, 3, 4] for taken in passes)
    assert len({tuple(taken) for taken in passes}) > 1
    again = Order(5, seed=3)
    assert [again.take(3) + again.take(2) for _ in range(3)] == passes
    assert Order(0, seed=0).take(4) == []
    assert len(Order(2, seed=0).take(5)) == 5
