"""Embeddings of windows and concepts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.concepts import Concept
from atu_gui.engine.encoder import auc, best_candidate, concept_candidates, embed_windows
from atu_gui.engine.models import TextEncoder
from tests.engine.draining import drain


def test_each_distinct_window_is_encoded_once(encoder: TextEncoder) -> None:
    seen: list[int] = []
    encoder.model.register_forward_pre_hook(
        lambda _module, _args, kwargs: seen.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    windows = np.array([[7, 8, 9], [10, 11, 12], [7, 8, 9]], dtype=np.int64)
    _, rows = drain(embed_windows(encoder, windows))
    assert sum(seen) == 2
    assert torch.equal(rows[0], rows[2])
    assert not torch.equal(rows[0], rows[1])
    alone = drain(embed_windows(encoder, windows[1:2]))[1]
    torch.testing.assert_close(alone[0], rows[1], atol=1e-6, rtol=1e-5)


def test_no_windows(encoder: TextEncoder) -> None:
    rows = drain(embed_windows(encoder, np.empty((0, 4), dtype=np.int64)))[1]
    assert rows.shape == (0, encoder.width)


def test_candidates(encoder: TextEncoder) -> None:
    assert len(concept_candidates(encoder, Concept(name="Ada"))) == 2
    assert len(concept_candidates(encoder, Concept(name="Ada", aliases=("Lovelace",)))) == 4


def test_the_best_candidate_separates(encoder: TextEncoder) -> None:
    towards, away = torch.eye(3)[0], -torch.eye(3)[0]
    concept = torch.tensor([[1.0, 0.1, 0.0], [2.0, 0.0, 0.3]])
    others = torch.tensor([[-1.0, 0.2, 0.0], [0.0, 1.0, 0.0]])
    assert best_candidate({"away": away, "towards": towards}, concept, others) == ("towards", 1.0)


@given(st.lists(st.integers(-3, 3), max_size=8), st.lists(st.integers(-3, 3), max_size=8))
def test_auc_agrees_with_counting_pairs(positive: list[int], negative: list[int]) -> None:
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    expected = sum(pairs) / len(pairs) if pairs else 0.5
    assert auc(torch.tensor(positive, dtype=torch.float), torch.tensor(negative, dtype=torch.float)) == pytest.approx(
        expected
    )
