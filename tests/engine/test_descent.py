"""Clipping gives, bit for bit, what torch's own gives, and a step reads the device once."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.utils._python_dispatch import TorchDispatchMode

from atu_gui.core.config import RunConfig
from atu_gui.core.materials import Materials
from atu_gui.engine.align import Aligner
from atu_gui.engine.descent import clip, gradient_norm
from atu_gui.engine.models import LanguageModel, TextEncoder
from atu_gui.engine.setting import build_setting
from atu_gui.engine.unlearn import Unlearner, trained_parameters
from tests.engine.draining import drain


def _clipped(parameters: list[nn.Parameter], limit: float) -> float:
    norm = gradient_norm(parameters)
    clip(parameters, limit, norm, float(norm))
    return float(norm)


@pytest.mark.parametrize("scale", [0.0, 0.01, 0.9999999, 1.0, 1.0000002, 50.0])
def test_gradients_are_those_of_torch(scale: float) -> None:
    torch.manual_seed(0)
    gradients = [torch.randn(7, 3), torch.randn(11)]
    length = torch.cat([one.ravel() for one in gradients]).norm()
    ours, theirs = ([nn.Parameter(torch.zeros_like(one)) for one in gradients] for _ in range(2))
    for parameters in (ours, theirs):
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient * (scale / length)
    assert _clipped(ours, 1.0) == float(clip_grad_norm_(theirs, 1.0))
    for one, other in zip(ours, theirs, strict=True):
        assert one.grad is not None and other.grad is not None
        assert torch.equal(one.grad, other.grad)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_norm_that_is_not_finite_does_as_torch_does(value: float) -> None:
    ours, theirs = (nn.Parameter(torch.zeros(2)) for _ in range(2))
    for parameter in (ours, theirs):
        parameter.grad = torch.tensor([1.0, value])
    norms = torch.tensor([_clipped([ours], 1.0), float(clip_grad_norm_([theirs], 1.0))])
    assert torch.equal(norms[:1].isnan(), norms[1:].isnan()) and not norms.isfinite().any()
    assert ours.grad is not None and theirs.grad is not None
    assert torch.allclose(ours.grad, theirs.grad, equal_nan=True)


class Reads(TorchDispatchMode):
    """Notes where a device would be waited for: a number read, or a shape that hangs on values."""

    def __init__(self) -> None:
        super().__init__()
        self.where: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        masked = name == "aten.index.Tensor" and any(one is not None and one.dtype == torch.bool for one in args[1])
        if masked or any(one in name for one in ("_local_scalar_dense", "nonzero", "masked_select", "equal.default")):
            files = [frame.filename for frame in traceback.extract_stack()]
            # transformers looks once at the beginning of a pass whether there is padding.
            if not any("masking_utils" in file for file in files):
                self.where.append(f"{name} in {[file for file in files if 'atu_gui' in file][-1]}")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("rows", [0, 2])
def test_no_step_reads_the_device_on_its_way(
    rows: int, config: RunConfig, lm: LanguageModel, encoder: TextEncoder, materials: Materials
) -> None:
    lm.model.requires_grad_(False)
    setting = drain(build_setting(config, lm, encoder, materials))[1]
    unlearner = Unlearner(setting, trained_parameters(lm, config.layers, config.unlearn))
    aligner = Aligner(setting)
    steps: list[Callable[[], object]] = [
        lambda: aligner.step(1e-3, rows, untouched=True),
        lambda: aligner.step(1e-3, rows, untouched=False),
        lambda: unlearner.step(-0.5, 1e-3, 10.0, rows),
    ]
    for step in steps:
        # The optimizers of processors count their steps there, so that it is read from them is no wait.
        for optimizer in (aligner._optimizer, unlearner._optimizer):
            optimizer.step = lambda: None  # type: ignore[method-assign]
        with Reads() as reads:
            step()
        assert not reads.where
