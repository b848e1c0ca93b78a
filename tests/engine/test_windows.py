"""Windows: the first k pieces that end strictly after the token."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.materials import Passage
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.tiny import CORPUS
from atu_gui.engine.windows import WindowedText, window_passages, window_starts, window_texts
from tests.engine.draining import drain


@given(ends=st.lists(st.integers(0, 60), max_size=30), pieces=st.lists(st.integers(1, 60), max_size=30))
def test_starts_agree_with_the_rule_in_words(ends: list[int], pieces: list[int]) -> None:
    pieces = sorted(pieces)
    starts = window_starts(np.array(ends, dtype=np.int32), np.array(pieces, dtype=np.int32))
    for end, start in zip(ends, starts, strict=True):
        expected = next((i for i, piece in enumerate(pieces) if piece > end), len(pieces))
        assert start == expected


def test_a_window_spells_the_next_words(lm: LanguageModel, encoder: TextEncoder) -> None:
    text = CORPUS[0]
    (windowed,) = window_texts([text], lm.tokenizer, encoder.tokenizer, max_tokens=64, k=4)
    offsets = lm.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    spans = encoder.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    full = windowed.full
    assert full[0]
    assert not full[-1]
    rows = iter(windowed.windows())
    for position in np.flatnonzero(full):
        start = int(windowed.starts[position])
        assert spans[start][1] > offsets[position][1]
        assert start == 0 or spans[start - 1][1] <= offsets[position][1]
        assert next(rows).tolist() == windowed.pieces[start : start + 4].tolist()


def test_a_cut_text_still_sees_what_comes_after_the_cut(lm: LanguageModel, encoder: TextEncoder) -> None:
    (windowed,) = window_texts([CORPUS[0]], lm.tokenizer, encoder.tokenizer, max_tokens=5, k=4)
    assert len(windowed.ids) == 5
    assert windowed.full.all()


def test_a_chat_passage_counts_its_answer_only(lm: LanguageModel, encoder: TextEncoder) -> None:
    passage = Passage("Ada wrote the first program for a machine.", prompt="Who was Ada?")
    (windowed,) = drain(window_passages([passage], lm, encoder, max_tokens=96, k=2))[1]
    lead = lm.format_chat(passage.prompt)
    lead_tokens = len(lm.tokenizer(lead, add_special_tokens=False)["input_ids"])
    first = int(np.flatnonzero(windowed.counted)[0])
    assert first == lead_tokens - 1
    assert windowed.counted[first:].all()
    assert windowed.starts[first] == 0
    assert "Who" not in encoder.tokenizer.decode(windowed.pieces)


def test_texts_without_tokens_are_left_out(lm: LanguageModel, encoder: TextEncoder) -> None:
    assert drain(window_passages([Passage("")], lm, encoder, max_tokens=16, k=2))[1] == []


def test_many_texts_give_what_each_gives_alone(lm: LanguageModel, encoder: TextEncoder) -> None:
    prompts = ("", "Who was Ada?", "", "")
    passages = [Passage(f"{text} {'again ' * (n % 5)}", prompt=prompts[n % 4]) for n, text in enumerate(CORPUS * 10)]
    together = drain(window_passages(passages, lm, encoder, max_tokens=24, k=3))[1]
    alone = [text for one in passages for text in drain(window_passages([one], lm, encoder, max_tokens=24, k=3))[1]]
    assert [_said(text) for text in together] == [_said(text) for text in alone]


def test_a_text_shorter_than_a_window_has_none(lm: LanguageModel, encoder: TextEncoder) -> None:
    (windowed,) = window_texts(["Ada"], lm.tokenizer, encoder.tokenizer, max_tokens=16, k=40)
    assert windowed.windows().shape == (0, 40)


def _said(text: WindowedText) -> tuple[list[int], ...]:
    parts = (text.ids, text.pieces, text.starts, text.counted, text.windows().ravel())
    return tuple(part.tolist() for part in parts)
