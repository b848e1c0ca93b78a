"""Hashes of weights tell models apart and nothing else."""

from __future__ import annotations

import torch
from torch import nn

from atu_gui.engine.hashing import weights_hash


def _linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def test_same_weights_same_hash() -> None:
    digest = weights_hash(_linear())
    assert digest == weights_hash(_linear())
    assert len(digest) == 12
    assert int(digest, 16) >= 0


def test_a_single_bit_changes_it() -> None:
    changed = _linear()
    with torch.no_grad():
        changed.weight[0, 0] = torch.nextafter(changed.weight[0, 0], torch.tensor(9.0))
    assert weights_hash(changed) != weights_hash(_linear())


def test_names_and_shapes_count() -> None:
    base, named, shaped = nn.Module(), nn.Module(), nn.Module()
    base.a = nn.Parameter(torch.zeros(2, 3))
    named.b = nn.Parameter(torch.zeros(2, 3))
    shaped.a = nn.Parameter(torch.zeros(3, 2))
    digests = {weights_hash(base), weights_hash(named), weights_hash(shaped)}
    assert len(digests) == 3


def test_values_count_and_not_how_many_bits_hold_them() -> None:
    rounded = _linear().bfloat16()
    digest = weights_hash(rounded)
    assert digest == weights_hash(rounded.float())
    assert digest != weights_hash(_linear())


def test_scalars_and_strided_weights() -> None:
    module = nn.Module()
    module.scale = nn.Parameter(torch.tensor(1.0))
    module.turned = nn.Parameter(torch.arange(6.0).reshape(2, 3).T)
    assert weights_hash(module) == weights_hash(module)
