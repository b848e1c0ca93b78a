"""Optimizers that cannot be had say so, and what they remember goes round."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
import torch
from torch import nn

from atu_gui.core.errors import ResourceError
from atu_gui.engine.optimizer_state import optimizer_tensors, restore_optimizer
from atu_gui.engine.optimizers import bytes_to_come, check_optimizer, model_optimizer

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def test_8_bits_need_cuda_and_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResourceError, match="needs a CUDA GPU"):
        model_optimizer("adamw8bit", [nn.Parameter(torch.zeros(2))], 1e-3, CPU)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ResourceError, match="bitsandbytes"):
        check_optimizer("adamw8bit", CUDA)
    for name in ("adamw", "sgd"):
        check_optimizer(name, CUDA)


@pytest.mark.parametrize(("name", "each"), [("adamw", 8), ("sgd", 0)])
def test_what_is_to_come_is_what_the_first_step_takes(name: str, each: int) -> None:
    parameter = nn.Parameter(torch.zeros(10, 10))
    optimizer = model_optimizer(name, [parameter], 1e-3, CPU)
    assert bytes_to_come(name, optimizer, [parameter]) == 100 * each
    parameter.grad = torch.ones(10, 10)
    optimizer.step()
    tensors = optimizer_tensors(optimizer)
    assert sum(value.nbytes for value in tensors.values() if value.dim()) == 100 * each


class Counting(torch.optim.SGD):
    """Remembers as bitsandbytes does: a number, bytes, and a table that parameters share."""

    table = torch.linspace(0, 1, 4)

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                state["step"] = state.get("step", 0) + 1
                state["state1"] = torch.full((2,), state["step"], dtype=torch.uint8)
                state["qmap1"] = self.table


def test_plain_numbers_are_kept_too(tmp_path: Any) -> None:
    from safetensors.torch import load_file, save_file

    parameters = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
    first, second = (Counting(parameters, lr=1.0) for _ in range(2))
    first.step()
    first.step()
    # A file refuses tensors that share their memory.
    save_file(optimizer_tensors(first), tmp_path / "kept.safetensors")
    restore_optimizer(second, load_file(tmp_path / "kept.safetensors"))
    second.step()
    for parameter in parameters:
        state = second.state[parameter]
        assert state["step"] == 3 and isinstance(state["step"], int)
        assert state["state1"].tolist() == [3, 3]
        assert torch.equal(state["qmap1"], Counting.table)
