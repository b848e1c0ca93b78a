"""How many texts a run reads, by its steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.config import RoundPlan, RunConfig
from atu_gui.core.reading import CACHE_LIMIT, LEAST, align_rows, held_out_every, texts_read, texts_taken
from atu_gui.core.schedule import settle

_POSITION = 4 * (576 + 384)


def _config(align: int, unlearn: int, passages: int = 50_000) -> RunConfig:
    config = RunConfig(rounds=[RoundPlan(align_steps=align, unlearn_steps=unlearn, tau=0.3)])
    config.texts.passages = config.texts.retain_passages = passages
    return config


@given(align=st.integers(0, 2000), unlearn=st.integers(0, 500), batch=st.integers(1, 32), share=st.floats(0.0, 0.4))
def test_no_order_comes_to_a_passage_twice(align: int, unlearn: int, batch: int, share: float) -> None:
    config = _config(align, unlearn)
    config.windows.batch, config.align.held_out = batch, share
    rows = align_rows(config, retain=True)
    assert sum(rows) == batch or batch == 1
    every = held_out_every(share)
    for count, own in zip(texts_read(config, 1.0), rows, strict=True):
        train = count - (count // every if every else 0)
        assert count == 50_000 or train >= max(align * own, unlearn * batch)


def test_few_texts_are_read_whole() -> None:
    assert texts_read(settle(RunConfig()), _POSITION) == (128, 192)
    assert texts_read(_config(1, 1, passages=LEAST), _POSITION) == (LEAST, LEAST)
    assert texts_read(_config(1, 1), _POSITION) == (LEAST, LEAST), "few steps still look at enough"


def test_the_disk_cache_holds_all_that_is_read() -> None:
    config = _config(25_000, 10_000)
    config.windows.max_tokens = 256
    read = texts_read(config, _POSITION)
    assert texts_taken(config) == (50_000, 50_000)
    assert read[0] == read[1] < 50_000
    assert 0.99 * CACHE_LIMIT < sum(read) * 256 * _POSITION <= CACHE_LIMIT


def test_without_texts_to_keep_all_rows_are_about_the_concept() -> None:
    config = _config(1000, 0)
    held = 10 / 9
    assert texts_read(config, _POSITION)[0] == -(-1000 * 4 * 10 // 9)
    assert texts_read(config, _POSITION, retain=False)[0] == -(-1000 * 8 * 10 // 9)
    assert held_out_every(config.align.held_out) == 10 and held
    config.unlearn.retain_weight = 0.0
    config.rounds[0].unlearn_steps = 5000
    assert texts_read(config, _POSITION)[1] < texts_read(config, _POSITION)[0]
