"""Devices, number formats and what is said where they are missing."""

from __future__ import annotations

import pytest
import torch

from atu_gui.core.errors import ResourceError
from atu_gui.engine.devices import choose_device, choose_dtype, describe, threads_used, use_threads

CPU = torch.device("cpu")


def test_auto_takes_what_is_there() -> None:
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    assert (choose_device("auto").type == "cpu") is not has_gpu
    assert choose_device("cpu") == CPU


def test_auto_is_float32_without_cuda() -> None:
    assert choose_dtype("auto", CPU) == torch.float32
    assert choose_dtype("auto", torch.device("mps")) == torch.float32
    assert choose_dtype("bfloat16", CPU) == torch.bfloat16


def test_auto_is_bfloat16_on_cuda_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for supported, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True, s=supported: s)
        assert choose_dtype("auto", torch.device("cuda", 0)) == expected


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_absent_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ResourceError) as caught:
        choose_device(name)
    assert caught.value.message.endswith(".")
    assert "“cpu”" in caught.value.hint


def test_cpu_has_no_float16() -> None:
    with pytest.raises(ResourceError, match="does not compute in float16"):
        choose_dtype("float16", CPU)


def test_description_says_how_much_memory() -> None:
    assert describe(CPU).startswith("CPU · ")
    assert describe(CPU).endswith(" GB")


def test_threads_can_be_taken_and_given_back_and_at_least_one_stays() -> None:
    before = threads_used()
    weights, batch = torch.linspace(-1, 1, 300 * 300).reshape(300, 300), torch.linspace(0, 2, 300 * 40).reshape(300, 40)
    products = []
    try:
        for count, held in ((3, 3), (1, 1), (0, 1)):
            use_threads(count)
            assert threads_used() == torch.get_num_threads() == held
            products.append(weights @ batch)
    finally:
        use_threads(before)
    assert threads_used() == before
    # Sums may be added up in another order, no more.
    assert all(torch.allclose(products[0], other, rtol=1e-4, atol=1e-4) for other in products[1:])
