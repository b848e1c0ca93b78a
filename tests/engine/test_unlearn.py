"""An unlearn step does the same however its memory is spared."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
import torch

from atu_gui.core.config import RunConfig
from atu_gui.core.materials import Materials
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import Setting, build_setting
from atu_gui.engine.unlearn import Unlearner, UnlearnStep, trained_parameters
from tests.engine.draining import drain

Make = Callable[[], tuple[Setting, Unlearner]]


@pytest.fixture(params=["float32", "bfloat16"])
def make(
    request: pytest.FixtureRequest, config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials
) -> Make:
    """Unlearners that begin with the same weights."""
    lm.compute_dtype = getattr(torch, request.param)
    lm.model.requires_grad_(False)
    config.layers = [2, 3]
    setting = drain(build_setting(config, lm, encoder, materials))[1]
    parameters = trained_parameters(lm, config.layers, config.unlearn)
    kept = {name: parameter.detach().clone() for name, parameter in parameters.items()}

    def made() -> tuple[Setting, Unlearner]:
        for name, parameter in parameters.items():
            parameter.data.copy_(kept[name])
        return setting, Unlearner(setting, parameters)

    return made


def _steps(unlearner: Unlearner, rows: int = 0) -> tuple[list[UnlearnStep], dict[str, torch.Tensor]]:
    steps = [unlearner.step(-0.5, 1e-3, 10.0, rows) for _ in range(3)]
    return steps, {name: value.clone() for name, value in unlearner.tensors().items()}


def _same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("rows", [0, 2])
def test_recomputed_blocks_change_no_bit(make: Make, rows: int) -> None:
    steps, tensors = _steps(make()[1], rows)
    setting, unlearner = make()
    setting.recompute = True
    again, others = _steps(unlearner, rows)
    assert steps == again
    assert _same(tensors, others)


def test_weights_rounded_once_for_all_passes_change_no_bit(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, tensors = _steps(make()[1])
    monkeypatch.setattr(Unlearner, "_rounding_once", lambda _self: contextlib.nullcontext())
    again, others = _steps(make()[1])
    assert steps == again
    assert _same(tensors, others)


@pytest.mark.parametrize("recompute", [False, True])
def test_a_rehearsal_leaves_everything_as_it_was(make: Make, recompute: bool) -> None:
    steps, tensors = _steps(make()[1])
    setting, unlearner = make()
    assert unlearner.bytes_to_come > 0
    for count in (1, 2, 30):
        unlearner.rehearse(count, recompute)
    assert not setting.recompute
    assert not any(one.requires_grad or one.grad is not None for one in setting.lm.model.parameters())
    again, others = _steps(unlearner)
    assert steps == again
    assert _same(tensors, others)
    assert unlearner.bytes_to_come == 0


def test_heads_that_were_never_aligned_here_get_no_gradient(make: Make) -> None:
    setting, unlearner = make()
    unlearner.step(-0.5, 1e-3, 10.0)
    assert all(weight.grad is None for head in setting.heads.values() for weight in head.parameters())
