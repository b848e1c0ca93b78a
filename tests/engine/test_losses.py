"""Losses: no gradient below τ, masks that hold, and figures that agree with counting."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atu_gui.engine.losses import align_loss, concept_similarity, retain_loss, similarity_figures, unlearn_loss


@given(tau=st.floats(-0.99, 0.99), seed=st.integers(0, 10_000))
def test_no_gradient_where_nothing_exceeds_tau(tau: float, seed: int) -> None:
    torch.manual_seed(seed)
    predictions = torch.randn(2, 5, 6, requires_grad=True)
    similarity = concept_similarity(predictions, torch.randn(1, 6))
    loss = unlearn_loss(similarity, tau, torch.ones(2, 5, dtype=torch.bool))
    loss.backward()
    assert predictions.grad is not None
    below = similarity[..., 0] <= tau
    assert bool((predictions.grad[below] == 0).all())
    assert (float(loss.detach()) == 0.0) == bool(below.all())


def test_uncounted_positions_do_not_matter() -> None:
    torch.manual_seed(0)
    similarity = torch.rand(2, 4, 1)
    counted = torch.tensor([[True, True, False, False], [True, False, False, False]])
    changed = similarity.clone()
    changed[~counted] = 0.9
    assert unlearn_loss(similarity, 0.1, counted) == unlearn_loss(changed, 0.1, counted)
    assert unlearn_loss(similarity, 0.1, None) != unlearn_loss(changed, 0.1, None)


def test_align_loss_without_a_full_window_is_zero() -> None:
    values = torch.randn(1, 3, 4)
    assert float(align_loss(values, values, torch.zeros(1, 3, dtype=torch.bool))) == 0.0
    assert float(align_loss(values, values, torch.ones(1, 3, dtype=torch.bool))) == pytest.approx(-1.0, abs=1e-6)


def test_retain_loss_is_relative() -> None:
    untouched = torch.full((1, 2, 4), 2.0)
    real = torch.tensor([[True, False]])
    assert float(retain_loss(untouched, untouched, real)) == 0.0
    assert float(retain_loss(untouched * 1.1, untouched, real)) == pytest.approx(0.01, rel=1e-4)
    assert float(retain_loss(untouched * 110, untouched * 100, real)) == pytest.approx(0.01, rel=1e-4)


def test_figures_agree_with_counting() -> None:
    similarity = torch.linspace(0, 1, 101).view(1, 101, 1)
    mean, p95, above = similarity_figures(similarity, torch.arange(101), 0.895).tolist()
    assert mean == pytest.approx(0.5)
    assert p95 == pytest.approx(0.95)
    assert above == pytest.approx(11 / 101)
    some = similarity_figures(similarity, torch.tensor([10, 20]), 0.15)
    assert some.tolist() == pytest.approx([0.15, 0.195, 0.5])
    assert similarity_figures(similarity, torch.arange(0), 0.5).tolist() == [0.0, 0.0, 0.0]
