"""Snapshots go round bit for bit and refuse what is not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from atu_gui.core.config import UnlearnConfig
from atu_gui.core.errors import InputError
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.snapshots import Snapshots
from atu_gui.engine.unlearn import trained_parameters


def _weights(lm: LanguageModel) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in lm.model.named_parameters()}


def _same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


def _change(lm: LanguageModel, layers: list[int]) -> None:
    for parameter in trained_parameters(lm, layers, UnlearnConfig()).values():
        parameter.data += torch.randn_like(parameter)


@pytest.fixture
def snapshots(lm: LanguageModel, tmp_path: Path) -> Snapshots:
    return Snapshots(lm, trained_parameters(lm, [2], UnlearnConfig()), tmp_path)


def test_only_blocks_up_to_the_hook_are_kept(lm: LanguageModel) -> None:
    names = trained_parameters(lm, [1, 2], UnlearnConfig())
    assert {name.split(".")[2] for name in names} == {"0", "1"}
    with_embeddings = trained_parameters(lm, [2], UnlearnConfig(train_embeddings=True))
    assert set(with_embeddings) - set(names) == {"model.embed_tokens.weight"}


def test_rounds_come_back_bit_for_bit(lm: LanguageModel, snapshots: Snapshots, tmp_path: Path) -> None:
    untouched = _weights(lm)
    _change(lm, [2])
    first = _weights(lm)
    snapshots.save(1)
    _change(lm, [2])
    now = _weights(lm)
    with snapshots.applied(0):
        assert _same(_weights(lm), untouched)
        with snapshots.applied(1):
            assert _same(_weights(lm), first)
        assert _same(_weights(lm), untouched)
    with snapshots.applied(None):
        assert _same(_weights(lm), now)
    assert _same(_weights(lm), now)
    snapshots.restore(0)
    assert _same(_weights(lm), untouched)
    opened = Snapshots.open(tmp_path, lm)
    assert opened.rounds == [0, 1]
    with opened.applied(1):
        assert _same(_weights(lm), first)
    assert _same(_weights(lm), untouched)


def test_weights_are_put_back_after_an_error(lm: LanguageModel, snapshots: Snapshots) -> None:
    _change(lm, [2])
    now = _weights(lm)
    with pytest.raises(RuntimeError, match="in between"), snapshots.applied(0):
        raise RuntimeError("in between")
    assert _same(_weights(lm), now)


def test_foreign_and_missing_rounds_are_refused(lm: LanguageModel, snapshots: Snapshots, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no finished round"):
        Snapshots.open(tmp_path / "none", lm)
    snapshots.save(1)
    with pytest.raises(InputError, match="Round 7 does not exist"):
        snapshots.values(7)
    lm.weights_hash = "other"
    with pytest.raises(InputError, match="other weights"):
        Snapshots.open(tmp_path, lm)
    (tmp_path / "rounds" / "round-1.safetensors").write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be read"):
        Snapshots.open(tmp_path, lm)
