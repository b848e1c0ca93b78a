"""The heads: ours never sees the future, the published one does, as published."""

from __future__ import annotations

import pytest
import torch

from atu_gui.core.config import HeadConfig
from atu_gui.engine.head import build_head

CAUSAL = HeadConfig(kind="causal", layers=2, width=16, heads=2)
PUBLISHED = HeadConfig(kind="published", layers=2, width=16, heads=2)


@pytest.mark.parametrize(("config", "sees_future"), [(CAUSAL, False), (PUBLISHED, True)])
def test_who_sees_the_future(config: HeadConfig, sees_future: bool) -> None:
    head = build_head(config, 8, 12, seed=0)
    states = torch.randn(1, 6, 8)
    changed = states.clone()
    changed[:, 4:] += 1.0
    with torch.no_grad():
        before, after = head(states)[:, :4], head(changed)[:, :4]
    assert before.shape == (1, 4, 12)
    assert torch.allclose(before, after, atol=1e-5) is not sees_future


def test_the_seed_decides_and_other_random_numbers_do_not() -> None:
    torch.manual_seed(1)
    one = build_head(CAUSAL, 8, 12, seed=5).state_dict()
    torch.manual_seed(2)
    drawn = torch.rand(1)
    torch.manual_seed(2)
    two = build_head(CAUSAL, 8, 12, seed=5).state_dict()
    assert torch.equal(drawn, torch.rand(1))
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = build_head(CAUSAL, 8, 12, seed=6).state_dict()
    assert not torch.equal(one["input.weight"], other["input.weight"])


def test_right_padding_changes_nothing_before_it() -> None:
    head = build_head(CAUSAL, 8, 12, seed=0)
    states = torch.randn(1, 5, 8)
    padded = torch.cat([states, torch.zeros(1, 3, 8)], 1)
    with torch.no_grad():
        torch.testing.assert_close(head(states), head(padded)[:, :5], atol=1e-6, rtol=1e-5)
